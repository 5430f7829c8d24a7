"""The partial likelihood of Cox against other libraries, and what it does not depend on."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.losses import CoxLikelihood
from polytask.testing import check_loss

X = torch.from_numpy(np.random.default_rng(0).normal(size=(12, 2)).round(2))
TIME = torch.tensor([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], dtype=torch.float64)
EVENT = torch.tensor([1.0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0], dtype=torch.float64)
WEIGHT = torch.tensor([1.0, 2, 1, 3, 1, 2, 1, 1, 2, 1, 1, 1], dtype=torch.float64)


def total(scores, time, event, weight):
    """The loss of one task."""
    values = torch.stack([time, event], dim=-1)[:, None]
    mask = torch.ones_like(values, dtype=torch.bool)
    losses = CoxLikelihood().listwise(scores[:, None, None], values, mask, weight[:, None], {})
    return losses[:, 0] @ weight


@pytest.mark.parametrize(
    ("time", "weight", "loss", "gradient"),
    [
        (
            TIME + torch.arange(12) / 100,
            WEIGHT / 2 + 0.1,
            11.42001771547147,
            [-3.1767311749021756, -2.160023321845795],
        ),
        (TIME, WEIGHT, 29.128245073049104, [-5.26585484199831, -4.871452559056982]),
    ],
    ids=["weights", "ties and weights"],
)
def test_values_of_lifelines_and_scikit_survival(time, weight, loss, gradient):
    """Golden values, for scores X β with β = (0.5, −1).

    Without ties those of lifelines 0.30.3, minus ``_get_efron_values_single(X, time, event, weight,
    None, β)`` of ``SemiParametricPHFitter`` on rows in the order of their times. With ties those of
    scikit-survival 0.28, ``CoxPHOptimizer(X, event, time, np.zeros(2), "breslow")`` on rows repeated
    as their weights say, times their number: ``nlog_likelihood(β)``, and ``gradient`` after
    ``update(β)``.
    """
    beta = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
    found = total(X @ beta, time, EVENT, weight)
    (slope,) = torch.autograd.grad(found, beta)
    assert float(found.detach()) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(slope, gradient, rtol=1e-12)


@given(seed=st.integers(0, 99), shift=st.floats(-90, 90))
def test_weights_are_repetitions_and_a_shift_of_scores_means_nothing(seed, shift):
    generator = np.random.default_rng(seed)
    scores = torch.from_numpy(generator.normal(size=12).astype(np.float32))
    times = torch.from_numpy(generator.integers(0, 4, 12))
    rows = torch.arange(12).repeat_interleave(times)
    weighted = total(scores, TIME, EVENT, times.float())
    repeated = total(scores[rows], TIME[rows], EVENT[rows], torch.ones(len(rows)))
    torch.testing.assert_close(weighted, repeated, rtol=1e-4, atol=1e-4)
    moved = total(scores + shift, TIME, EVENT, times.float())
    torch.testing.assert_close(moved, weighted, rtol=1e-3, atol=1e-2)


def test_no_event_and_no_weight():
    scores = torch.randn(12, requires_grad=True, dtype=torch.float64)
    for weight, event in ((WEIGHT, 0 * EVENT), (0 * WEIGHT, EVENT)):
        found = total(scores, TIME, event, weight)
        (gradient,) = torch.autograd.grad(found, scores)
        assert float(found.detach()) == 0
        assert not gradient.any()


def test_gradients_by_task_in_one_batched_pass():
    """As engines take them on a GPU."""
    scores = torch.randn(12, 2, 1, requires_grad=True)
    values = torch.stack([TIME, EVENT], dim=-1).float()[:, None].expand(-1, 2, -1)
    mask = torch.ones_like(values, dtype=torch.bool)
    losses = CoxLikelihood().listwise(scores, values, mask, torch.ones(12, 2), {}).sum(dim=0)
    options = {"retain_graph": True}
    (batched,) = torch.autograd.grad(losses, scores, torch.eye(2), is_grads_batched=True, **options)
    for task in (0, 1):
        (alone,) = torch.autograd.grad(losses[task], scores, **options)
        torch.testing.assert_close(batched[task], alone)


def test_it_keeps_the_contract():
    check_loss(CoxLikelihood())
