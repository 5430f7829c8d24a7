"""GradNorm against its objective by automatic differentiation, and what it is for."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.aggregation import GradNorm
from polytask.exceptions import ParameterError
from polytask.gradients import Served


def told(*losses):
    losses = torch.tensor(losses, dtype=torch.float64)
    return Served(losses > 0, losses)


def textbook(jacobian, losses, initial, logits, alpha):
    """Gradient of Σ |wₖ‖gₖ‖ − Ḡ rₖ^α| / Ḡ by the logits; targets and Ḡ are constants."""
    logits = logits.clone().requires_grad_()
    lengths = (len(losses) * logits.softmax(0)[:, None] * jacobian).norm(dim=1)
    mean = lengths.mean().detach()
    ratio = losses / initial
    target = mean * (ratio / ratio.mean()) ** alpha
    ((lengths - target).abs().sum() / mean).backward()
    return logits.grad


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 6), st.sampled_from([0.0, 0.5, 1.5, 3.0]))
def test_steps_are_those_of_automatic_differentiation(seed, n_tasks, alpha):
    draw = np.random.default_rng(seed)
    method = GradNorm(alpha=alpha, learning_rate=0.1)
    logits, initial = torch.zeros(n_tasks, dtype=torch.float64), None
    for _ in range(4):
        jacobian = torch.from_numpy(draw.normal(size=(n_tasks, 5)))
        losses = torch.from_numpy(draw.uniform(0.1, 3, n_tasks))
        initial = losses if initial is None else initial
        served = Served(torch.ones(n_tasks, dtype=torch.bool), losses)
        weights = method.weights(jacobian @ jacobian.T, served)
        torch.testing.assert_close(weights, n_tasks * logits.softmax(0))
        logits = logits - 0.1 * textbook(jacobian, losses, initial, logits, alpha)
        torch.testing.assert_close(method.logit_, logits)


def test_without_alpha_all_weighted_gradients_become_equally_long():
    lengths = torch.tensor([0.1, 1.0, 5.0], dtype=torch.float64)
    method = GradNorm(alpha=0.0, learning_rate=0.01)
    for _ in range(400):
        weights = method.weights(torch.diag(lengths**2), told(1.0, 1.0, 1.0))
    np.testing.assert_allclose(weights * lengths, (weights * lengths).mean(), rtol=0.05)


def test_a_task_that_learns_slowly_is_pulled_along():
    method = GradNorm()
    method.weights(torch.eye(2, dtype=torch.float64), told(2.0, 4.0))
    for _ in range(5):
        weights = method.weights(torch.eye(2, dtype=torch.float64), told(1.0, 4.0))
    assert weights[1] > 1.05
    assert float(weights.sum()) == pytest.approx(2.0)


def test_an_absent_task_does_not_move_and_starts_from_its_first_loss():
    method = GradNorm()
    method.start(3)
    method.weights(torch.diag(torch.tensor([1.0, 9.0])), told(1.0, 3.0, 0.0))
    assert method.logit_[2] == 0
    assert method.initial_loss_[2].isnan()
    kept = method.logit_[0].clone()
    weights = method.weights(torch.diag(torch.tensor([1.0, 9.0])), told(0.0, 1.0, 5.0))
    assert method.logit_[0] == kept
    torch.testing.assert_close(
        method.initial_loss_, torch.tensor([1.0, 3.0, 5.0], dtype=torch.float64)
    )
    assert float(weights.sum()) == pytest.approx(2.0)


def test_losses_of_zero_leave_weights_finite():
    method = GradNorm()
    present = torch.ones(2, dtype=torch.bool)
    for losses in ([0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [-1.0, 2.0]):
        weights = method.weights(torch.eye(2), Served(present, torch.tensor(losses)))
        assert bool(weights.isfinite().all())


def test_losses_are_asked_for():
    with pytest.raises(ParameterError, match="`served` parameter of GradNorm must be a Served"):
        GradNorm().weights(torch.eye(2))
