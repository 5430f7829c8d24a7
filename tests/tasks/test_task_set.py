import json
import re

import numpy as np
import pytest

from polytask._recipes import from_json, to_json
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.tasks import Task, TaskSet

TASKS = TaskSet(
    [
        Task("income", "binary"),
        Task("age", "regression", role="auxiliary"),
        Task("pets", "multilabel", ("cat", "dog")),
        Task("again", "binary", "income"),
    ]
)


def test_names_columns_and_roles():
    assert TASKS.names == ("income", "age", "pets", "again")
    assert TASKS.columns == ("income", "age", "cat", "dog")
    assert TASKS.primary.names == ("income", "pets", "again")
    assert len(TASKS) == 4


@pytest.mark.parametrize("given", ["income", Task("income"), ["income"], iter(["income"])])
def test_what_tasks_may_be_given_as(given):
    assert TaskSet(given) == TaskSet((Task("income"),))


def test_by_name_position_and_slice():
    assert TASKS["age"] is TASKS[1] is TASKS[np.int64(1)] is TASKS[-3]
    assert TASKS[1:3].names == ("age", "pets")
    assert TASKS.index("pets") == TASKS.index(TASKS["pets"]) == 2
    assert "age" in TASKS
    assert TASKS[0] in TASKS
    assert "agee" not in TASKS
    assert 3 not in TASKS


def test_unknown_names():
    said = r"There is no task named 'incme'\. Did you mean 'income'\?"
    for call in (TASKS.__getitem__, TASKS.index):
        with pytest.raises(UnknownNameError, match=said):
            call("incme")
    with pytest.raises(UnknownNameError):
        TASKS.index("income", 1)
    with pytest.raises(IndexError):
        _ = TASKS[7]


def test_two_tasks_of_one_name():
    with pytest.raises(ParameterError, match="Got 'a' twice; rename one of them, or leave it out"):
        TaskSet(["a", "b", "a"])


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("given", [[], [3], ["a", None], None, 3])
def test_no_tasks(given):
    with pytest.raises(ParameterError, match="`tasks` parameter of TaskSet must be at least one"):
        TaskSet(given)


def test_no_primary_task():
    with pytest.raises(ParameterError, match="None of the tasks age, size is primary"):
        _ = TaskSet([Task("age", role="auxiliary"), Task("size", role="auxiliary")]).primary


def test_json():
    assert from_json(json.loads(json.dumps(to_json(TASKS)))) == TASKS


FUNNEL = TaskSet([Task("buy", after=("click", "view")), "age", Task("click", after="view"), "view"])


def test_levels():
    assert FUNNEL.levels() == (("age", "view"), ("click",), ("buy",))
    assert TASKS.levels() == (TASKS.names,)
    assert FUNNEL.after("buy") == ("click", "view")
    assert (FUNNEL.has_dependencies, TASKS.has_dependencies) == (True, False)
    with pytest.raises(UnknownNameError, match=r"There is no task named 'by'\. Did you mean 'buy'"):
        FUNNEL.after("by")


def test_subsets_lose_dependencies_on_tasks_outside():
    subset = FUNNEL.subset(["view", "buy"])
    assert subset.names == ("buy", "view")
    assert subset.after("buy") == ("view",)
    assert FUNNEL[:2].after("buy") == ()
    assert FUNNEL[::-1].names == ("view", "click", "age", "buy")
    assert FUNNEL[::-1].after("buy") == ("click", "view")
    auxiliary = TaskSet([Task("buy", after="click"), Task("click", role="auxiliary")])
    assert auxiliary.primary == TaskSet(["buy"])
    with pytest.raises(UnknownNameError, match="There is no task named 'vew'"):
        FUNNEL.subset(["vew"])


def test_an_unknown_upstream_task():
    said = (
        r"The `after` parameter of task 'buy' must be names of the tasks that feed it\. Got 'clik' "
        r"instead, which is no task\. Did you mean 'click'\?"
    )
    with pytest.raises(UnknownNameError, match=said):
        TaskSet([Task("buy", after="clik"), "click"])


@pytest.mark.parametrize(
    ("after", "cycle"),
    [
        ({"a": "b", "b": "a"}, "a after b after a"),
        ({"a": "c", "b": "a", "c": "b", "d": "a"}, "a after c after b after a"),
        ({"d": "b", "b": "c", "c": "b", "a": ()}, "b after c after b"),
    ],
)
def test_a_cycle(after, cycle):
    said = f"must form no cycle. Got {cycle} instead; leave out one of them."
    with pytest.raises(ParameterError, match=re.escape(said)):
        TaskSet(Task(name, after=upstream) for name, upstream in after.items())


def test_json_of_dependencies():
    assert from_json(json.loads(json.dumps(to_json(FUNNEL)))) == FUNNEL
