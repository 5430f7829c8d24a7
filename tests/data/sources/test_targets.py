"""What is learned of targets: once per task, over all sources; own-row tasks together."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest

from polytask.data import MultiTaskDataset, RandomSplit, Schema, fit_schemas
from polytask.exceptions import DataError
from polytask.tasks import Multiclass, Regression, Task, TaskSet


def joined(*datasets: MultiTaskDataset) -> MultiTaskDataset:
    """One data set of the sources of several, which may label the same tasks."""
    sources = [data.sources[0] for data in datasets]
    named = tuple(replace(source, name=f"s{number}") for number, source in enumerate(sources))
    tasks = {task.name: task for source in sources for task in source.tasks}
    return MultiTaskDataset(named, TaskSet(tasks.values()))


def table(labels, kind="multiclass", **columns) -> MultiTaskDataset:
    frame = {"x": np.arange(len(labels)), "y": labels, **columns}
    return MultiTaskDataset.from_table(frame, [Task("y", kind), *columns])


def test_a_task_in_two_sources_has_the_classes_of_both():
    data = joined(table(list("pqpqp")), table(list("qrsrs")))
    schemas = fit_schemas(data)
    assert schemas["s0"].targets == schemas["s1"].targets
    assert schemas["s0"].targets["y"].classes == ("p", "q", "r", "s")
    assert schemas["s1"].targets["y"].learned["class_counts"] == (3, 3, 2, 2)


def test_one_class_in_one_of_two_sources():
    data = joined(table(list("pqpqpqpqpq")), table(list("pqpqpqpqpq")))
    data = data.take({"s0": np.arange(10), "s1": np.arange(0, 10, 2)})
    assert fit_schemas(data)["s1"].targets["y"].learned["class_counts"] == (10, 5)
    assert sum(len(r) for r in RandomSplit().splits(data, 0)[0].train.values()) == 9
    with pytest.raises(DataError, match="holds only one class, 'p'"):
        Schema.fit(data.source("s1"))


def test_the_summary_of_a_task_in_two_sources():
    data = joined(table([1.0, 2.0], "regression"), table([3.0, 6.0, None], "regression"))
    (summary,) = data.summary()["tasks"]
    assert (summary["rows"], summary["labelled"], summary["mean"]) == (5, 4, [3.0])


OWN_ROWS = {"x": range(9), "y": list("abaabbbba"), "school": [1, 1, 1, 2, 3, 3, 3, 2, 3]}
FEWER = {"table": np.arange(7)}  # of which those of the schools 2 and 3 hold one class


def test_own_rows_share_classes_and_count_their_own():
    data = MultiTaskDataset.from_long(OWN_ROWS, "y", "school").take(FEWER)
    targets = fit_schemas(data)["table"].targets
    assert {name: fitted.classes for name, fitted in targets.items()} == dict.fromkeys(
        "123", ("a", "b")
    )
    assert [fitted.learned["class_counts"] for fitted in targets.values()] == [
        (2, 1),
        (1, 0),
        (0, 3),
    ]


def test_two_classes_here_and_two_others_there():
    tables = {"p": (np.eye(4), list("abab")), "q": (np.eye(4), list("cdcd"))}
    data = MultiTaskDataset.from_per_task(tables, kinds="binary")
    assert [source.name for source in data.sources] == ["p", "q"]


def test_own_rows_and_a_table_that_label_the_same_task():
    own = MultiTaskDataset.from_long(OWN_ROWS, "y", "school", kind="multiclass").take(FEWER)
    frame = pl.DataFrame({"x": [1, 2], "y": ["c", "a"]})
    shared = MultiTaskDataset.from_table(frame, [Task("2", Multiclass(), "y")])
    targets = fit_schemas(joined(own, shared))["s0"].targets
    assert targets["1"].classes == ("a", "b", "c")
    assert [targets[name].learned["class_counts"] for name in "123"] == [
        (2, 1, 0),
        (2, 0, 1),
        (0, 3, 0),
    ]


@dataclass(frozen=True)
class Unkept(Regression):
    """A kind whose `fit` gives what its `accepts` refuses."""

    def accepts(self, fitted):
        return super().accepts(fitted) and fitted.learned["scale"][0] < 10


def test_what_a_saved_model_could_not_hold_is_refused_before_training():
    columns = {"x": [1, 2, 3], "y": [0.0, 1e3, 5.0]}
    with pytest.raises(DataError, match="what the kind regression learned of y could not be"):
        MultiTaskDataset.from_table(columns, [Task("y", Unkept())])


# ── cells that the kind does not take ─────────────────────────────────────────
LISTS, TAGS = [[1.0], [2.0, 3.0]] * 6, [["a"], ["b", "c"]] * 6
ARRAYS = [np.full((3, 3), float(row)) for row in range(12)]


@pytest.mark.parametrize(
    "kind", ["count", "quantile", "ordinal", "distribution", "regression", "binary", "multiclass"]
)
@pytest.mark.parametrize(
    ("labels", "remedy"),
    [(LISTS, "write y:step_numbers"), (TAGS, "write y:tokens"), (ARRAYS, "write y:dense_classes")],
)
def test_lists_are_no_labels_of_a_row(kind, labels, remedy):
    with pytest.raises(DataError, match=f"Task 'y': column 'y' .* cannot be a target.* {remedy}"):
        table(labels, kind)


@pytest.mark.parametrize("kind", ["dense_classes", "dense_numbers", "heat_map"])
def test_lists_of_text_are_no_labels_of_pixels(kind):
    with pytest.raises(
        DataError, match=r"'y' has the type List\(String\), which cannot be a target"
    ):
        table(TAGS, kind)


@pytest.mark.parametrize("kind", ["tokens", "step_numbers"])
@pytest.mark.parametrize("labels", [ARRAYS, [[[1.0, 2.0]], [[2.0, 3.0], [4.0, 5.0]]] * 6])
def test_a_step_has_one_label(kind, labels):
    with pytest.raises(
        DataError, match="Task 'y': column 'y' holds several values for each step of a"
    ):
        table(labels, kind)


def test_events_and_numbers_may_be_true_and_false_in_text():
    truths = ["True", "false", "TRUE", "False"] * 3
    columns = {"x": np.arange(12), "time": np.arange(12) + 1.0, "event": truths}
    data = MultiTaskDataset.from_table(columns, [Task("s", "survival", ("time", "event"))])
    events = data.sources[0].labelled().columns("s")["event"]
    assert events.tolist() == [True, False] * 6
    assert fit_schemas(table(truths, "regression"))["table"].targets["y"].learned["center"] == (
        0.5,
    )
