"""Focal weights of moving performances, against the paper's recursion."""

import math

import pytest
import torch

from polytask.exceptions import ParameterError
from polytask.weighting import DynamicTaskPriority

ALL = torch.tensor([True, True])


def focal(performance, gamma):
    return -((1 - performance) ** gamma) * math.log(performance)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.5])
def test_it_follows_the_papers_recursion(gamma):
    weighting = DynamicTaskPriority(gamma=gamma, alpha=0.3)
    weighting.start(2)
    average = [None, None]
    for step in range(6):
        losses = [0.2 + 0.1 * step, 3.0 / (1 + step)]
        present = [True, step % 2 == 0]
        wanted = []
        for task in range(2):
            now, before = math.exp(-losses[task]), average[task]
            included = now if before is None else 0.3 * now + 0.7 * before
            wanted.append(focal(included, gamma) * present[task])
            average[task] = included if present[task] else before
        given = torch.tensor(losses) * torch.tensor(present)
        got = weighting.weights(given, torch.tensor(present))
        assert got.tolist() == pytest.approx(wanted, rel=1e-4)
        weighting.learn(given, torch.tensor(present))
    assert weighting.performance_.tolist() == pytest.approx(average, rel=1e-5)


def test_looking_does_not_move_the_average():
    weighting = DynamicTaskPriority()
    losses = torch.tensor([1.0, 2.0])
    first = weighting.weights(losses, ALL)
    assert torch.equal(weighting.weights(losses, ALL), first)


def test_weights_grow_with_difficulty_and_mastered_tasks_weigh_nothing():
    losses = torch.tensor([0.0, 0.1, 1.0, 5.0, 80.0])
    weights = DynamicTaskPriority(gamma=2.0).weights(losses, torch.ones(5, dtype=torch.bool))
    assert weights.tolist() == sorted(weights.tolist())
    assert float(weights[0]) == 0.0


def test_hopeless_losses_stay_finite():
    weighting = DynamicTaskPriority(gamma=0.5)
    for scale in (1e15, 1e-15, 1e15):
        losses = torch.tensor([scale, 1.0])
        assert weighting.weights(losses, ALL).isfinite().all()
        weighting.learn(losses, ALL)
    assert float(weighting.weights(torch.tensor([1e15, 1.0]), ALL).max()) < 88


def test_negative_losses_are_refused():
    with pytest.raises(ParameterError, match="of DynamicTaskPriority must be at least 0"):
        DynamicTaskPriority().weights(torch.tensor([-1.0, 1.0]), ALL)
