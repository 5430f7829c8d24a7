"""Tasks that feed others, in the data sets that constructors make."""

import numpy as np
import pytest

from polytask.data import MultiTaskDataset, read
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.tasks import Task

TABLE = {
    "age": [31, 44, 28, 60],
    "click": [0, 1, 1, 1],
    "buy": [0, 1, 0, 1],
    "never": [0, 0, 0, 0],
}
FED = ["click", Task("buy", "binary", after="click")]


def test_the_only_change_is_in_tasks_and_digest():
    plain = MultiTaskDataset.from_table(TABLE, ["click", "buy"], features=["age"])
    fed = MultiTaskDataset.from_table(TABLE, FED, features=["age"])
    assert fed.tasks.after("buy") == fed.sources[0].tasks.after("buy") == ("click",)
    assert fed.digest() != plain.digest()
    assert fed.with_tasks({"buy": plain.tasks["buy"]}).digest() == plain.digest()


def test_a_task_of_one_class_feeds_none():
    tasks = ["click", Task("buy", "binary", after=("click", "never")), Task("never", "binary")]
    data = MultiTaskDataset.from_table(TABLE, tasks, features=["age"])
    assert data.tasks.names == ("click", "buy")
    assert data.tasks.after("buy") == ("click",)
    assert data.without_tasks(["click"]).tasks.after("buy") == ()


def test_across_sources():
    sources = {
        "shop": {"age": TABLE["age"], "buy": TABLE["buy"]},
        "site": {"age": TABLE["age"], "click": TABLE["click"]},
    }
    data = MultiTaskDataset.from_sources(sources, ["buy", Task("click", after="buy")])
    assert data.tasks.after("click") == ("buy",)
    assert data.source("site").tasks.after("click") == ()
    changed = data.with_tasks(
        {"click": Task("click", "binary"), "buy": Task("buy", "binary", after="click")}
    )
    assert changed.tasks.levels() == (("click",), ("buy",))


def test_tasks_that_are_named_by_their_source():
    sources = {"a": {"x": [1, 2, 3, 4], "t": [0, 1, 0, 1]}, "b": {"x": [5, 6, 7], "u": [0, 1, 1]}}
    data = MultiTaskDataset.from_sources(sources, [Task("b/u", after="a/t"), "a/t"])
    assert data.tasks.names == ("u", "t")
    assert data.tasks.after("u") == ("t",)


def test_per_task_in_one_source_and_in_several():
    X, y = np.arange(8.0).reshape(8, 1), np.arange(8) % 2
    for other in (X, np.hstack([X, X])):
        data = MultiTaskDataset.from_per_task({"t": (X, y), Task("u", after="t"): (other, y)})
        assert data.tasks.after("u") == ("t",)
    with pytest.raises(UnknownNameError, match=r"task 'u' must be names .* Got 'tt' instead"):
        MultiTaskDataset.from_per_task({"t": (X, y), Task("u", after="tt"): (X, y)})


def test_read_takes_them_by_task():
    data = read(TABLE, ["click", "buy"], features=["age"], after={"buy": "click"})
    assert data.tasks.after("buy") == ("click",)
    with pytest.raises(ParameterError, match="`after` parameter names no task by 'by'"):
        read(TABLE, ["click", "buy"], features=["age"], after={"by": "click"})


def test_a_task_given_twice_per_task():
    X, y = np.arange(8.0).reshape(8, 1), np.arange(8) % 2
    with pytest.raises(ParameterError, match=r"must be tasks with unique names\. Got 't' twice"):
        MultiTaskDataset.from_per_task({"t": (X, y), Task("t"): (X, y)})


def test_from_arrays():
    X = np.arange(4.0).reshape(4, 1)
    Y = np.array([TABLE["click"], TABLE["buy"]]).T
    data = MultiTaskDataset.from_arrays(X, Y, ["click", Task("buy", after="click")])
    assert data.tasks.after("buy") == ("click",)
