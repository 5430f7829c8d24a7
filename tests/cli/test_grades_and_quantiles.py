"""Ordered grades and quantiles on the command line: their texts, tables of predictions, errors."""

import csv

import pytest
from cli_tables import HEAD, census, write_csv
from typer.testing import CliRunner

import polytask
from polytask.cli._app import app
from polytask.exceptions import DataError, ParameterError

GRADES = "married:ordinal:no<yes<both"
LEVELS = "score:quantile:0.05,0.5,0.95"


@pytest.fixture
def table(tmp_path):
    return write_csv(tmp_path / "census.csv", census())


def test_fit_and_predict(table, tmp_path):
    model, out = str(tmp_path / "model"), tmp_path / "out.csv"
    options = ["-t", "level:ordinal", "-t", GRADES, "-t", LEVELS, "--drop", "income"]
    options += ["--model", "linear", "--out", model]
    fitted = CliRunner().invoke(app, ["fit", str(table), *options])
    assert fitted.exit_code == 0, fitted.output
    assert "level: ordinal, as given; grades 0 < 1 < 2" in fitted.output
    assert "married: ordinal, as given; grades no < yes < both" in fitted.output
    assert "score: quantile, as given; levels 0.05, 0.5, 0.95" in fitted.output
    predicted = CliRunner().invoke(app, ["predict", model, str(table), "--out", str(out)])
    assert predicted.exit_code == 0, predicted.output
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert set(rows[0]) == {
        "row",
        *("level", "level_probability_0", "level_probability_1", "level_probability_2"),
        *("married", *(f"married_probability_{grade}" for grade in ("no", "yes", "both"))),
        *("score", "score_q0.05", "score_q0.5", "score_q0.95"),
    }
    for row in rows:
        assert row["score"] == row["score_q0.5"]
        assert float(row["score_q0.05"]) <= float(row["score_q0.5"]) <= float(row["score_q0.95"])
        assert float(row["married_probability_both"]) < 0.05  # which no row of training was
        assert row["married"] in {"no", "yes"}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            "married:ordinal",
            (
                "Task 'married' is ordinal, but column 'married' holds text, whose order is not known. "
                "Give its order: married:ordinal:low<mid<high"
            ),
        ),
        (
            "married:ordinal:no<never",
            (
                "Task 'married': row 1 of column 'married' holds 'yes', which is none of its grades no "
                "< never. Add it to these, or leave such cells empty."
            ),
        ),
        ("score:ordinal", "Task 'score' is ordinal, but column 'score' holds fractions such as"),
        (
            "age,score:ordinal:1<2",
            "Task 'age': row 0 of column 'age' holds",
        ),
        ("both=age,score:quantile", "Task 'both' is quantile and must have one target column. Got"),
        (
            "both=level,income:ordinal",
            "Task 'both' is ordinal and must have one target column. Got",
        ),
        ("married:quantile", "The target column 'married' of a quantile holds text"),
    ],
)
def test_columns_that_do_not_fit(target, said, table):
    with pytest.raises(DataError) as error:
        polytask.read(table, [target])
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            "level:ordinal:2",
            "The kind ordinal takes at least 2 different grades from the lowest to",
        ),
        ("level:ordinal:0<1<1", "Got '0<1<1' instead"),
        ("score:quantile:0.9,0.1", "The kind quantile takes levels between 0 and 1 in ascending"),
        ("score:quantile:0.5,0.5", "Got '0.5,0.5' instead"),
        ("score:quantile:0,1", "Got '0,1' instead"),
        ("score:quantile:", "The kind quantile takes levels between 0 and 1"),
    ],
)
def test_texts_that_say_nothing(target, said, table):
    with pytest.raises(ParameterError) as error:
        polytask.read(table, [target])
    assert said in str(error.value)


def test_one_row_per_task(tmp_path):
    rows = [(*row, row[1]) for row in census()]
    long = write_csv(tmp_path / "long.csv", rows, (*HEAD, "site"))
    for target in ("level:ordinal:0<1<2<3", "score:quantile:0.2,0.8"):
        data = polytask.read(long, [target], task_column="site")
        assert {task.kind for task in data.tasks} == {
            polytask.Task("y", target.partition(":")[2]).kind
        }
