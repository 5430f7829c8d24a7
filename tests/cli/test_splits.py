"""`--split` beside the options about input columns."""

import pytest
from cli_tables import write_csv

from polytask.cli._read_data import read_data
from polytask.cli._settings import CompareSettings
from polytask.cli._voice import Voice


def given(tmp_path, split, **options):
    rows = [(row, f"2020-{1 + row // 20:02}-{1 + row % 20:02}", row / 7) for row in range(40)]
    path = write_csv(tmp_path / "t.csv", rows, ("age", "day", "y"))
    settings = CompareSettings(table=path, target=["y"], split=split, **options)
    voice = Voice(quiet=True)
    data, splitter = read_data(settings, voice)
    inputs = splitter.prepared(data).sources[0].inputs.columns
    return inputs, splitter.splits(data, 0), "\n".join(voice.lines)


@pytest.mark.parametrize(
    ("options", "inputs"),
    [
        ({}, ["age", "day"]),
        ({"drop": ["day"]}, ["age"]),
        ({"features": ["age"]}, ["age"]),
        ({"features": ["age,day"]}, ["age", "day"]),
    ],
)
def test_a_split_by_time_needs_no_input_of_its_column(tmp_path, options, inputs):
    found, (split,), said = given(tmp_path, "time:day", **options)
    assert found == inputs
    assert split.test["table"].tolist() == list(range(32, 40))
    assert f"inputs: {', '.join(inputs)}" in said


def test_folds_of_groups(tmp_path):
    found, splits, _ = given(tmp_path, "group-folds:day:4")
    assert found == ["age"]
    assert len(splits) == 4


def test_a_random_split_of_dates_is_said(tmp_path):
    _, _, said = given(tmp_path, None)
    assert "rows carry dates ('day'), but the split is random" in said


def test_fit_takes_the_first_of_several_splits_and_says_so(polytask, table):
    ran = polytask("fit", table, "-t", "score", "-m", "linear", "--split", "folds:3", "--out", "m")
    assert ran.status == 0
    assert "one model: only the first of 3 splits is used" in ran.err
    assert "28 training and 12 validation rows; 20 test rows are left alone" in ran.err
