"""From tables, long tables, tables a task and arrays to data sets."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from polytask.data import MultiTaskDataset, OwnRowLabels, read
from polytask.exceptions import DataError, UnknownNameError
from polytask.losses import BinaryCrossEntropy
from polytask.tasks import Binary, Multilabel, Task, TaskSet

N = 12


@pytest.fixture
def table():
    return {
        "age": [20 + row for row in range(N)],
        "city": ["rome", None, "oslo"] * 4,
        "member": [True, False, None] * 4,
        "income": [1.5 * row for row in range(N)],
        "rich": ["no", "yes", "no", None] * 3,
        "house": [row // 2 for row in range(N)],
        "weight": [1.0, 2.0] * 6,
    }


def test_all_other_columns_are_inputs(table):
    data = MultiTaskDataset.from_table(table, ["income", "rich"], drop="house", weight="weight")
    (source,) = data.sources
    assert source.inputs.columns == ["age", "city", "member"]
    assert data.n_rows == N
    assert data.tasks.names == source.tasks.names == ("income", "rich")
    assert [task.known_kind.name for task in data.tasks] == ["regression", "binary"]
    np.testing.assert_array_equal(source.weights, np.tile([1, 2], 6).astype(np.float32))
    np.testing.assert_array_equal(source.row_ids, np.arange(N))


def test_what_was_inferred_is_said(table):
    data = MultiTaskDataset.from_table(table, ["income", Task("rich", Binary("no"))])
    assert data.notes[0] == "income: regression, because of numbers with fractions"
    assert data.notes[1] == "rich: binary, as given; positive class 'no'"


def test_a_hundred_tasks_are_one_note():
    Y = np.tile([0.0, 1.0], (100, 3)).T
    data = MultiTaskDataset.from_arrays(np.eye(6), Y)
    assert data.notes == (
        "100 tasks (y0, y1, y2, y3, y4, …): binary, because of 2 distinct values; positive class 1",
    )


def test_features_groups_and_weights_by_name_or_array(table):
    by_name = MultiTaskDataset.from_table(
        table, ["income"], features=["age"], weight="weight", group="house"
    ).sources[0]
    arrays = MultiTaskDataset.from_table(
        table, "income", features="age", weight=np.array(table["weight"]), group=table["house"]
    ).sources[0]
    assert by_name.inputs.columns == arrays.inputs.columns == ["age"]
    np.testing.assert_array_equal(by_name.weights, arrays.weights)
    np.testing.assert_array_equal(by_name.groups, arrays.groups)
    np.testing.assert_array_equal(by_name.groups, np.repeat(np.arange(6), 2))
    assert by_name.groups.dtype == np.int64
    assert (by_name.group_column, arrays.group_column) == ("house", None)


def test_text_groups_are_coded_in_sorted_order(table):
    table["house"] = ["b", "a", "c"] * 4
    source = MultiTaskDataset.from_table(table, ["income"], group="house").sources[0]
    assert source.groups.tolist() == [1, 0, 2] * 4


def test_several_columns_are_multilabel_or_vectors():
    table = {
        "x": [1.0, 2.0, 3.0, 4.0],
        "a": [0, 1, 1, None],
        "b": [1, 0, 0, 1],
        "c": [0.5, 1.5, 2.5, 3.5],
    }
    data = MultiTaskDataset.from_table(table, [Task("tags", target=("a", "b"))], drop="c")
    assert data.tasks["tags"].kind == Multilabel()
    table["d"] = [2.5, 3.5, 1.25, None]
    data = MultiTaskDataset.from_table(table, [Task("v", target=("c", "d"))], drop=["a", "b"])
    assert data.tasks["v"].known_kind.name == "regression"


def frames(table):
    return {
        "mapping": table,
        "polars": pl.DataFrame(table),
        "lazy": pl.LazyFrame(table),
        "pandas": pd.DataFrame(table),
        "pandas, nullable": pd.DataFrame(table).convert_dtypes(),
        "pandas, categorical": pd.DataFrame(table).astype({"city": "category"}),
        "pyarrow": pa.table(table),
    }


@pytest.mark.parametrize(
    "frame",
    ["polars", "lazy", "pandas", "pandas, nullable", "pandas, categorical", "pyarrow"],
)
def test_every_frame_gives_the_same_data(table, frame):
    expected = MultiTaskDataset.from_table(table, ["income", "rich"])
    data = MultiTaskDataset.from_table(frames(table)[frame], ["income", "rich"])
    assert data.digest() == expected.digest()
    assert data.notes == expected.notes
    assert data.summary()["tasks"] == expected.summary()["tasks"]


@pytest.mark.parametrize("frame", ["polars", "pandas", "pandas, nullable", "pyarrow"])
def test_frames_are_never_changed(table, frame):
    table["income"][3] = float("nan")
    given, kept = frames(table)[frame], frames(table)[frame]
    data = MultiTaskDataset.from_table(given, ["income", "rich"], weight="weight", group="house")
    data.take({"table": np.array([0, 1])}).without_columns(["age"])
    assert type(given) is type(kept)
    assert_frame_equal(pl.DataFrame(given), pl.DataFrame(kept))


def test_a_missing_label_is_null_or_nan():
    nan = MultiTaskDataset.from_table({"x": [1, 2, 3], "y": [1.5, np.nan, 2.5]}, ["y"])
    null = MultiTaskDataset.from_table({"x": [1, 2, 3], "y": [1.5, None, 2.5]}, ["y"])
    assert nan.digest() == null.digest()
    assert nan.sources[0].labelled().rows("y").tolist() == [0, 2]


# ── one task for each value of a column ───────────────────────────────────────
def long_table(schools):
    return {
        "x": [float(row) for row in range(len(schools))],
        "score": [1.5] * (len(schools) - 1) + [2.5],
        "school": schools,
    }


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([10, 9, 10, 2], ("2", "9", "10")),
        ([10.0, 9.0, 2.0, 2.5], ("2", "2.5", "9", "10")),
        (["b", "a", "b", "10"], ("10", "a", "b")),
        (pl.Series(["b", "a", "b", "c"], dtype=pl.Categorical), ("a", "b", "c")),
        ([True, False, True, True], ("False", "True")),
    ],
)
def test_values_name_the_tasks_in_sorted_order(values, names):
    data = MultiTaskDataset.from_long(long_table(values), "score", "school")
    (source,) = data.sources
    assert data.tasks.names == names
    assert source.inputs.columns == ["x"]
    assert source.task_column == "school"
    shown = [names[position] for position in source.task_index]
    as_given = [str(value).removesuffix(".0") for value in values]
    assert shown == as_given
    assert isinstance(source.labels, OwnRowLabels)
    assert source.task_index.dtype == np.int32


def test_long_tasks_share_kind_role_and_target():
    data = MultiTaskDataset.from_long(
        long_table([1, 1, 2, 2]), "score", "school", kind="regression", role="auxiliary"
    )
    assert {(t.known_kind.name, t.role, t.columns) for t in data.tasks} == {
        ("regression", "auxiliary", ("score",))
    }


# ── a table for each task ─────────────────────────────────────────────────────
def test_equal_tables_a_task_make_one_source():
    generator = np.random.default_rng(0)
    tables = {
        name: (generator.normal(size=(n, 2)), generator.normal(size=n))
        for name, n in (("a", 3), ("b", 5))
    }
    data = MultiTaskDataset.from_per_task(tables)
    (source,) = data.sources
    assert source.task_index.tolist() == [0] * 3 + [1] * 5
    for name, (X, y) in tables.items():
        rows = source.rows_of(name)
        np.testing.assert_array_equal(source.inputs[rows].to_numpy(), X)
        np.testing.assert_array_equal(*source.labelled().columns(name).values(), y)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ((np.ones((4, 3)) * [1, 2, 3], [0.5, 1.5, 2.5, 1.0]), "columns"),
        ((np.eye(4, 2), ["u", "v", "u", "v"]), "kind"),
        ((np.eye(4, 2), [5e3, 7e4, 1e3, 2.5]), "units"),
        (({"x0": ["a", "b"] * 2, "x1": [1, 2, 3, 4]}, [0.5, 1.5, 2.5, 1.0]), "types"),
    ],
)
def test_unequal_tables_make_one_source_a_task(other, why):
    data = MultiTaskDataset.from_per_task({"a": (np.eye(3, 2), [0.5, 1.25, 0.75]), "b": other})
    assert [source.name for source in data.sources] == ["a", "b"], why
    assert [source.tasks.names for source in data.sources] == [("a",), ("b",)]


def test_classes_of_other_names_are_other_targets():
    tables = {"a": (np.eye(4), ["y", "n", "y", "n"]), "b": (np.eye(4), ["ham", "spam"] * 2)}
    assert len(MultiTaskDataset.from_per_task(tables).sources) == 2
    tables["b"] = (np.eye(4), ["n", "y"] * 2)
    assert len(MultiTaskDataset.from_per_task(tables).sources) == 1


def test_kinds_may_be_given_a_task():
    tables = {
        Task("a", "multiclass", weight=2.0): (np.eye(6), [1, 2, 3] * 2),
        "b": (np.eye(6), [1, 2, 3] * 2),
    }
    data = MultiTaskDataset.from_per_task(tables, kinds={"b": "regression"})
    assert [task.known_kind.name for task in data.tasks] == ["multiclass", "regression"]
    assert data.tasks["a"].weight == 2.0


def _counts_and_times(n, seed):
    generator = np.random.default_rng(seed)
    counts = np.c_[generator.poisson(3.0, n), generator.uniform(1, 12, n)]
    times = {"event": generator.integers(2, size=n), "time": generator.exponential(size=n)}
    return generator.normal(size=(n, 2)), counts, times


def test_a_task_of_several_columns_names_them():
    X, counts, _ = _counts_and_times(8, 0)
    more, other, times = _counts_and_times(9, 1)
    claims = {"target": ("claims", "months")}
    tables = {Task("north", "count", **claims): (X, counts)}
    both = tables | {Task("south", "count", **claims): (more, other)}
    (source,) = MultiTaskDataset.from_per_task(both).sources
    assert source.tasks["south"].columns == ("claims", "months")
    for name, y in (("north", counts), ("south", other)):
        found = source.labelled().columns(name)
        np.testing.assert_array_equal(np.stack([found["claims"], found["months"]], axis=1), y)
    relapse = Task("relapse", "survival", target=("time", "event"))
    data = MultiTaskDataset.from_per_task(tables | {relapse: (more, times), "y": (X, X[:, 0])})
    north, of_times, y = data.sources
    for name, values in of_times.labelled().columns("relapse").items():
        np.testing.assert_array_equal(values, times[name])
    assert (north.tasks["north"].columns, y.tasks["y"].columns) == (tuple(found), ("target",))


def test_tasks_of_other_columns_have_sources_of_their_own():
    X, counts, _ = _counts_and_times(8, 0)
    names = {"a": ("claims", "months"), "b": ("claims", "years")}
    tables = {Task(name, "count", target=columns): (X, counts) for name, columns in names.items()}
    assert len(MultiTaskDataset.from_per_task(tables).sources) == 2


@pytest.mark.parametrize(
    ("task", "y", "sentence"),
    [
        (
            Task("t", "count"),
            np.ones((2, 2)),
            (
                "Task 't': y must have one value for each row. Got 2 columns; make each a task of its own, "
                "or name them all in one task: Task('t', 'count', target=('y0', 'y1'))."
            ),
        ),
        (
            Task("t", "count", target=("claims", "months")),
            [1, 2],
            "Task 't': y must have the 2 columns claims and months. Got 1 column.",
        ),
        (
            Task("t", "count", target=("claims", "months")),
            {"claims": [1, 2], "month": [1, 2]},
            "Task 't': the target 'months' is not a column of the table. Did you mean 'month'?",
        ),
        (
            Task("t", "count", target=("x0", "months")),
            np.ones((2, 2)),
            "Task 't': no input may be called 'x0'. Rename that column.",
        ),
    ],
)
def test_columns_that_a_task_does_not_have(task, y, sentence):
    with pytest.raises(DataError) as error:
        MultiTaskDataset.from_per_task({task: (np.eye(2), y)})
    assert str(error.value) == sentence


# ── arrays ────────────────────────────────────────────────────────────────────
def test_arrays_get_names():
    data = MultiTaskDataset.from_arrays(
        np.eye(4), np.array([[0.5, 1], [1.5, 0], [2.5, np.nan], [1, 1]])
    )
    assert data.sources[0].inputs.columns == ["x0", "x1", "x2", "x3"]
    assert data.tasks.names == ("y0", "y1")
    named = MultiTaskDataset.from_arrays(
        np.eye(4)[:, :2],
        np.arange(4) / 3,
        ["score"],
        names=["u", "v"],
        weights=np.ones(4),
        groups=[0, 0, 1, 1],
    )
    assert named.sources[0].inputs.columns == ["u", "v"]
    assert named.tasks.names == ("score",)
    assert named.sources[0].groups.tolist() == [0, 0, 1, 1]


def test_arrays_of_images_are_one_column_of_tensors():
    data = MultiTaskDataset.from_arrays(
        np.zeros((4, 2, 3), dtype=np.float32) + np.arange(4)[:, None, None], [0, 1, 0, 1]
    )
    assert data.sources[0].inputs.schema == {"x": pl.Array(pl.Float64, (2, 3))} or data.sources[
        0
    ].inputs.schema == {"x": pl.Array(pl.Float32, (2, 3))}


def test_arrays_of_own_rows():
    data = MultiTaskDataset.from_arrays(np.eye(4), [0.5, 1.5, np.nan, 2.5], task_index=[1, 0, 0, 1])
    assert data.tasks.names == ("0", "1")
    labels = data.sources[0].labelled()
    assert (labels.rows("0").tolist(), labels.rows("1").tolist()) == ([1], [0, 3])


def test_targets_of_a_task_in_order_of_the_tasks():
    Y = np.array([[0, 1, 0.5], [1, 1, 1.5], [0, 0, 2.5], [1, 0, 3.5]])
    tasks = TaskSet([Task("tags", "multilabel", ("a", "b")), Task("v", "regression")])
    labels = MultiTaskDataset.from_arrays(np.eye(4), Y, tasks).sources[0].labelled()
    np.testing.assert_array_equal(np.stack(list(labels.columns("tags").values()), axis=1), Y[:, :2])
    np.testing.assert_array_equal(labels.columns("v")["v"], Y[:, 2])


# ── views ─────────────────────────────────────────────────────────────────────
def test_rows_are_taken_with_all_that_is_theirs(table):
    data = MultiTaskDataset.from_table(table, ["income", "rich"], weight="weight", group="house")
    taken = data.take({"table": np.array([5, 0, 3])}).sources[0]
    assert taken.inputs["age"].to_list() == [25, 20, 23]
    assert taken.row_ids.tolist() == [5, 0, 3]
    assert taken.groups.tolist() == [2, 0, 1]
    assert taken.weights.tolist() == [2, 1, 2]
    assert taken.labelled().rows("rich").tolist() == [0, 1]
    assert taken.labelled().columns("income")["income"].tolist() == [7.5, 0.0, 4.5]
    assert data.take({}).n_rows == 0


def test_columns_are_left_out(table):
    data = MultiTaskDataset.from_table(table, ["income"])
    assert (
        "house" not in data.without_columns(["house", "no such column"]).sources[0].inputs.columns
    )
    assert "house" in data.sources[0].inputs.columns


def test_sources_are_found_by_name(table):
    data = MultiTaskDataset.from_table(table, ["income"])
    assert data.source("table") is data.sources[0]
    with pytest.raises(UnknownNameError, match=r"no source named 'tabel'. Did you mean 'table'\?"):
        data.source("tabel")


def test_the_summary_goes_through_json(table):
    data = MultiTaskDataset.from_table(table, ["income", "rich"], group="house")
    summary = json.loads(json.dumps(data.summary(), allow_nan=False))
    assert summary["rows"] == N
    assert summary["sources"][0]["columns"] == {"numbers": 2, "text": 1, "booleans": 1}
    assert summary["sources"][0]["groups"] == 6
    income, rich = summary["tasks"]
    assert income["mean"] == pytest.approx([8.25])
    assert (rich["classes"], rich["counts"]) == (["no", "yes"], [6, 3])
    assert (rich["labelled"], rich["missing"]) == (9, 0.25)
    assert summary["notes"] == list(data.notes)


def test_the_summary_of_own_rows_counts_each_tasks_rows():
    table = {"x": range(6), "pass": [1, 0, 1, 1, None, 0], "school": ["a", "a", "a", "b", "b", "b"]}
    one, other = MultiTaskDataset.from_long(table, "pass", "school").summary()["tasks"]
    assert (one["rows"], one["labelled"], one["counts"]) == (3, 3, [1, 2])
    assert (other["rows"], other["labelled"], other["counts"]) == (3, 2, [1, 1])


# ── read ──────────────────────────────────────────────────────────────────────
def test_read_takes_tasks_or_a_target(table):
    one = read(table, [Task("rich", "binary")])
    other = read(table, target="rich", kind="binary")
    assert one.digest() == other.digest()


def test_read_takes_long_tables():
    table = long_table([7, 7, 8, 8])
    one = read(table, target="score", task_column="school")
    other = read(table, [Task("score", "regression")], task_column="school")
    assert one.tasks == other.tasks == MultiTaskDataset.from_long(table, "score", "school").tasks


def test_read_keeps_what_a_task_says_of_itself_for_every_task():
    table = {"x": [1.0, 2.0, 3.0, 4.0], "score": [1.5, 2.5, 4.5, 8.5], "school": ["a", "b"] * 2}
    task = Task("exam", "regression", "score", 3.0, "primary", ("mae",), "huber")
    data = read(table, [task], task_column="school")
    assert data.tasks == TaskSet([replace(task, name="a"), replace(task, name="b")])


def test_tasks_with_class_weights_of_their_own_come_from_tables_a_task():
    rows = np.eye(4)
    tasks = [Task(name, "binary", loss=BinaryCrossEntropy({0: 1.0, 1: 5.0})) for name in "ab"]
    data = MultiTaskDataset.from_per_task({task: (rows, [0, 1, 0, 1]) for task in tasks})
    assert [source.tasks.names for source in data.sources] == [("a", "b")]
    other = replace(tasks[1], loss=BinaryCrossEntropy({0: 1.0, 1: 7.0}))
    apart = MultiTaskDataset.from_per_task({t: (rows, [0, 1, 0, 1]) for t in (tasks[0], other)})
    assert [source.tasks.names for source in apart.sources] == [("a",), ("b",)]


def test_read_loads_only_the_columns_of_use(table, tmp_path):
    path = tmp_path / "table.csv"
    pl.DataFrame(table).write_csv(path)
    data = read(path, ["rich"], features=["age", "city"], weight="weight")
    assert data.sources[0].inputs.columns == ["age", "city"]
    expected = MultiTaskDataset.from_table(
        table, ["rich"], features=["age", "city"], weight="weight"
    )
    assert data.digest() == expected.digest()
