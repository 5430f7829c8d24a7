"""Losses and metrics of a user's own that declare themselves the default for a kind of their own."""

from dataclasses import dataclass

import numpy as np
import pytest
from users_gumbel import Gumbel, GumbelLoss, Miss, Surprise
from users_kinds import BivariateNormal, LogDensity, Mixture, MixtureError, MixtureLikelihood

import polytask
from polytask import Task
from polytask.bookkeeping import Budget
from polytask.exceptions import ParameterError
from polytask.learners import with_checked_tasks
from polytask.losses import Loss, MeanSquaredError, loss_for
from polytask.metrics import RMSE, Metric, default_metric, metrics_for
from polytask.tasks import Kind, Regression

BUDGET = Budget(steps=5)


def data(*tasks):
    generator = np.random.default_rng(0)
    x = generator.normal(size=120)
    table = {"x": x, "wind": x + generator.gumbel(size=120), "rain": generator.gumbel(size=120) - x}
    return polytask.read(table, tasks or [Task("wind", Gumbel()), Task("rain", Gumbel())])


def test_own_defaults_are_used_and_reported():
    assert loss_for(Gumbel()) == GumbelLoss()
    assert default_metric(Gumbel()) == Miss()
    assert metrics_for(Task("wind", Gumbel())) == (Miss(),)
    settled = with_checked_tasks(data())
    assert [(task.loss, task.metrics) for task in settled.tasks] == [(GumbelLoss(), (Miss(),))] * 2
    assert settled.notes[-2:] == (
        "wind, rain: the loss is GumbelLoss, the default of gumbel",
        "wind, rain: the headline is miss, the default of gumbel",
    )
    compared = polytask.compare(data(), "hard_sharing", seeds=1, budget=BUDGET, quiet=True)
    assert [task["metric"] for task in compared.study["tasks"]] == ["miss", "miss"]


def test_a_saved_model_knows_them(tmp_path):
    polytask.fit(data(), budget=BUDGET).save(tmp_path / "model", trusted="users_gumbel")
    loaded = polytask.load(tmp_path / "model", trusted="users_gumbel")
    assert [task.loss for task in loaded.tasks] == [GumbelLoss()] * 2


def test_what_a_task_names_stands():
    named = Task("wind", Gumbel(), loss=GumbelLoss(), metrics=[Miss(2.0)])
    assert with_checked_tasks(data(named)).tasks["wind"] == named


def test_our_kinds_keep_our_defaults():
    class CubeLoss(MeanSquaredError):  # noqa: N818 - a loss, no exception
        default_for = (Regression, Kind)

    class LargeError(RMSE):
        default_for = (Regression, Kind)

    assert type(loss_for(Regression())) is MeanSquaredError
    assert type(default_metric(Regression())) is RMSE


def test_the_nearest_class_counts():
    class Strong(Gumbel):
        name = "strong"

    class StrongLoss(GumbelLoss):
        default_for = (Strong,)

    class Inherits(StrongLoss):
        pass

    assert type(loss_for(Strong())) is StrongLoss
    assert type(loss_for(Gumbel())) is GumbelLoss


def test_the_last_definition_counts():
    @dataclass(frozen=True)
    class Alone(Gumbel):
        name = "alone"

    def define():
        class Again(GumbelLoss):
            default_for = (Alone,)

        return Again

    versions = [define(), define()]
    assert type(loss_for(Alone())) is versions[1]


@pytest.mark.parametrize("base", [Loss, Metric])
def test_two_defaults_are_refused(base):
    class Torn(Gumbel):
        name = "torn"

    class First(GumbelLoss if base is Loss else Miss):
        default_for = (Torn,)

    class Second(GumbelLoss if base is Loss else Miss):
        default_for = (Torn,)

    what, argument = base.__name__.lower(), "loss=…" if base is Loss else "metrics=…"
    said = (
        rf"Several classes declare themselves the default {what} of the kind 'torn': .*First, "
        rf".*Second\. Name one in its tasks: Task\(\.\.\., {argument}\)\."
    )
    with pytest.raises(ParameterError, match=said):
        polytask.fit(data(Task("wind", Torn())), "constant")


def test_a_default_that_needs_arguments_is_refused():
    class Needy(Gumbel):
        name = "needy"

    @dataclass(frozen=True)
    class NeedyLoss(GumbelLoss):
        strength: float

        default_for = (Needy,)

        def __init__(self, strength):
            object.__setattr__(self, "strength", strength)

    with pytest.raises(ParameterError, match=r"cannot be made without strength\. Give its argum"):
        loss_for(Needy())


def test_a_kind_that_no_metric_serves_is_refused_before_training():
    said = (
        r"No metric serves the kind 'mixture' of task 'wind'\. Name some: Task\(\.\.\., metrics=\.\.\."
        r"\), or let a metric of your own declare `default_for = \(Mixture,\)`\."
    )
    bare = data(Task("wind", Mixture(), loss=MixtureLikelihood()))
    for learner in ("hard_sharing", "constant"):
        with pytest.raises(ParameterError, match=said):
            polytask.compare(bare, learner, budget=BUDGET)
    with pytest.raises(ParameterError, match=said):
        polytask.fit(bare, "constant")
    with pytest.raises(ParameterError, match=said):
        with_checked_tasks(bare)
    assert polytask.fit(bare, budget=BUDGET).history is not None  # nothing is measured here


@pytest.mark.parametrize("do", [polytask.compare, polytask.fit])
def test_a_kind_without_a_loss_is_refused_where_networks_learn_it(do):
    task = Task("wind", Mixture(), metrics=[MixtureError()])
    said = (
        r"Kind 'mixture' has no default loss\. Give its tasks one, Task\(\.\.\., loss=\.\.\.\), or"
    )
    with pytest.raises(ParameterError, match=said):
        do(data(task), "hard_sharing", budget=BUDGET)
    assert polytask.fit(data(task), "constant").name == "constant"


def test_metrics_that_can_cross_zero_alone_are_refused():
    said = (
        r"`metrics` parameter of task 'storm' must hold one on a positive scale.* the kind "
        r"'bivariate_normal' has no default\. Got log density instead, which can cross zero\."
    )
    storm = Task("storm", BivariateNormal(), ("wind", "rain"), metrics=[LogDensity()])
    with pytest.raises(ParameterError, match=said):
        data(storm)


def test_a_headline_that_can_cross_zero_is_reported():
    tasks = [Task(name, Gumbel(), metrics=[Surprise(), Miss(2.0)]) for name in ("wind", "rain")]
    note = "wind, rain: surprise can cross zero, so that miss is the headline"
    assert data(*tasks).notes == (note,)
    compared = polytask.compare(data(*tasks), "constant", seeds=1, quiet=True)
    assert compared.study["data"]["notes"].count(note) == 1
    changed = data(*tasks).with_tasks({"rain": Task("rain", Gumbel(), metrics=[Miss()])})
    assert changed.notes == ("wind: surprise can cross zero, so that miss is the headline",)


def test_a_single_kind_needs_no_tuple():
    from polytask.tasks import Binary
    from polytask.tasks._own_default import _declared

    assert _declared(type("Own", (), {"default_for": Binary})) == (Binary,)
    assert _declared(type("Own", (), {"default_for": (Binary,)})) == (Binary,)
    assert _declared(type("Own", (), {})) == ()
