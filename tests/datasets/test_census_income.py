import time

import numpy as np
import polars as pl
import pytest

from polytask.data import read_table
from polytask.datasets import as_table, fetch_census_income

N_TRAIN, N_TEST = 199_523, 99_762


@pytest.fixture(scope="module")
def census(polytask_data):
    return fetch_census_income()


@pytest.fixture(scope="module")
def table(polytask_data):
    return as_table("census_income")


def test_it_is_read_quickly(polytask_data):
    start = time.process_time()
    as_table("census-income")
    assert time.process_time() - start < 3


@pytest.mark.slow
def test_all_rows_are_kept_as_published(table):
    assert table["split"].value_counts().sort("split").rows() == [
        ("test", N_TEST),
        ("train", N_TRAIN),
    ]
    assert table.null_count().sum_horizontal().item() == 0
    assert table.filter(split="train").is_duplicated().any()


def test_targets_are_those_of_the_files(table):
    train = table.filter(split="train")
    assert train["income"].sum() == 12_382  # 6.2 %, as the set's description says
    assert train["never_married"].mean() == pytest.approx(0.4335, abs=5e-5)
    assert table.columns[-3:] == ["income", "never_married", "split"]


@pytest.mark.slow
def test_weight_and_marital_status_are_no_inputs(census):
    (source,) = census.dataset.sources
    assert not {"instance_weight", "marital_status", "split"} & set(source.inputs.columns)
    assert source.inputs.width == 39
    numeric = [name for name, kind in source.inputs.schema.items() if kind.is_numeric()]
    assert numeric == [
        "age",
        "wage_per_hour",
        "capital_gains",
        "capital_losses",
        "dividends_from_stocks",
        "persons_worked_for_employer",
        "weeks_worked_in_year",
    ]
    assert census.dataset.tasks.names == ("income", "never_married")


def test_columns_carry_the_right_names(table):
    """The first row of the training file, and values that only one column can hold."""
    first = table.row(0, named=True)
    assert first["age"] == 73
    assert first["education"] == "High school graduate"
    assert first["race"] == "White"
    assert first["full_or_part_time"] == "Not in labor force"
    assert first["tax_filer_status"] == "Nonfiler"
    assert first["same_house_one_year_ago"] == "Not in universe under 1 year old"
    assert first["citizenship"] == "Native- Born in the United States"
    assert first["year"] == "1995"
    assert set(table["sex"]) == {"Female", "Male"}
    assert table["weeks_worked_in_year"].max() == 52
    assert table["persons_worked_for_employer"].max() == 6
    assert table["capital_gains"].max() == 99_999


def test_unknown_is_a_category_and_codes_stay_text(table):
    assert (table["state_of_previous_residence"] == "?").any()
    text = table.select(pl.col(pl.String))
    assert all(
        (column.str.strip_chars() == column).all() and (column != "").all()
        for column in text.iter_columns()
    )
    assert set(table["veterans_benefits"]) == {"code 0", "code 1", "code 2"}
    assert table["industry_code"].n_unique() == 52


def test_a_csv_file_of_the_table_reads_back_with_the_same_types(table, tmp_path):
    some = table.gather_every(100)
    some.write_csv(tmp_path / "census.csv")
    again = read_table(tmp_path / "census.csv")
    assert again.columns == some.columns
    for name in set(some.columns) - {"year"}:
        assert again[name].dtype.is_numeric() == some[name].dtype.is_numeric(), name


def test_the_published_test_rows_are_the_test_rows(census, table):
    (split,) = census.split.splits(census.dataset, seed=0)
    name = census.dataset.sources[0].name
    parts = [split.train[name], split.validation[name], split.test[name]]
    assert len(parts[1]) == pytest.approx(N_TRAIN / 10, abs=2)
    assert len(parts[2]) == N_TEST
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(N_TRAIN + N_TEST))
    assert (table["split"].to_numpy()[parts[2]] == "test").all()


def test_validation_rows_are_drawn_by_seed(census):
    digests = [census.split.splits(census.dataset, seed)[0].digest() for seed in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]
