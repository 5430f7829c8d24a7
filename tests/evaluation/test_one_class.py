"""A task that has one class in the training rows of a split takes no part, and is named."""

import numpy as np
import pytest

import polytask
from polytask.bookkeeping import Budget
from polytask.data import ColumnSplit
from polytask.evaluation import compare
from polytask.exceptions import OneClassError
from polytask.learners import Linear

STEPS = Budget(steps=5)
PART = (["train"] * 20 + ["validation"] * 10 + ["test"] * 10) * 2
BOTH, LATE = [0, 1] * 20, [0] * 20 + [0, 1] * 10
LEFT_OUT = "late: left out, since only one class, 0, is observed in the training rows"


def wide():
    table = {"x": np.arange(80.0), "a": BOTH * 2, "late": LATE * 2, "part": PART}
    return polytask.read(table, ["a", "late"])


def long():
    names = np.repeat(["a", "late"], 40)
    table = {"x": np.arange(80.0), "y": BOTH + LATE, "part": PART, "task": names}
    return polytask.read(table, target="y", task_column="task")


@pytest.mark.parametrize("data", [wide, long])
@pytest.mark.parametrize("learner", ["linear", "hard_sharing"])
def test_compare_leaves_it_out(data, learner):
    found = compare(data(), learner, split=ColumnSplit("part"), seeds=1, budget=STEPS)
    assert LEFT_OUT in found.warnings
    assert [task["name"] for task in found.study["tasks"]] == ["a"]
    assert found.study["tasks"][0]["test_rows"] == (20 if data is wide else 10)


@pytest.mark.parametrize("data", [wide, long])
def test_fit_leaves_it_out(data):
    with pytest.warns(UserWarning, match=LEFT_OUT):
        predictor = polytask.fit(data(), Linear(), split=ColumnSplit("part"))
    assert predictor.tasks.names == ("a",)


@pytest.mark.parametrize("run", [compare, polytask.fit])
def test_a_task_too_small_to_split_is_left_out(run):
    table = {"x": np.arange(40.0), "a": np.arange(40) / 3, "few": [1.5, *[None] * 39]}
    data, note = polytask.read(table, ["a", "few"]), "few: left out, with too few labelled rows"
    if run is compare:
        found = compare(data, "linear", seeds=1)
        assert any(warning.startswith(note) for warning in found.warnings)
    else:
        with pytest.warns(UserWarning, match=note):
            assert run(data, "linear").tasks.names == ("a",)


def test_a_task_of_fewer_labels_than_folds_is_left_out():
    table = {"x": np.arange(40.0), "a": np.arange(40) / 3, "few": [1.5, 2.5, *[None] * 38]}
    auxiliary = polytask.Task("aux", "regression", target="few", role="auxiliary")
    found = compare(polytask.read(table, ["a", "few", auxiliary]), "linear", split="folds:3")
    assert any(
        w.startswith("few: left out, with no labelled test row in fold") for w in found.warnings
    )
    assert [task["name"] for task in found.study["tasks"]] == ["a", "aux"]


@pytest.mark.parametrize("run", [compare, polytask.fit])
def test_no_task_remains(run):
    table = {"x": np.arange(80.0), "late": LATE * 2, "later": LATE * 2, "part": PART}
    data = polytask.read(table, ["late", "later"])
    with pytest.raises(OneClassError, match=r"2 tasks hold .*: 'late', 'later' \(0\)"):
        run(data, "linear", split=ColumnSplit("part"))


def test_a_learner_by_itself_names_all():
    table = {"x": np.arange(80.0), "a": BOTH * 2, "late": LATE * 2, "later": LATE * 2}
    data = polytask.read(table, ["a", "late", "later"]).take({"table": np.arange(20)})
    with pytest.raises(OneClassError, match=r"2 tasks hold .*: 'late', 'later' \(0\)"):
        Linear().fit(data, data, 0, STEPS)
