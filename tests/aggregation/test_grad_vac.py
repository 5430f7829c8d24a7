"""GradVac's coefficients and targets against explicit gradients turned in the same order."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.aggregation import GradVac, PCGrad
from polytask.aggregation._random_orders import draw_orders
from polytask.gradients import Served


def gradients(seed, n_tasks, n_columns=9):
    generator = torch.Generator().manual_seed(seed)
    lengths = 10 ** torch.randn(n_tasks, 1, generator=generator, dtype=torch.float64)
    common = torch.randn(n_columns, generator=generator, dtype=torch.float64)
    own = torch.randn(n_tasks, n_columns, generator=generator, dtype=torch.float64)
    return lengths * (own + 0.5 * common)


def started(n_tasks, beta, seed=0):
    aggregator = GradVac(beta=beta)
    aggregator.start(n_tasks, generator=torch.Generator().manual_seed(seed))
    return aggregator


def textbook(jacobian, targets, order, beta):
    """Algorithm 1 of the paper, on the gradients themselves."""
    total = torch.zeros_like(jacobian[0])
    for i, others in enumerate(order):
        turned = jacobian[i].clone()
        for j in others:
            length, other = turned.norm(), jacobian[j].norm()
            cosine = turned @ jacobian[j] / (length * other)
            target = targets[i, j].clone()
            if cosine < target:
                sine, target_sine = (1 - cosine**2).sqrt(), (1 - target**2).sqrt()
                above = length * (target * sine - cosine * target_sine)
                turned = turned + above / (other * target_sine) * jacobian[j]
            targets[i, j] = (1 - beta) * target + beta * cosine
        total += turned
    return total


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0.0, 0.9))
def test_steps_are_those_of_the_paper(seed, n_tasks, beta):
    aggregator = started(n_tasks, beta, seed)
    drawn = torch.Generator().manual_seed(seed)
    targets = torch.zeros(n_tasks, n_tasks, dtype=torch.float64)
    for step in range(4):
        jacobian = gradients(seed + step, n_tasks)
        wanted = textbook(jacobian, targets, draw_orders(n_tasks, drawn), beta)
        near = 1e-7 * float(jacobian.norm())
        torch.testing.assert_close(aggregator.aggregate(jacobian), wanted, rtol=1e-7, atol=near)
        torch.testing.assert_close(aggregator.targets_, targets, rtol=1e-7, atol=1e-7)


def test_steps_are_torchjds(monkeypatch):
    aggregation = pytest.importorskip("torchjd.aggregation")
    aggregator, theirs = started(5, 0.3), aggregation.GradVac(beta=0.3, eps=0.0)
    drawn = torch.Generator().manual_seed(0)
    for step in range(6):
        jacobian = gradients(step, 5)
        orders = draw_orders(5, drawn)
        # TorchJD permutes places in the list of the other tasks.
        places = iter([order - (order > i) for i, order in enumerate(orders)])
        monkeypatch.setattr(torch, "randperm", lambda _: torch.from_numpy(next(places)))  # noqa: B023
        torch.testing.assert_close(aggregator.aggregate(jacobian), theirs(jacobian))


def test_a_turned_gradient_has_the_usual_cosine():
    aggregator = started(2, 1.0)
    aggregator.targets_[0, 1] = 0.6
    aggregator.targets_[1, 0] = -1.0  # nothing is further off: the second stays as it is
    jacobian = gradients(3, 2)
    turned = aggregator.aggregate(jacobian) - jacobian[1]
    assert float(torch.cosine_similarity(turned, jacobian[1], dim=0)) == pytest.approx(0.6)


def test_at_first_it_is_pcgrad():
    jacobian = gradients(4, 70)
    projected = PCGrad()
    projected.start(70, generator=torch.Generator().manual_seed(2))
    update = started(70, 0.0, seed=2).aggregate(jacobian)
    torch.testing.assert_close(update, projected.aggregate(jacobian))


def test_pairs_with_an_absent_task_keep_their_targets():
    aggregator = started(4, 0.5)
    aggregator.aggregate(gradients(0, 4))
    before = aggregator.targets_.clone()
    present = torch.tensor([True, False, True, True])
    aggregator.aggregate(gradients(1, 3), Served(present))
    moved = aggregator.targets_ != before
    assert torch.equal(moved, present.outer(present) & ~torch.eye(4, dtype=torch.bool))


def test_pairs_with_a_zero_gradient_keep_their_targets():
    aggregator = started(3, 0.5)
    jacobian = gradients(0, 3)
    jacobian[1] = 0.0
    aggregator.aggregate(jacobian)
    assert not aggregator.targets_[1].any()
    assert not aggregator.targets_[:, 1].any()
    assert aggregator.targets_[0, 2] != 0


def test_targets_of_one_do_not_let_the_update_explode():
    aggregator = started(2, 1.0)
    equal = gradients(0, 1).expand(2, -1)
    for jacobian in (equal, gradients(1, 2)):
        update = aggregator.aggregate(jacobian)
        assert bool(update.isfinite().all())
