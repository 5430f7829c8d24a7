"""`polytask predict --preference`."""

import polars as pl
import pytest

import polytask as library
from polytask.cli._task_numbers import task_numbers
from polytask.exceptions import ParameterError

TARGETS = ("-t", "income:binary", "-t", "married:binary", "-t", "score:regression")
SMALL = ("--set", "encoder.widths=4", "--steps", 4)


def columns(text):
    return pl.read_csv(text.encode())


def test_predictions_at_preferences(polytask, table):
    fitted = polytask("fit", table, *TARGETS, "--model", "cosmos", *SMALL)
    assert fitted.status == 0, fitted.err
    plain = polytask("predict", "model", table)
    some = polytask("predict", "model", table, "--preference", "income=0.7,married=0.3,score=0")
    same = polytask(
        "predict", "model", table, "--preference", "income=7, married=3", "--preference", "score=0"
    )
    assert (plain.status, some.status) == (0, 0)
    assert some.out == same.out
    assert some.out != plain.out
    preference = {"income": 0.7, "married": 0.3, "score": 0.0}
    wanted = library.load("model").predict(pl.read_csv(table), preference=preference)
    assert columns(some.out)["score"].to_list() == pytest.approx(wanted["score"].response.tolist())


BAD = [
    ("income=-1,married=1,score=1", "Got -1.0 for 'income' instead."),
    ("income=nan,married=1,score=1", "Got nan for 'income' instead."),
    (
        "income=inf,married=1,score=1",
        "a finite number of at least 0. Got inf for 'income' instead.",
    ),
    ("income=0,married=0,score=0", "Got 0 for all instead."),
    ("income=1", "Got none for married, score instead. Give 0 to leave it out."),
    ("income=1,maried=1,score=1", "There is no task named 'maried'. Did you mean 'married'?"),
    ("income", "--preference must be written TASK=NUMBER, such as income=1,married=1."),
    ("income=much", "must be written TASK=NUMBER"),
    ("income=1,income=2", "--preference names income twice. Leave out one."),
]


def test_bad_preferences_are_refused(polytask, table):
    polytask("fit", table, *TARGETS, "--model", "cosmos", *SMALL)
    for text, sentence in BAD:
        ran = polytask("predict", "model", table, "--preference", text)
        assert ran.status == 2
        assert sentence in ran.error


@pytest.mark.parametrize("text", ["income=1,married=1,score=1", "income=1", "much"])
def test_a_model_without_preferences(polytask, table, text):
    polytask("fit", table, *TARGETS, "--model", "constant")
    ran = polytask("predict", "model", table, "--preference", text)
    assert ran.status == 2
    assert ran.error.startswith("error: The model takes no preference: ")
    assert "fit a model that takes one: cosmos and pareto_hyper_network." in ran.error


def test_names_with_commas_and_equals_signs():
    tasks = ["a,b", "c=1", "d"]
    assert task_numbers("--preference", ["a,b=1,c=1=0.5", "d=2"], tasks) == {
        "a,b": 1.0,
        "c=1": 0.5,
        "d": 2.0,
    }
    with pytest.raises(ParameterError, match="Got 'a,d=2'"):
        task_numbers("--preference", ["a,d=2"], tasks)
