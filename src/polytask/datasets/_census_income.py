"""Census-Income (KDD): two binary tasks on the 1994 and 1995 population surveys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from polytask.data import FixedSplit, MultiTaskDataset, Split
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["CENSUS_INCOME", "census_income_table", "fetch_census_income"]

# In the order of the files, which have no header.
_COLUMNS = (
    "age",
    "class_of_worker",
    "industry_code",
    "occupation_code",
    "education",
    "wage_per_hour",
    "enrolled_in_education",
    "marital_status",
    "major_industry",
    "major_occupation",
    "race",
    "hispanic_origin",
    "sex",
    "member_of_labor_union",
    "reason_for_unemployment",
    "full_or_part_time",
    "capital_gains",
    "capital_losses",
    "dividends_from_stocks",
    "tax_filer_status",
    "region_of_previous_residence",
    "state_of_previous_residence",
    "detailed_household_and_family",
    "detailed_household_summary",
    "instance_weight",
    "migration_change_in_msa",
    "migration_change_in_region",
    "migration_move_within_region",
    "same_house_one_year_ago",
    "migration_previous_residence_in_sunbelt",
    "persons_worked_for_employer",
    "family_members_under_18",
    "country_of_birth_father",
    "country_of_birth_mother",
    "country_of_birth_self",
    "citizenship",
    "own_business_or_self_employed",
    "veterans_questionnaire",
    "veterans_benefits",
    "weeks_worked_in_year",
    "year",
    "income",
)
_NUMERIC = (
    "age",
    "wage_per_hour",
    "capital_gains",
    "capital_losses",
    "dividends_from_stocks",
    "persons_worked_for_employer",
    "weeks_worked_in_year",
)
# Prefixes of numbers that name a category: “code 43” stays text when a CSV file is read back.
_PREFIXES = {
    "industry_code": "code ",
    "occupation_code": "code ",
    "own_business_or_self_employed": "code ",
    "veterans_benefits": "code ",
    "year": "19",
}
_TARGETS = ("income", "never_married")

_UCI = "https://archive.ics.uci.edu/static/public/117/census+income+kdd.zip#census.tar.gz"
_MIRROR = (
    "https://raw.githubusercontent.com/drawbridge/keras-mmoe/"
    "2718f56e4313716fd3a86e9510bc2df0cc366238/data"
)

CENSUS_INCOME = DatasetInfo(
    name="census-income",
    description="US population survey 1994-95: income over 50 000 dollars, never married",
    rows=299_285,
    tasks=_TARGETS,
    licence="CC BY 4.0",
    citation="Census-Income (KDD), UCI Machine Learning Repository, 2000, doi:10.24432/C5N30T",
    flags="--target income:binary --target never_married:binary --split column:split",
    files=(
        PublicFile(
            "census_income/census-income.data.gz",
            6_524_338,
            "876f1884be013c7cd16e0b4d2e893942f2d45337cfd565de60059bda95f15407",
            (f"{_UCI}#census-income.data", f"{_MIRROR}/census-income.data.gz"),
            "3676a81db7d3528f3f8b9f3c699d0f0aa28db45e6e994fa0b8ed38327539ee86",
        ),
        PublicFile(
            "census_income/census-income.test.gz",
            3_261_416,
            "5ac4cacd3ca9f1ecb10de1a0a41e4ac68fdc419e3fec190f5c0c6cc03b2ea659",
            (f"{_UCI}#census-income.test", f"{_MIRROR}/census-income.test.gz"),
            "98402b1ab879573d0a7f38a699a40258080e25e33d3401e7bf9c96d3fa0fab8c",
        ),
    ),
)


def fetch_census_income() -> FetchedDataset:
    """Read Census-Income: who earns more than 50 000 dollars, and who never married.

    Returns
    -------
    FetchedDataset
        199 523 training and 99 762 test rows as published, a tenth of the former drawn for
        validation by the split's seed; binary tasks ``income`` (1: more than 50 000) and
        ``never_married``; 7 numeric and 32 categorical inputs.

    Raises
    ------
    DatasetUnavailableError
        If the files are neither available locally nor reachable.

    Notes
    -----
    The instance weight is dropped. Marital status gives ``never_married`` and is no input; other
    columns still reveal much of it (such as “Child <18 never marr not in subfamily”), as in all
    published work on these tasks. “?”, the files' mark of an unknown value, stays a separate
    category. Duplicate and contradictory rows are kept. Numbers that name a category, such as those
    of industries, become texts such as “code 43”.
    """
    table = census_income_table()
    tasks = [Task(name, "binary") for name in _TARGETS]
    dataset = MultiTaskDataset.from_table(table.drop("split"), tasks)
    published = (table["split"] == "train").to_numpy()
    source = dataset.sources[0].name
    split = Split(
        train={source: np.flatnonzero(published)},
        validation={},
        test={source: np.flatnonzero(~published)},
        name="published",
    )
    return FetchedDataset(dataset, FixedSplit((split,), validation=0.1), CENSUS_INCOME)


def census_income_table() -> pl.DataFrame:
    """All rows with their inputs, both targets as 0 and 1, and ``split``, train or test."""
    train, test = obtain(CENSUS_INCOME.name, CENSUS_INCOME.files)
    return pl.concat([_read_part(train, "train"), _read_part(test, "test")])


def _read_part(path: Path, name: str) -> pl.DataFrame:
    text = pl.read_csv(path, has_header=False, schema=dict.fromkeys(_COLUMNS, pl.String))
    targets = {"instance_weight", "marital_status", "income"}
    return text.with_columns(pl.all().str.strip_chars()).select(
        *(_input(column) for column in _COLUMNS if column not in targets),
        (pl.col("income") == "50000+.").cast(pl.Int8),
        (pl.col("marital_status") == "Never married").cast(pl.Int8).alias("never_married"),
        pl.lit(name).alias("split"),
    )


def _input(column: str) -> pl.Expr:
    if column in _NUMERIC:
        return pl.col(column).cast(pl.Int64)
    if column in _PREFIXES:
        return pl.concat_str(pl.lit(_PREFIXES[column]), pl.col(column)).alias(column)
    return pl.col(column)
