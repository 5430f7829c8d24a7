import json
import subprocess
import sys

import pytest

from polytask._naming import snake_case
from polytask._recipes import from_json, to_json
from polytask.exceptions import NotFittedError, ParameterError, UnknownNameError
from polytask.metrics import metrics_for
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


@pytest.mark.parametrize("metrics", ["f1", ["f1"], ("f1",)])
def test_metrics_by_name(metrics):
    assert Task("income", metrics=metrics).metrics == ("f1",)


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


@pytest.mark.parametrize("after", ["click", ("click",), ["click"]])
def test_the_tasks_that_feed_it(after):
    assert Task("buy", "binary", after=after).after == ("click",)
    assert Task("buy", "binary").after == ()


def test_a_task_that_feeds_itself():
    said = (
        r"The `after` parameter of task 'buy' must be names of other tasks, which feed this one\. "
        r"Got 'buy' instead\."
    )
    with pytest.raises(ParameterError, match=said):
        Task("buy", after=("click", "buy"))
    with pytest.raises(ParameterError, match=r"must be distinct names of tasks\. Got \('click', '"):
        Task("buy", after=("click", "click"))


def test_equality_and_json():
    task = Task("income", Binary(positive="yes"), ("y",), 2.0, "auxiliary", ("roc_auc",))
    assert from_json(json.loads(json.dumps(to_json(task)))) == task
    assert hash(task) == hash(Task("income", Binary("yes"), "y", 2.0, "auxiliary", "roc_auc"))
    fed = Task("buy", "binary", after=("click", "view"))
    assert from_json(json.loads(json.dumps(to_json(fed)))) == fed


def test_json_of_a_task_that_none_feeds_is_as_before_there_were_such():
    assert "after" not in to_json(Task("income"))["parameters"]
    assert to_json(Task("income", after="age"))["parameters"]["after"] == ["age"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"loss": "poisson"},
            r"There is no loss named 'poisson'\. Known: binary_cross_entropy, cou",
        ),
        ({"loss": "hubert"}, r"There is no loss named 'hubert'\. Did you mean 'huber'\?"),
        ({"loss": "loss"}, r"There is no loss named 'loss'"),
        ({"metrics": ["nonsense"]}, r"There is no metric named 'nonsense'"),
        ({"metrics": "r3"}, r"There is no metric named 'r3'\. Did you mean 'r2'\?"),
        ({"metrics": ("rmse", "delta_m")}, r"There is no metric named 'delta_m'"),
    ],
)
def test_unknown_losses_and_metrics_are_refused_at_once(arguments, sentence):
    with pytest.raises(UnknownNameError, match=sentence):
        Task("price", "regression", **arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"loss": "huber"},
        {"loss": "MeanSquaredError"},
        {"loss": "my_losses:Quartic"},
        {"metrics": ["rmse", "R2", "explained variance"]},
        {"metrics": "my_metrics:Worst"},
    ],
)
def test_known_losses_and_metrics(arguments):
    assert Task("price", "regression", **arguments).name == "price"


def test_every_public_loss_and_metric_is_known():
    for name in ("Huber", "CrossEntropy", "BinaryCrossEntropy", "MultilabelBinaryCrossEntropy"):
        Task("price", loss=snake_case(name))
    for metric in metrics_for(Task("price", "regression")) + metrics_for(Task("rich", "binary")):
        Task("price", metrics=[metric.name, type(metric).__name__])


def test_names_are_checked_without_importing_what_they_name():
    code = (
        "import sys; from polytask import Task; "
        "Task('price', 'regression', loss='huber', metrics=['rmse']); "
        "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
