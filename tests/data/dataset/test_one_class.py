"""Tasks of one class are named all at once, and left out where others remain."""

import numpy as np
import pytest

from polytask.data import (
    MultiTaskDataset,
    RandomSplit,
    Split,
    fit_schemas,
    learnable,
    learnable_splits,
    read,
)
from polytask.exceptions import DataError, OneClassError, TooFewRowsError
from polytask.tasks import Task

N = 12
BOTH = [0, 1] * 6
ZEROS, ONES = [0] * N, [1] * N
WIDE = {"x": range(N), "a": BOTH, "b": ZEROS, "c": BOTH[::-1], "d": ONES, "e": ZEROS}
NOTES = (
    "b, e: left out, since only one class, 0, is observed in the table",
    "d: left out, since only one class, 1, is observed in the table",
)


def long_table(**labels):
    """Each task with rows of its own."""
    return {
        "x": np.arange(N * len(labels)),
        "y": np.concatenate(list(labels.values())),
        "task": np.repeat(list(labels), N),
    }


def test_times_to_events_without_an_event_are_left_out():
    table = {"x": range(N), "a": BOTH, "t": range(1, N + 1), "e": ZEROS}
    data = read(table, ["a", "relapse=t,e:survival", "death=t,e:survival:cox"])
    assert data.tasks.names == ("a",)
    said = "relapse, death: left out, since only one class, 'censored', is observed in the table"
    assert said in data.notes
    single, once = [0] * (N - 1) + [1], [1, 1] + [0] * (N - 2)
    table |= {"e": single, "f": once, "u": [3.0, *[3.0] * (N - 1)]}
    notes = read(table, ["a", "relapse=t,e:survival", "death=u,f:survival"]).notes
    assert "relapse: left out, since a single event is observed in the table" in notes
    assert "death: left out, since only one time of events is observed in the table" in notes
    with pytest.raises(OneClassError, match="holds no event in the training rows"):
        read(table | {"e": ZEROS}, ["relapse=t,e:survival"])


@pytest.mark.parametrize("kind", [None, "binary", "multiclass"])
def test_left_out_of_wide_tables(kind):
    data = read(WIDE, [Task(name, kind) for name in "abcde"])
    assert data.tasks.names == ("a", "c")
    assert data.notes[-2:] == NOTES
    assert data.sources[0].inputs.columns == ["x"]
    assert data.sources[0].labelled().tasks == ("a", "c")


@pytest.mark.parametrize("kind", [None, "binary", "multiclass"])
def test_left_out_of_long_tables(kind):
    table = long_table(a=BOTH, b=ZEROS, c=BOTH, d=ONES, e=ZEROS)
    data = read(table, target="y", task_column="task", kind=kind)
    assert data.tasks.names == ("a", "c")
    assert data.notes[-2:] == NOTES
    (source,) = data.sources
    assert source.n_rows == 2 * N
    assert list(source.row_ids) == [*range(N), *range(2 * N, 3 * N)]
    assert list(source.rows_of("c")) == list(range(N, 2 * N))
    assert list(source.labelled().rows("c")) == list(range(N, 2 * N))


def test_left_out_of_tables_of_their_own():
    inputs = np.arange(N, dtype=float)[:, None]
    data = MultiTaskDataset.from_per_task(
        {"a": (inputs, BOTH), "b": (inputs, ZEROS), "c": (np.hstack([inputs, inputs]), BOTH)}
    )
    assert data.tasks.names == ("a", "c")
    assert [source.name for source in data.sources] == ["a", "c"]
    together = MultiTaskDataset.from_per_task({"a": (inputs, BOTH), "d": (inputs, ONES)})
    assert together.tasks.names == ("a",)


def test_left_out_of_arrays():
    targets = np.stack([BOTH, ZEROS, BOTH], axis=1)
    assert MultiTaskDataset.from_arrays(np.eye(N), targets).tasks.names == ("y0", "y2")
    index = np.repeat([0, 1], N)
    own = MultiTaskDataset.from_arrays(np.eye(2 * N), BOTH + ONES, ["p", "q"], task_index=index)
    assert own.tasks.names == ("p",)


def test_missing_labels_do_not_hide_it():
    table = {**WIDE, "b": [None, 0] * 6, "d": [1, float("nan"), None, 1] * 3}
    assert read(table, list("abcd")).tasks.names == ("a", "c")


@pytest.mark.parametrize(
    "table",
    [
        {"x": range(N), "b": ZEROS, "d": ONES, "e": ZEROS},
        long_table(b=ZEROS, d=ONES, e=ZEROS),
    ],
)
def test_all_are_named_where_none_remains(table):
    asked = {"target": "y", "task_column": "task"} if "task" in table else {"tasks": list("bde")}
    sentence = r"3 tasks hold only one class .*: 'b', 'e' \(0\); 'd' \(1\)\. Check the split"
    with pytest.raises(OneClassError, match=sentence):
        read(table, **asked)


def test_an_auxiliary_task_alone_is_not_enough():
    tasks = [Task("b"), Task("e"), Task("a", role="auxiliary")]
    with pytest.raises(OneClassError, match=r"2 tasks hold only one class"):
        read(WIDE, tasks)


# ── training rows ─────────────────────────────────────────────────────────────────────────────────
LATE = [0] * 8 + [1, 0, 1, 0]
FIRST, LAST = np.arange(8), np.arange(8, N)


def test_left_out_of_training_rows():
    data = read({"x": range(N), "a": BOTH, "late": LATE}, ["a", "late"])
    train, validation, notes = learnable(data.take({"table": FIRST}), data.take({"table": LAST}))
    assert train.tasks.names == validation.tasks.names == ("a",)
    assert notes == ("late: left out, since only one class, 0, is observed in the training rows",)
    again = learnable(train, validation)
    assert again == (train, validation, ())


def test_left_out_of_training_rows_of_their_own():
    data = read(long_table(a=BOTH, late=LATE, c=BOTH), target="y", task_column="task")
    rows = np.concatenate([FIRST + start for start in (0, N, 2 * N)])
    rest = np.setdiff1d(np.arange(3 * N), rows)
    split = Split({"table": rows}, {"table": rest}, {"table": rest})
    reduced, (left,), notes = learnable_splits(data, [split])
    assert reduced.tasks.names == ("a", "c")
    assert notes[0].startswith("late: left out")
    train, validation, _ = left.apply(reduced)
    assert list(train.sources[0].row_ids) == [*range(8), *range(24, 32)]
    assert list(validation.sources[0].row_ids) == [*range(8, 12), *range(32, 36)]
    assert list(train.sources[0].task_index) == [0] * 8 + [1] * 8


def test_the_split_is_named_where_there_are_several():
    data = read({"x": range(N), "a": BOTH, "late": LATE}, ["a", "late"])
    parts = ({"table": FIRST}, {"table": LAST}, {"table": LAST})
    splits = [Split(*parts, name="fold 1"), Split(*parts[::-1], name="fold 2", fold=1)]
    reduced, left, notes = learnable_splits(data, splits)
    assert reduced.tasks.names == ("a",)
    assert [split.name for split in left] == ["fold 1", "fold 2"]
    assert notes == (
        "late: left out, since only one class, 0, is observed in the training rows of fold 1",
    )


def test_nothing_changes_where_all_can_be_learned():
    data = read({"x": range(N), "a": BOTH, "c": BOTH}, ["a", "c"])
    splits = [Split({"table": FIRST}, {"table": LAST}, {"table": LAST})]
    same, left, notes = learnable_splits(data, splits)
    assert same is data
    assert left == splits
    assert notes == ()


def test_no_task_remains_in_the_training_rows():
    data = read({"x": range(N), "late": LATE, "later": LATE}, ["late", "later"])
    train, validation = data.take({"table": FIRST}), data.take({"table": LAST})
    with pytest.raises(OneClassError, match=r"2 tasks hold .*: 'late', 'later' \(0\)"):
        learnable(train, validation)


# ── no label at all ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("layout", ["wide", "long"])
def test_tasks_without_a_label_are_left_out(layout):
    if layout == "wide":
        data = read({"x": range(N), "a": BOTH, "b": [None] * N, "c": [0] * N}, ["a", "[bc]"])
        assert data.notes[-1] == "c: left out, since only one class, 0, is observed in the table"
    else:
        data = read(long_table(a=BOTH, b=[None] * N), target="y", task_column="task")
    assert data.tasks.names == ("a",)
    assert "b: left out, since no label is observed in the table" in data.notes


def test_a_named_task_without_a_label_is_an_error():
    table = {"x": range(N), "a": BOTH, "b": [None] * N, "c": [np.nan] * N}
    said = (
        r"Task 'b': column 'b' has no observed (label|value) to learn from.*\. Leave the task out\."
    )
    for b in ("b", "b:regression", Task("b", "binary"), "a,b"):
        with pytest.raises(DataError, match=said):
            read(table, ["a", b] if b != "a,b" else b)
    with pytest.raises(DataError, match=said):
        MultiTaskDataset.from_arrays(np.arange(N)[:, None], {"a": BOTH, "b": [None] * N})
    with pytest.raises(
        DataError, match=r"2 tasks have no observed label .*: 'b', 'c'\. Leave them"
    ):
        read(table, ["a", "b:binary", "c:regression"])
    matrix = np.array([BOTH, [np.nan] * N], dtype=float).T
    data = MultiTaskDataset.from_arrays(np.arange(N)[:, None], matrix)
    assert data.tasks.names == ("y0",)


def test_a_named_task_without_a_label_in_any_source_is_an_error():
    one, two = {"x": range(N), "a": BOTH}, {"x": range(N), "a": BOTH, "b": [None] * N}
    for b in ("b", "two/b", Task("b", "regression")):
        with pytest.raises(DataError, match=r"Task 'b': .* Leave the task out"):
            MultiTaskDataset.from_sources({"one": one, "two": two}, ["a", b])
    data = MultiTaskDataset.from_sources({"one": one, "two": two}, ["a", "b*"])
    assert "b: left out, since no label is observed in two" in data.notes


def test_tasks_without_a_label_or_of_one_class_are_named_together():
    table = {"x": range(N), "b": [None] * N, "c": [0] * N}
    with pytest.raises(OneClassError, match=r"2 tasks hold .*: 'b' \(no label\); 'c' \(0\)\."):
        read(table, ["b", "c"])


def test_tasks_that_no_test_row_is_labelled_for_are_left_out():
    table = {
        "x": range(N),
        "a": BOTH,
        "few": [1.5, 2.5, *[None] * (N - 2)],
        "aux": [0.5] + [None] * (N - 1),
    }
    tasks = ["a", "few", Task("aux", "regression", role="auxiliary")]
    data = read(table, tasks)
    rows = {"table": np.arange(N)}
    split = Split(rows, {"table": rows["table"][-6:]}, {"table": rows["table"][-9:-6]})
    reduced, _, notes = learnable_splits(data, [split])
    assert reduced.tasks.names == ("a", "aux")
    assert notes == ("few: left out, with no labelled test row in the split",)
    with pytest.raises(TooFewRowsError, match=r"few: left out, .* No task is left to be judged"):
        learnable_splits(read(table, ["few"]), [split])


def test_tasks_without_a_label_are_named_at_once():
    table = {"x": range(N), "b": [None] * N, "c": [None] * N}
    with pytest.raises(DataError, match=r"2 tasks have no observed label .*: 'b', 'c'\. Leave"):
        read(table, ["b", "c"])
    half = [0, 1] * 3 + [None] * 6
    data = read({"x": range(N), "a": BOTH, "b": half, "c": half}, ["a", "b", "c"])
    with pytest.raises(DataError, match=r"2 tasks have no observed label .*: 'b', 'c'\. Check"):
        fit_schemas(data.take({"table": LAST}))


def test_tasks_of_too_few_labels_to_split_are_named_at_once():
    few = [0, 1, *[None] * 10]
    data = read({"x": range(N), "a": BOTH, "b": few, "c": few}, ["a", "b", "c"])
    with pytest.raises(
        DataError, match=r"2 tasks have labelled rows, 'b' \(2\), 'c' \(2\), too few"
    ):
        RandomSplit().splits(data, 0)
