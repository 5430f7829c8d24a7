"""Weights of tasks and classes, and metrics, asked for by the names of tasks."""

import numpy as np
import pytest

from polytask.data import read
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.metrics import F1, metrics_for

TABLE = {
    "x": range(12),
    "a": [0, 1] * 6,
    "b": [0, 1, 1] * 4,
    "price": np.arange(12) / 7,
    "who": ["p", "q", "r"] * 4,
}
TASKS = ["a", "b", "price"]


def made(**options):
    return read(TABLE, TASKS, drop="who", **options)


def headline(data, task):
    return metrics_for(data.tasks[task])[0].name


def test_options_of_single_tasks():
    data = made(
        task_weight={"a": 2},
        class_weight={"b": "balanced", "a": {0: 3.0}},
        metric={"price": "mae", "a": ["f1", "roc_auc"]},
    )
    assert [task.weight for task in data.tasks] == [2.0, 1.0, 1.0]
    assert [task.class_weight for task in data.tasks] == [{0: 3.0}, "balanced", None]
    assert data.sources[0].tasks == data.tasks
    assert [headline(data, task) for task in TASKS] == ["f1", "roc_auc", "mae"]
    assert [metric.name for metric in metrics_for(data.tasks["a"])] == ["f1", "roc_auc"]


def test_options_of_all_tasks_that_they_serve():
    data = made(class_weight="balanced", metric=[F1()])
    assert [task.class_weight for task in data.tasks] == ["balanced", "balanced", None]
    assert [headline(data, task) for task in TASKS] == ["f1", "f1", "rmse"]


def test_tasks_with_rows_of_their_own():
    data = read(TABLE, target="a", task_column="who", task_weight={"q": 3}, metric={"r": "f1"})
    assert [task.weight for task in data.tasks] == [1, 3, 1]
    assert [headline(data, task) for task in "pqr"] == ["roc_auc", "roc_auc", "f1"]


def test_a_metric_that_can_cross_zero_is_no_headline():
    data = made(metric={"price": ["r2", "mae"]})
    assert data.notes[-1] == "price: R² can cross zero, so that MAE is the headline"
    assert made(metric={"price": "r2"}).notes[-1].endswith("so that RMSE is the headline")
    assert not any("cross zero" in note for note in made(metric={"price": ["mae", "r2"]}).notes)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"task_weight": {"pric": 2}}, ParameterError, "names no task by 'pric'. Did you mean 'pr"),
        ({"task_weight": 2}, ParameterError, "`task_weight` parameter of read must be a mapping"),
        ({"task_weight": {"a": -1}}, ParameterError, "`weight` parameter of Task must be"),
        ({"class_weight": {"price": "balanced"}}, ParameterError, "task 'price' must be None"),
        ({"class_weight": {"a": "balance"}}, ParameterError, "`class_weight` parameter of Task"),
        ({"class_weight": {"a": {"2": 1.0}}}, ParameterError, r"keys, which are \[0, 1\]"),
        ({"metric": {"a": "rmse"}}, ParameterError, "metrics that serve the kind binary"),
        ({"metric": {"a": "f2"}}, UnknownNameError, "no metric named 'f2'"),
        ({"metric": "f2"}, UnknownNameError, "no metric named 'f2'"),
    ],
)
def test_options_that_cannot_be(options, error, sentence):
    with pytest.raises(error, match=sentence):
        made(**options)


def test_options_that_serve_no_task():
    numbers = {"x": range(12), "price": np.arange(12) / 7}
    for option in ({"class_weight": "balanced"}, {"metric": "f1"}):
        with pytest.raises(ParameterError, match=r"serves none of the tasks: price \(regression\)"):
            read(numbers, ["price"], **option)


@pytest.mark.parametrize("metric", ["rps", {"g": ["accuracy", "rps"]}])
def test_a_metric_of_no_name_is_answered_by_those_that_serve(metric):
    table = {"x": range(20), "g": ["low", "mid"] * 10}
    with pytest.raises(UnknownNameError, match=r"Task 'g' is ordinal, .* ranked_probability_score"):
        read(table, "g:ordinal:low<mid", metric=metric)
