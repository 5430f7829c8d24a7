"""A method whose hook is never called says so once, instead of standing still in silence."""

import inspect
import warnings
from copy import deepcopy
from dataclasses import dataclass

import pytest
import torch

from polytask import aggregation, weighting
from polytask.aggregation import MGDA, NashMTL
from polytask.gradients import Need, Served
from polytask.weighting import (
    FAMO,
    AutoLambda,
    AutoScale,
    DynamicWeightAverage,
    Equal,
    UncertaintyWeighting,
    Weighting,
)

LOSSES, PRESENT = torch.tensor([0.5, 2.0, 1.0]), torch.tensor([True, True, True])


def said(method, steps, every_step=lambda method: None):
    """Warnings of a loop of one's own."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(steps):
            method.weights(LOSSES, PRESENT)
            every_step(method)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("method", "hook", "steps"),
    [
        (FAMO(), "`learn` and `after_step` have not been called yet", 50),
        (AutoLambda(), "`after_validation` has not been called yet", 50),
        (AutoScale(), "`before_step` has not been called yet", 50),
        (UncertaintyWeighting(), "`learn` has not been called yet", 50),
        (DynamicWeightAverage(), "`end_epoch` has not been called yet", 300),
    ],
)
def test_a_loop_that_calls_no_hook_is_warned_once(method, hook, steps):
    (sentence,) = said(method, steps)
    assert sentence.startswith(f"{type(method).__name__} has given weights 10")
    assert hook in sentence
    assert "Call `" in sentence


def served(method):
    """All hooks, in every step."""
    gramian = torch.eye(3)
    method.before_step(gramian, PRESENT)
    method.learn(LOSSES, PRESENT)
    method.after_product(LOSSES, LOSSES, PRESENT)
    method.after_validation(LOSSES, PRESENT)
    method.after_step(LOSSES / 2, PRESENT)
    method.end_epoch(LOSSES)


def weightings():
    things = (getattr(weighting, name) for name in weighting.__all__)
    return [
        thing
        for thing in things
        if inspect.isclass(thing)
        and not inspect.isabstract(thing)
        and thing is not weighting.Static
    ]


@pytest.mark.parametrize("kind", weightings())
def test_a_loop_that_calls_all_hooks_is_not_warned(kind):
    assert said(kind(), 120, served) == []


@pytest.mark.parametrize("kind", weightings())
def test_what_is_declared_is_warned_of(kind):
    method = kind()
    declared = method.needs & {
        Need.LOSSES_AFTER_STEP,
        Need.GRAMIAN,
        Need.PRODUCT,
        Need.VALIDATION,
        Need.EPOCH_LOSSES,
    }
    learns = kind.learn is not Weighting.learn
    assert bool(said(method, 120)) == bool(declared or learns)


def test_methods_without_hooks_say_nothing():
    assert said(Equal(), 300) == []


def test_a_scalarised_loss_counts_too():
    method = UncertaintyWeighting()
    for _ in range(9):
        method.scalarize(LOSSES, PRESENT)
    with pytest.warns(UserWarning, match="`learn` has not been called yet"):
        method.scalarize(LOSSES, PRESENT)


def test_a_method_of_ones_own():
    @dataclass(frozen=True)
    class Mine(Weighting):
        needs = frozenset({Need.EPOCH_LOSSES})

        def scalarize(self, losses, present):
            return (losses * present).sum()

        def end_epoch(self, mean_losses):
            del mean_losses

    assert "Mine has given weights 100 times, and `end_epoch` has not" in said(Mine(), 100)[0]
    assert said(Mine(), 100, lambda one: one.end_epoch(LOSSES)) == []
    assert Mine() == Mine()
    assert repr(Mine()).endswith("Mine()")


def test_a_fresh_start_begins_to_count_anew():
    method = UncertaintyWeighting()
    for _ in range(3):
        method.start(3)
        assert said(method, 9) == []


def test_what_was_called_goes_with_a_copy():
    method = UncertaintyWeighting()
    method.start(3)
    method.learn(LOSSES, PRESENT)
    assert said(deepcopy(method), 20) == []


@pytest.mark.parametrize("kind", [MGDA, NashMTL])
def test_carried_weights_that_never_move(kind):
    method, everyone = kind(amortised=True), Served.all_of(3)
    for _ in range(19):
        method.carried(everyone)
    with pytest.warns(UserWarning, match=r"given weights 20 times, and `move` has not been called"):
        method.carried(everyone)
    method = kind(amortised=True)
    for _ in range(30):
        method.aggregate(torch.eye(3))


def test_aggregators_of_a_gramian_say_nothing():
    method = aggregation.MGDA()
    for _ in range(30):
        method.weights(torch.eye(3))
