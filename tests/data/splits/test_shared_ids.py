"""Identifiers of which training and test rows have the same."""

import numpy as np
import pytest

import polytask
from polytask.data import FoldSplit, GroupSplit, RandomSplit, TimeSplit, shared_id_notes

ROWS = 400
USERS = [k % 40 for k in range(ROWS)]


def notes(table, splitter=None, **options):
    table = {**table, "day": np.arange(ROWS) / 2, "rich": [0, 1] * (ROWS // 2)}
    data, splitter = polytask.read(table, ["rich"], **options), splitter or RandomSplit()
    return shared_id_notes(data, splitter, splitter.splits(data, 0)[0])


@pytest.mark.parametrize(
    ("name", "values", "columns"),
    [
        ("user_id", USERS, {}),
        ("userId", [f"u{k}" for k in USERS], {}),
        ("ID", USERS, {}),
        ("user", USERS, {"user": "identifier"}),
    ],
)
@pytest.mark.parametrize("splitter", [RandomSplit(), FoldSplit(5)])
def test_an_identifier_in_both_parts_is_noted(name, values, columns, splitter):
    (note,) = notes({name: values}, splitter, columns=columns)
    assert note == (
        f"{name}: 80 of 80 test rows have a value that training rows have, too. If the model is for "
        f"new values, split by them: --split group:{name} (split='group:{name}' in Python)."
    )


def test_texts_of_very_many_values_are_identifiers(monkeypatch):
    monkeypatch.setattr("polytask.data.splits._shared_ids.MOST_CATEGORIES", 39)
    assert notes({"user": [f"u{k}" for k in USERS]})[0].startswith("user: 80 of 80 test rows")
    assert notes({"user": USERS}) == ()


@pytest.mark.parametrize(
    "table",
    [
        {"user_id": list(range(ROWS))},  # no value twice
        {"user_id": [0, *range(ROWS - 1)]},  # hardly any
        {"user_id": [k % 19 for k in range(ROWS)]},  # few values
        {"user_id": [k % 40 + 0.5 for k in range(ROWS)]},
        {"user_id": [None] * ROWS},
        {"grid": USERS, "valid": USERS, "user": USERS},
    ],
)
def test_what_is_no_repeated_identifier(table):
    assert notes(table) == ()


def test_where_somebody_said_how_to_split():
    table = {"user_id": USERS}
    assert notes(table, GroupSplit("user_id")) == ()
    assert notes(table, TimeSplit("day")) == ()
    assert notes(table, GroupSplit(), group="user_id") == ()
    assert notes(table, columns={"user_id": "categorical"}) == ()


def test_without_test_rows_those_of_validation_count():
    (note,) = notes({"user_id": USERS}, RandomSplit(test=0.0, validation=0.25))
    assert note.startswith("user_id: 100 of 100 validation rows have")
