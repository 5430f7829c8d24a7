from dataclasses import dataclass, replace
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
    check_metrics,
    default_metric,
    headline_note,
    metrics_for,
)
from polytask.tasks import Binary, FittedTarget, Kind, Multiclass, Multilabel, Regression, Task


@dataclass(frozen=True)
class LargestMiss(Metric):
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
    for given in (LargestMiss(), LargestMiss):
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


def test_choices_where_nothing_public_serves():
    class Odd(Kind):
        name = "odd"

    Odd.__abstractmethods__ = frozenset()
    said = (
        r"metrics that serve the kind odd\. Got 'rmse' instead\. No public metric serves it; write "
        r"one whose `kinds` name Odd\."
    )
    with pytest.raises(ParameterError, match=said):
        metrics_for(Task("y", Odd(), metrics=("rmse",)))


@dataclass(frozen=True)
class Quantile(LargestMiss):
    """A metric with settings, all under one name."""

    level: float = 0.5

    name: ClassVar[str] = "quantile"
    label: ClassVar[str] = "quantile"


@dataclass(frozen=True)
class NamedQuantile(Quantile):
    """The same, named after its settings."""

    @property
    def name(self):
        return f"quantile_{self.level:g}"

    @property
    def label(self):
        return f"quantile {self.level:g}"


class RootOfAll(LargestMiss):
    name = "rmse"
    label = "root"


class OtherName(LargestMiss):
    name = "root_mean_square"
    label = "RMSE"


class PlainLargest(LargestMiss):
    """No dataclass: two objects of it are not equal, but the same metric."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        (
            (Quantile(0.1), Quantile(0.9)),
            (
                r"Task 'y' has two metrics of one name, 'quantile': Quantile\(level=0\.1\) of \S*"
                r"test_choice and Quantile\(level=0\.9\) of \S*test_choice\. Give one of them another "
                r"`name`; where it depends on a metric's settings, as a property\."
            ),
        ),
        (
            ("rmse", RootOfAll()),
            r"of one name, 'rmse': RMSE\(\) of polytask\.metrics and RootOfAll",
        ),
        ((RMSE(), OtherName()), r"two metrics of one label, 'RMSE': RMSE\(\) of polytask\.metrics"),
    ],
)
def test_metrics_of_one_name_are_refused(metrics, said):
    with pytest.raises(ParameterError, match=said):
        metrics_for(Task("y", "regression", metrics=metrics))


def test_a_default_that_can_cross_zero_is_refused():
    class Odd(Regression):
        name = "odd"

    class OddR2(R2):
        default_for = (Odd,)

    said = r"OddR2.* declares itself the default metric of the kind 'odd', but can cross zero"
    with pytest.raises(ParameterError, match=said):
        metrics_for(Task("y", Odd()))


def test_a_default_of_ones_own_may_not_take_our_name():
    class Odd(Regression):
        name = "odd"

    class OddMiss(LargestMiss):
        name, kinds, default_for = "mae", (Odd,), (Odd,)

    with pytest.raises(ParameterError, match="'y' has two metrics of one name, 'mae'"):
        metrics_for(Task("y", Odd()))


def test_metrics_that_name_their_settings_stand_side_by_side():
    both = (NamedQuantile(0.1), NamedQuantile(0.9))
    assert metrics_for(Task("y", "regression", metrics=both)) == both
    twice = metrics_for(Task("y", "regression", metrics=(PlainLargest(), PlainLargest())))
    assert len(twice) == 1


def test_one_name_means_one_metric_in_all_tasks():
    low, high = (Task(f"y{level}", "regression", metrics=[Quantile(level)]) for level in (0.1, 0.9))
    check_metrics([low, replace(low, name="z")])
    said = r"The tasks 'y0\.1' and 'y0\.9' have different metrics of one name, 'quantile'"
    with pytest.raises(ParameterError, match=said):
        check_metrics([low, high])


def test_a_class_that_needs_arguments():
    class Needy(LargestMiss):
        def __init__(self, level):
            pass

    said = r"`metrics` parameter of task 'y' .* Make an object of it: Needy\(level=…\)\."
    with pytest.raises(ParameterError, match=said):
        metrics_for(Task("y", "regression", metrics=(Needy,)))


def test_the_kind_must_be_known():
    with pytest.raises(NotFittedError, match="The kind of task 'y' is not known yet"):
        metrics_for(Task("y"))


def test_what_describes_answers_is_no_headline():
    task = Task("price", "quantile", metrics=("coverage_error", "pinball"))
    assert [metric.name for metric in metrics_for(task)] == ["pinball", "coverage_error"]
    said = "coverage error describes answers and does not rank models, so that pinball loss is the"
    assert said in headline_note(task)
    task = Task("price", "quantile", metrics="interval_width")
    assert [metric.name for metric in metrics_for(task)] == ["pinball", "interval_width"]
