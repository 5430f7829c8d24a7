"""UCI Adult, read from its two files: income above 50 000 dollars, and being married."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl

from polytask.data import FixedSplit, MultiTaskDataset, Split
from polytask.tasks import Task

_COLUMNS = (
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital_gain",
    "capital_loss",
    "hours_per_week",
    "native_country",
    "income",
)
_NUMERIC = ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week")


def adult_table() -> pl.DataFrame:
    """All rows with 13 inputs, `income`, `married`, and `split`, train or test."""
    folder = Path(os.environ["POLYTASK_DATA"]) / "adult"
    parts = [
        _read(folder / f"adult.{end}", part) for end, part in (("data", "train"), ("test",) * 2)
    ]
    return pl.concat(parts)


def _read(path: Path, part: str) -> pl.DataFrame:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split(",")] for line in lines]
    text = pl.DataFrame(
        [row for row in rows if len(row) == len(_COLUMNS)], schema=list(_COLUMNS), orient="row"
    )
    return text.select(
        pl.exclude("marital_status", "income", *_NUMERIC),
        *(pl.col(name).cast(pl.Int64) for name in _NUMERIC),
        pl.col("income").str.starts_with(">50K").cast(pl.Int8),
        pl.col("marital_status").str.starts_with("Married").cast(pl.Int8).alias("married"),
        pl.lit(part).alias("split"),
    )


def adult(targets: tuple[str, ...] = ("income", "married")) -> tuple[MultiTaskDataset, FixedSplit]:
    """Adult with some of its columns as targets, and the published split; texts are classes."""
    table = adult_table()
    unused = {"income", "married", "split"}.difference(targets)
    tasks = [
        Task(name, "multiclass" if table[name].dtype == pl.String else "binary") for name in targets
    ]
    data = MultiTaskDataset.from_table(table.drop(unused), tasks)
    is_train = (table["split"] == "train").to_numpy()
    source = data.sources[0].name
    train, test = ({source: np.flatnonzero(rows)} for rows in (is_train, ~is_train))
    return data, FixedSplit((Split(train, {}, test, name="published"),), validation=0.2)
