import json

import pytest

from polytask._recipes import from_json, to_json
from polytask.exceptions import NotFittedError, ParameterError, UnknownNameError
from polytask.tasks import Binary, Multilabel, Regression, Task
from polytask.testing import check_parameters_reject_bad_values


class Score:
    def score(self, truth, response, fitted, weight=None): ...


def test_defaults():
    task = Task("income")
    assert task.target == task.columns == ("income",)
    assert task.is_primary
    assert (task.kind, task.weight, task.metrics, task.loss) == (None, 1.0, None, None)


@pytest.mark.parametrize("target", ["y", ("y",), ["y"]])
def test_target_columns(target):
    assert Task("income", "binary", target).columns == ("y",)
    assert Task("animals", "multilabel", ["cat", "dog"]).columns == ("cat", "dog")


@pytest.mark.parametrize("kind", ["multilabel", "Multilabel", "multi-label", Multilabel()])
def test_kinds_by_name(kind):
    assert Task("animals", kind).kind == Multilabel()


def test_an_unknown_kind():
    said = r"There is no kind of task named 'binry'\. Did you mean 'binary'\?"
    with pytest.raises(UnknownNameError, match=said):
        Task("income", "binry")
    with pytest.raises(UnknownNameError, match="There is no kind of task named 'kind'"):
        Task("income", "kind")


def test_a_kind_yet_to_be_inferred():
    task = Task("income", weight=2.0, role="auxiliary")
    with pytest.raises(NotFittedError, match="The kind of task 'income' is not known yet"):
        _ = task.known_kind
    settled = task.with_kind(Regression())
    assert settled.known_kind == Regression()
    assert (settled.name, settled.weight, settled.is_primary) == ("income", 2.0, False)


@pytest.mark.parametrize("metrics", ["auc", ["auc"], ("auc",)])
def test_metrics_by_name(metrics):
    assert Task("income", metrics=metrics).metrics == ("auc",)


def test_objects_that_look_like_metrics():
    metric = Score()
    assert Task("income", metrics=(metric, Score, "rmse")).metrics == (metric, Score, "rmse")


@pytest.mark.usefixtures("unchecked_types")
def test_bad_parameters():
    check_parameters_reject_bad_values(Task, name="income")
    said = r"The `role` parameter of Task must be one of 'primary', 'auxiliary'\. Got 'main' inst"
    with pytest.raises(ParameterError, match=said):
        Task("income", role="main")
    with pytest.raises(ParameterError, match="`target` parameter of task 'a' must be distinct"):
        Task("a", target=("y", "y"))


def test_equality_and_json():
    task = Task("income", Binary(positive="yes"), ("y",), 2.0, "auxiliary", ("roc_auc",))
    assert from_json(json.loads(json.dumps(to_json(task)))) == task
    assert hash(task) == hash(Task("income", Binary("yes"), "y", 2.0, "auxiliary", "roc_auc"))
