"""Populations trained side by side and one after another, for comparison."""

import math
from dataclasses import replace

import torch

from polytask.training import Member
from polytask.training._population import Population
from polytask.training._stacker import Stacker


def trained_apart(trainer, architecture, members, train, validation=None):
    """The members, each trained alone by `Trainer.fit`."""
    population = Population(trainer, architecture, members, train, validation, None, 10.0, None)
    for position in range(len(members)):
        population.results[position] = population.alone(position)
    return population.results


def stacks_and_reasons(trainer, architecture, members, train, validation=None):
    """Sizes of the stacks of members, and why the others are trained alone."""
    population = Population(trainer, architecture, members, train, validation, None, 10.0, None)
    stacker = Stacker(population.data, population.recipe, members)
    stacks, alone = stacker.stacks([None] * len(members))
    return [len(stack.members) for stack in stacks], [reason for _, reason in alone]


def assert_equal_runs(one, two, rtol=1e-4, *, states=True):
    """Equal histories, and states that are equal up to rounding."""
    assert type(one) is type(two)
    if isinstance(one, Exception):
        assert str(one) == str(two)
        return
    histories = one.history, two.history
    for name in ("n_steps", "best_epoch", "best_epochs", "stopped", "n_parameters"):
        assert getattr(histories[0], name) == getattr(histories[1], name), name
    for left, right in zip(histories[0].epochs, histories[1].epochs, strict=True):
        assert (left.epoch, left.step) == (right.epoch, right.step)
        assert math.isclose(left.learning_rate, right.learning_rate)
        for name in ("train_losses", "validation_losses", "weights"):
            losses = getattr(left, name), getattr(right, name)
            assert losses[0].keys() == losses[1].keys()
            for task, loss in losses[0].items():
                assert math.isclose(loss, losses[1][task], rel_tol=rtol, abs_tol=rtol / 100), name
    assert one.network.tasks == two.network.tasks
    own = one.network.state_dict(), two.network.state_dict()
    assert own[0].keys() == own[1].keys()
    for name, tensor in own[0].items() if states else ():
        other = own[1][name]
        assert torch.allclose(tensor.double(), other.double(), rtol=rtol, atol=rtol / 100), name


def assert_as_apart(trainer, architecture, members, train, validation=None, **checks):
    """Members side by side that are the runs that each is alone."""
    together = trainer.fit_many(architecture, members, train, validation, return_errors=True)
    apart = trained_apart(trainer, architecture, members, train, validation)
    for one, two in zip(together, apart, strict=True):
        assert_equal_runs(one, two, **checks)


def some_members(data):
    """Members with one task, two and all, of different seeds and settings."""
    first, second, *_ = data.tasks.names
    return [
        Member({first: 1.0}, seed=1),
        Member({first: 0.5, second: 1.0}, seed=2, learning_rate=0.02),
        Member({second: 2.0}, seed=1),
        Member(seed=3, weight_decay=0.1),
        Member(seed=3),
    ]


def seeds(n_members=3):
    """Members that differ in their seeds and learning rates."""
    return [replace(Member(), seed=k, learning_rate=0.02 * k + 0.01) for k in range(n_members)]
