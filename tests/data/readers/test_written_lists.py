"""Lists that are written in cells of text: in CSV files, and in frames that were read from them."""

import datetime as dt

import pandas as pd
import polars as pl
import pytest

from polytask import fit
from polytask.bookkeeping import Budget
from polytask.data import fit_schemas, open_table, read
from polytask.data.readers import written_lists
from polytask.exceptions import DataError
from polytask.tasks import Task

ROWS = 24
Y = [row % 2 for row in range(ROWS)]
X = [row / 7 for row in range(ROWS)]


def cycled(cells):
    return [cells[row % len(cells)] for row in range(ROWS)]


@pytest.mark.parametrize(
    ("cells", "dtype", "lists"),
    [
        (["[1, 2]", "[3]", None, " [] "], pl.List(pl.Int64), [[1, 2], [3], None, []]),
        (["[1.5, NaN]", "[2]"], pl.List(pl.Float64), None),
        (['["a", "b"]', "['c']"], pl.List(pl.String), [["a", "b"], ["c"]]),
        (["['a, b', \"it's\"]", "[]"], pl.List(pl.String), [["a, b", "it's"], []]),
        (["[1, 2]", "[3, 4]"], pl.Array(pl.Float64, 2), [[1, 2], [3, 4]]),
        (["[[1, 2]]", "[[3, 4], [5, 6]]"], pl.List(pl.Array(pl.Float64, 2)), None),
    ],
)
def test_cells_that_all_hold_lists_are_lists(cells, dtype, lists):
    found = written_lists(pl.Series("c", cells))
    assert found.dtype == dtype
    assert lists is None or found.to_list() == lists


@pytest.mark.parametrize(
    "cells",
    [
        ["[1]", "one"],
        ["[a]", "[b]"],
        ["['a' 'b']", "['c']"],  # as numpy shows them: Python would read "ab"
        ["[1, 'a']"],
        ["[1] [2]"],
        ["[" * 9000 + "]" * 9000],
        ["[None]"],
        ["{1: 2}", "(1, 2)"],
        [None, ""],
    ],
)
def test_other_text_stays_text(cells):
    assert written_lists(pl.Series("c", cells, dtype=pl.String)) is None


def test_lists_in_csv_files_are_inputs_and_targets(tmp_path):
    table = {
        "words": cycled([["fly", "rome"], ["rome"]]),
        "pulse": cycled([[1.5, 2.0], [3.0]]),
        "tags": cycled([["O", "B-to"], ["B-to"]]),
        "load": cycled([[1.5, 2.0], [3.0]]),
    }
    path = tmp_path / "t.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    tasks = [Task("tags", "tokens"), Task("load", "step_numbers")]
    written, stored = read(path, tasks), read(table, tasks)
    shown = "words: text such as \"['fly', 'rome']\" is read as lists"
    assert f"{shown}; --column words:categorical keeps it as text" in written.notes
    for name in ("words", "pulse"):
        assert written.sources[0].inputs[name].to_list() == table[name]
    for task in ("tags", "load"):
        (found,), (wanted,) = (
            data.sources[0].labelled().columns(task).values() for data in (written, stored)
        )
        assert found.tolist() == wanted.tolist()


def test_a_declared_role_keeps_them_as_text_or_says_what_lists_they_are():
    codes = cycled(["[1, 2]", "[3, 4]"])
    for role, encoder in {
        "categorical": "categorical",
        "sequence": "sequence",
        "tensor": "tensor",
    }.items():
        data = read({"c": codes, "y": Y}, "y", columns={"c": role})
        assert len(data.notes) == 1
        assert fit_schemas(data)["table"].columns[0].role == encoder
    with pytest.raises(
        DataError, match=r"type String\. Give lists of numbers, which text files hold as"
    ):
        read({"c": cycled(["1;2", "3"]), "y": Y}, "y", columns={"c": "sequence"})


def test_new_rows_are_read_in_the_same_way(tmp_path):
    table = {"c": cycled(["[1, 2]", "[3]"]), "w": cycled(["['a']", "['b', 'a']"]), "x": X, "y": Y}
    model = fit(read(table, "y"), "linear", budget=Budget(steps=5))
    lists = {"c": [[3.0], [1.0, 2.0]], "w": [["b"], ["a", "b"]], "x": [1.0, 2.0]}
    wanted = model.predict(lists)["y"].response
    written = {"c": ["[3]", "[1, 2]"], "w": ["['b']", '["a", "b"]'], "x": [1.0, 2.0]}
    pd.DataFrame(lists).to_csv(tmp_path / "new.csv", index=False)
    for rows in (written, tmp_path / "new.csv"):
        assert model.predict(rows)["y"].response.tolist() == wanted.tolist()
    with pytest.raises(DataError, match=r"number lists .* holds text now \('2;3' in row 1\)"):
        model.predict(written | {"c": ["[3]", "2;3"]})


def test_text_that_looks_like_lists_is_no_list_where_tokens_were_blanks():
    table = {"c": cycled(["a b", "[1] b"]), "y": Y}
    model = fit(read(table, "y", columns={"c": "tokens"}), "linear")
    assert model.predict({"c": ["[1]"]}).notes == ()


# ── what is said of lists and names that cannot be used ───────────────────────
@pytest.mark.parametrize(
    ("cells", "role", "sentence"),
    [
        ([[1, "a"]], "tokens", r"holds lists such as \[1, 'a'\], which are not tables of numbers"),
        ([{"a"}], "tokens", r"holds sets \(\{'a'\} in row 0\)\. Make a column of 0 and 1"),
        ([object()], "numeric", "holds values of the type object"),
        ([["a\ud800"], ["b"]], None, r"half a character \('a\\ud800' in the list of row 0\)"),
        (["2024-01-01"], "sequence", "but holds values of the type String. Give lists of numbers"),
    ],
)
def test_what_cells_hold_is_said_where_they_have_a_role(cells, role, sentence):
    columns = {} if role is None else {"c": role}
    with pytest.raises(DataError, match=sentence):
        fit_schemas(read({"c": cycled(cells), "x": X, "y": Y}, "y", columns=columns))


def test_lists_of_times_and_arrays_without_a_number_are_refused():
    days = pl.Series([[dt.date(2024, 1, 1)], [dt.date(2024, 1, 2)] * 2] * 12)
    nothing = pl.Series([[]] * ROWS, dtype=pl.Array(pl.Float64, 0))
    for cells, sentence in {
        "days": (
            days,
            r"holds lists such as \[datetime.date\(2024, 1, 1\)\]\. Make all that they hold",
        ),
        "nothing": (nothing, "holds empty lists alone. Drop it, or fill them."),
    }.values():
        with pytest.raises(DataError, match=sentence):
            fit_schemas(read(pl.DataFrame({"c": cells, "x": X, "y": Y}), "y"))


@pytest.mark.parametrize("name", ["*", "^x$", "^.*$"])
def test_names_that_are_patterns_are_refused(name, tmp_path):
    table = {"x": X, name: X, "y": Y}
    pl.DataFrame(table).write_csv(tmp_path / "t.csv")
    for given in (table, pl.DataFrame(table), pd.DataFrame(table), tmp_path / "t.csv"):
        with pytest.raises(
            DataError, match=r"A column is called '.*', which means all columns of such"
        ):
            read(given, "y")
    assert open_table({"^x": X, "x$": X, "x*": X}).frame.columns == ["^x", "x$", "x*"]


def test_lists_are_shown_as_such_where_another_type_was_learned():
    model = fit(read({"c": cycled(["a", "b"]), "x": X, "y": Y}, "y"), "linear")
    with pytest.raises(DataError) as error:
        model.predict({"c": [[1.0], [2.0, 3.0]], "x": [1.0, 2.0]})
    assert str(error.value) == (
        "Column 'c' held text when the model was fitted, and holds number lists now ([1.0] in row 0). "
        "Give it text again, or fit a new model."
    )
