from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from polytask.exceptions import NotFittedError, ParameterError, UnknownNameError
from polytask.metrics import (
    MAE,
    R2,
    RMSE,
    ROCAUC,
    Accuracy,
    Metric,
    MetricValue,
    default_metric,
    metrics_for,
)
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Regression, Task


@dataclass(frozen=True)
class LargestError(Metric):
    """A user's own metric."""

    name: ClassVar[str] = "largest_error"
    label: ClassVar[str] = "largest error"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Regression,)
    greater_is_better: ClassVar[bool] = False

    def measure(self, truth, response, weight, fitted):
        return MetricValue(float(np.abs(truth - response).max()))


class Count(Regression):
    """A kind that no metric knows, though some serve what it is."""


def test_defaults():
    defaults = [default_metric(kind()) for kind in (Regression, Binary, Multiclass, Multilabel)]
    assert defaults == [RMSE(), ROCAUC(), Accuracy(), ROCAUC()]
    assert default_metric(Count()) == RMSE()


def test_a_kind_without_default(monkeypatch):
    monkeypatch.setattr(RMSE, "default_for", ())
    with pytest.raises(ParameterError, match="No metric is the default of the kind 'regression'"):
        default_metric(Regression())


@pytest.mark.parametrize("kind", ["regression", "binary", "multiclass", "multilabel"])
def test_all_that_serve_the_kind_default_first(kind):
    task = Task("y", kind)
    found = metrics_for(task)
    assert found[0] == default_metric(task.known_kind)
    assert len(set(found)) == len(found) >= 5
    assert all(isinstance(task.kind, metric.kinds) for metric in found)


def test_named_metrics_keep_their_order():
    named = metrics_for(Task("y", "regression", metrics=("MAE", RMSE(), "r2")))
    assert named == (MAE(), RMSE(), R2())


def test_what_enters_delta_m_comes_first():
    assert metrics_for(Task("y", "regression", metrics=("r2", "mae"))) == (MAE(), R2())
    assert metrics_for(Task("y", "regression", metrics=("r2",))) == (RMSE(), R2())


def test_ones_own_metric_as_object_or_class():
    target = FittedTarget(("y",))
    for given in (LargestError(), LargestError):
        (metric,) = metrics_for(Task("y", "regression", metrics=(given,)))
        assert metric.score(np.zeros(2), np.array([1.0, -3.0]), target).value == 3.0


def test_unknown_name():
    with pytest.raises(UnknownNameError, match=r"no metric named 'rmsee'\. Did you mean 'rmse'\?"):
        metrics_for(Task("y", "regression", metrics=("rmsee",)))


def test_a_metric_of_another_kind():
    said = (
        r"The `metrics` parameter of task 'y' must be metrics that serve the kind regression\. "
        r"Got 'accuracy' instead\. Choose from .*rmse"
    )
    with pytest.raises(ParameterError, match=said):
        metrics_for(Task("y", "regression", metrics=("accuracy",)))


def test_the_kind_must_be_known():
    with pytest.raises(NotFittedError, match="The kind of task 'y' is not known yet"):
        metrics_for(Task("y"))
