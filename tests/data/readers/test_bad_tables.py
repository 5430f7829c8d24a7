"""What is wrong with a table is said in words that help."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from polytask.data import MultiTaskDataset, read, to_polars
from polytask.data.names._column_names import column_names
from polytask.exceptions import DataError, ParameterError
from polytask.tasks import Task

TABLE = {
    "age": [31, 44, 28, 60, 51, 37],
    "city": ["a", "b"] * 3,
    "income": [0, 1, 0, 1, 1, 0],
    "score": [1.5, 2.5, 3.5, 4.5, 5.5, 6.5],
    "unknown": [None] * 6,
    "same": [1] * 6,
    "infinite": [1.0, 2.0, np.inf, 1.0, 2.0, 3.0],
    "day": [dt.date(2020, 1, 1)] * 6,
    "list": [[1], [1, 2]] * 3,
    "steps": [[[1], [1, 2]]] * 6,
    "school": ["x", "x", "y", "y", "z", None],
    "weight": [1.0, 1.0, -2.0, 1.0, 1.0, 1.0],
    "none": [0.0] * 6,
    "zero": [1.0, 0.0, 1.0, 1.0, 0.0, 1.0],
    "hole": [1.0, None, 1.0, 1.0, 1.0, 1.0],
}
GOOD = ["age", "city"]


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        (
            "incme",
            r"Task 'incme': the target 'incme' is not a column of the table\. Did you mean 'income'\?",
        ),
        (
            "unknown",
            r"Task 'unknown': column 'unknown' has no observed label to learn from: all 6 rows",
        ),
        ("same", r"Task 'same': column 'same' holds only one class, 1"),
        ("infinite", r"Column 'infinite' holds an infinite value \(inf, first in row 2\)"),
        ("day", r"Task 'day': column 'day' has the type Date, which cannot be a target"),
        ("list", r"column 'list' has the type List\(Int64\), which cannot be a target"),
        (Task("city", "regression"), r"column 'city' of a regression holds text\. Give numbers"),
        (Task("score", "binary"), r"Task 'score' is binary, but column 'score' holds 6 distinct"),
        (Task("score", "multilabel"), r"Task 'score' is multilabel, but column 'score' holds"),
        (
            Task("two", "binary", ("income", "same")),
            r"Task 'two' is binary and must have one target column",
        ),
        (
            Task("two", target=("income", "score")),
            r"The kind of task 'two' cannot be inferred, since its columns differ \(income: binary, score: regression\)",
        ),
    ],
)
def test_bad_targets(task, sentence):
    with pytest.raises(DataError, match=sentence):
        MultiTaskDataset.from_table(TABLE, [task], features="age")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"features": ["age", "ctiy"]},
            r"The feature 'ctiy' is not a column .* Did you mean 'city'\?",
        ),
        (
            {"features": ["age", "income"]},
            r"Column 'income' is listed as a feature, but it is a target",
        ),
        (
            {"features": ["age", "score"], "weight": "score"},
            r"'score' is listed as a feature, but it is a target, weight",
        ),
        (
            {"features": ["age"], "drop": ["age"]},
            r"'age' is listed as a feature, but it is dropped too",
        ),
        ({"features": []}, r"No input column is left that holds a value\. Got the inputs \[\]"),
        ({"features": ["unknown"]}, r"No input column is left that holds a value"),
        (
            {"drop": "ctiy"},
            r"The dropped column 'ctiy' is not a column of the table\. Did you mean 'city'",
        ),
        (
            {"features": ["infinite"]},
            r"Column 'infinite' holds an infinite value \(inf, first in row 2\)",
        ),
        (
            {"features": ["steps"]},
            r"Column 'steps' has the type List\(List\(Int64\)\), which cannot be an input",
        ),
        (
            {"weight": "wieght"},
            r"The weight column 'wieght' is not a column .* Did you mean 'weight'",
        ),
        (
            {"weight": "weight"},
            r"Row weights must be finite and at least 0\. Got -2 in row 2 of 'weight'",
        ),
        ({"weight": "none"}, r"All rows have the weight 0 for the target 'income'"),
        ({"weight": "hole"}, r"The weight of task 'income' is missing in row 1 \(1 such row\)"),
        ({"weight": {"income": "zro"}}, r"The weight column 'zro' is not .* Did you mean 'zero'"),
        ({"weight": "city"}, r"Row weights must be numbers\. Column 'city' has the type String"),
        (
            {"weight": [1.0, 2.0]},
            r"`weight` parameter must have one value per row\. Got 2 values for 6 rows",
        ),
        ({"group": "shool"}, r"The group column 'shool' is not a column .* Did you mean 'school'"),
        ({"group": "school"}, r"Column 'school' is missing in 1 row, first in row 5"),
        (
            {"group": [1, 2]},
            r"`group` parameter must have one value per row\. Got 2 values for 6 rows",
        ),
    ],
)
def test_bad_arguments(arguments, sentence):
    with pytest.raises(DataError, match=sentence):
        MultiTaskDataset.from_table(TABLE, ["income"], **{"features": GOOD, **arguments})


@pytest.mark.parametrize(
    ("target", "task_column", "sentence"),
    [
        ("scor", "city", r"The target 'scor' is not a column .* Did you mean 'score'"),
        ("score", "ctiy", r"The task column 'ctiy' is not a column .* Did you mean 'city'"),
        (
            "score",
            "school",
            r"Every row must name its task\. Column 'school' is missing in 1 row, first in row 5",
        ),
        ("city", "city", r"The target and the task column must differ"),
        ("infinite", "city", r"Column 'infinite' holds an infinite value"),
        ("unknown", "city", r"Task 'a and others': column 'unknown' has no observed label"),
    ],
)
def test_bad_long_tables(target, task_column, sentence):
    with pytest.raises(DataError, match=sentence):
        MultiTaskDataset.from_long(TABLE, target, task_column, features=["age"])


def test_remedies_can_be_copied():
    names = ["x", "my col", "it's"]
    ids = {name: range(place, 40 + place) for place, name in enumerate(names)}
    y = [0, 1] * 20
    for name, written in zip(names, ["x", "'my col'", """'it'"'"'s'"""], strict=True):
        said = "\n".join(MultiTaskDataset.from_table({name: ids[name], "y": y}, "y").notes)
        assert f"--drop {written} leaves it out" in said
    cells = {"my col": [*map(str, range(38)), "?", "?"], "y": y}
    said = "\n".join(MultiTaskDataset.from_table(cells, "y").notes)
    assert "--column 'my col':categorical keeps categories" in said


@pytest.mark.parametrize("given", [{"y": [0, 1] * 10}, {"y": [0, 1] * 10, "task": ["a", "b"] * 10}])
def test_a_target_that_was_declared_of_no_use(given):
    with pytest.raises(DataError, match="column 'y' is a target and cannot have the role drop"):
        read(
            {"x": range(20), **given}, target="y", columns={"y": "drop"},
            task_column="task" if "task" in given else None,
        )  # fmt: skip


def duplicated(kind):
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    if kind == "pandas":
        return frame
    return pa.table([[1], [2], [3]], names=["a", "b", "a"])


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
def test_duplicate_column_names(kind):
    with pytest.raises(DataError, match=r"several columns of one name: 'a'\. Rename or remove"):
        MultiTaskDataset.from_table(duplicated(kind), ["b"])


def test_names_that_differ_only_in_type():
    with pytest.raises(DataError, match=r"several columns of one name: '1'"):
        to_polars(pd.DataFrame([[1, 2]], columns=[1, "1"]))
    assert to_polars(pd.DataFrame([[1, 2]])).columns == ["0", "1"]


def test_mixed_cells():
    with pytest.raises(DataError, match=r"mixes values of several types"):
        to_polars(pd.DataFrame({"a": [1, "x", b"y"]}))
    with pytest.raises(DataError, match=r"Column 'a' mixes values of several types"):
        to_polars({"a": [1, "x"]})


def test_ragged_columns():
    with pytest.raises(
        DataError, match=r"columns of a table must have one length\. Got {'a': 1, 'b': 2}"
    ):
        to_polars({"a": [1], "b": [1, 2]})


def test_no_frame_at_all():
    with pytest.raises(
        ParameterError, match=r"`frame` parameter of to_polars must be a polars, pandas"
    ):
        MultiTaskDataset.from_table(17, ["a"])


def test_no_rows():
    with pytest.raises(DataError, match=r"The table has no rows"):
        MultiTaskDataset.from_table(pl.DataFrame({"x": [], "y": []}), ["y"])


def test_a_text_that_is_new_in_every_row_is_noted():
    table = {"name": [f"person {row}" for row in range(30)], "y": [0, 1] * 15}
    (_, note) = MultiTaskDataset.from_table(table, ["y"]).notes
    assert note.startswith("input name: 30 distinct texts in 30 rows")


def test_an_empty_column_is_noted():
    (_, note) = MultiTaskDataset.from_table(
        {**TABLE}, ["income"], features=["age", "unknown"]
    ).notes
    assert note == "input unknown: left out, because all cells are missing"


# ── arrays and tables a task ──────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("X", "Y", "arguments", "sentence"),
    [
        (np.eye(3), np.eye(2), {}, r"X and Y must have one length\. Got 3 and 2 rows"),
        (
            np.eye(3),
            np.eye(3),
            {"tasks": ["a"]},
            r"Y must have one column for each target .* a \(1\)\. Got 3 columns",
        ),
        (
            np.eye(3),
            np.eye(3),
            {"tasks": list("abcdefg")},
            r"Y must have one column for each target of the tasks, a, b, c, d, e[^f]*\. Got 3 columns",
        ),
        (
            np.eye(3),
            np.arange(3),
            {"names": ["a"]},
            r"`names` parameter must name 3 columns\. Got 1 instead",
        ),
        (np.eye(3), np.arange(3), {"names": ["a", "b", "a"]}, r"several columns of one name: 'a'"),
        (
            np.eye(3),
            np.eye(3),
            {"task_index": [0, 1, 0]},
            r"With `task_index`, Y must have one value per row",
        ),
        (
            np.eye(3),
            np.arange(3),
            {"task_index": [0, 1]},
            r"`task_index` must hold a whole number from 0 to 1 for each of the 3 rows",
        ),
        (
            np.eye(3),
            np.arange(3),
            {"task_index": [0, 1, 2], "tasks": ["a", "b"]},
            r"from 0 to 1 for each .* from 0 to 2",
        ),
        (np.full((3, 1), np.inf), np.arange(3), {}, r"Column 'x0' holds an infinite value"),
    ],
)
def test_bad_arrays(X, Y, arguments, sentence):
    with pytest.raises((DataError, ParameterError), match=sentence):
        MultiTaskDataset.from_arrays(X, Y, **arguments)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, r"`data` parameter of from_per_task must hold at least one task"),
        ({"a": (np.eye(3), [1, 2])}, r"Task 'a': X and y must have one length\. Got 3 and 2 rows"),
        ({"a": ({"target": [1, 2]}, [1, 2])}, r"Task 'a': no input may be called 'target'"),
        ({"a": (np.eye(2), [None, None])}, r"Task 'a': column 'target' has no observed label"),
    ],
)
def test_bad_tables_a_task(data, sentence):
    with pytest.raises((DataError, ParameterError), match=sentence):
        MultiTaskDataset.from_per_task(data)


def test_a_source_without_inputs():
    data = MultiTaskDataset.from_arrays(np.eye(3), [0.5, 1.5, 2.5])
    bare = replace(data.sources[0], inputs=data.sources[0].inputs.select())
    with pytest.raises(DataError, match=r"Source 'table' has no input column to learn from"):
        replace(data, sources=(bare,))


# ── read ──────────────────────────────────────────────────────────────────────
def test_read_needs_tasks_or_a_target():
    for arguments in ({}, {"tasks": ["income"], "target": "income"}):
        with pytest.raises(ParameterError, match=r"Give read either `tasks` or `target`"):
            read(TABLE, **arguments)


def test_read_takes_one_target_with_a_task_column():
    with pytest.raises(ParameterError, match=r"one target serves all tasks\. Got income, score"):
        read(TABLE, ["income", "score"], task_column="city")


def test_a_misspelt_feature_of_a_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("age,city,y\n1,a,0\n2,b,1\n")
    with pytest.raises(
        DataError, match=r"The feature 'ctiy' is not a column of the table. Did you mean 'city'"
    ):
        read(path, ["y"], features=["ctiy"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"weight": 3}, r"The `weight` parameter of the data set must be a column's name, or val"),
        ({"weight": np.ones((6, 2))}, r"The `weight` parameter .* Got array\("),
        ({"group": np.ones((6, 2))}, r"The `group` parameter of the data set must be a column's"),
        ({"group": [1, "a"] * 3}, r"Got \[1, 'a', 1, 'a', 1, 'a'\] instead"),
    ],
)
def test_arguments_of_another_shape(arguments, sentence):
    table = {name: TABLE[name] for name in ("age", "city", "income")}
    with pytest.raises(ParameterError, match=sentence):
        MultiTaskDataset.from_table(table, ["income"], **arguments)
    with pytest.raises(ParameterError, match=sentence):
        read(table, ["income"], **arguments)


@pytest.mark.parametrize("value", [1.0, "abc"])
def test_a_row_of_single_values_is_no_table(value):
    sentence = (
        rf"Column 'age' must be a sequence of values, one per row\. Got {value!r} instead; for"
    )
    with pytest.raises(DataError, match=sentence):
        to_polars({"age": value})


@pytest.mark.parametrize("parameter", ["features", "drop"])
def test_columns_are_named(parameter):
    sentence = rf"The `{parameter}` parameter of the data set must be names of columns\. Got 3"
    with pytest.raises(ParameterError, match=sentence):
        column_names(parameter, 3)


def test_metrics_of_another_kind_are_refused_before_anything_is_fitted():
    with pytest.raises(ParameterError, match=r"metrics that serve the kind binary\. Got 'rmse'"):
        MultiTaskDataset.from_table(TABLE, [Task("income", metrics=["rmse"])], features="age")
