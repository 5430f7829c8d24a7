"""Likelihoods of counts, against torch, scipy and scikit-learn."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson
from sklearn.metrics import mean_poisson_deviance
from torch.nn.functional import poisson_nll_loss

from polytask.losses import CountLikelihood, loss_for
from polytask.tasks import Count, FittedTarget

MEAN = 2.5
CONSTANTS = {"mean_count": torch.tensor([[MEAN]], dtype=torch.float64)}
ROWS = st.integers(1, 20).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 1000), min_size=n, max_size=n),
        st.lists(st.floats(-6, 6), min_size=n, max_size=n),
        st.lists(st.floats(-4, 4), min_size=n, max_size=n),
        st.lists(st.floats(0.01, 100), min_size=n, max_size=n),
    )
)


def rows(scores, counts, exposures=None):
    cells = [np.array(counts) / MEAN]
    cells += [] if exposures is None else [np.log(exposures)]
    values = torch.from_numpy(np.stack(cells, axis=1))
    mask = torch.ones_like(values, dtype=torch.bool)
    constants = {"mean_count": CONSTANTS["mean_count"].expand(len(values), 1)}
    return CountLikelihood().rowwise(torch.tensor(scores), values, mask, constants)


@given(drawn=ROWS)
def test_poisson_losses_are_deviances_and_likelihoods(drawn):
    counts, scores, _, exposures = map(np.array, drawn)
    expected = MEAN * np.exp(scores) * exposures
    found = rows(scores[:, None], counts, exposures).numpy()
    assert (found >= -1e-9).all()
    for loss, y, mean in zip(found, counts, expected, strict=True):
        deviance = mean_poisson_deviance([y], [mean])
        assert loss * MEAN == pytest.approx(deviance / 2, rel=1e-6, abs=1e-7)
    nll = poisson_nll_loss(
        torch.from_numpy(expected).log(), torch.from_numpy(counts).double(), reduction="none"
    )
    least = counts - np.where(counts > 0, counts * np.log(np.maximum(counts, 1)), 0)
    np.testing.assert_allclose(found * MEAN, nll.numpy() - least, rtol=1e-6, atol=1e-6)


@given(drawn=ROWS)
def test_negative_binomial_losses_are_likelihoods(drawn):
    counts, scores, dispersions, exposures = map(np.array, drawn)
    found = rows(np.stack([scores, dispersions], axis=1), counts, exposures).numpy()
    size, mean = np.exp(-dispersions), MEAN * np.exp(scores) * exposures
    expected = -nbinom(size, size / (size + mean)).logpmf(counts)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert (found >= 0).all()


def test_without_dispersion_a_negative_binomial_is_poisson():
    counts = np.arange(8)
    found = rows(np.tile([0.3, -50.0], (8, 1)), counts).numpy()
    expected = -poisson(MEAN * np.exp(0.3)).logpmf(counts)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_losses_go_on_by_their_tangent():
    scores = torch.tensor([[19.999], [20.001], [100.0]], dtype=torch.float64).requires_grad_()
    values, mask = torch.zeros(3, 1, dtype=torch.float64), torch.ones(3, 1, dtype=torch.bool)
    losses = CountLikelihood().rowwise(scores, values, mask, {})
    (slopes,) = torch.autograd.grad(losses.sum(), scores)
    assert slopes[0].item() == pytest.approx(slopes[1].item(), rel=2e-3)
    assert slopes[2].item() == pytest.approx(np.exp(20.0))
    assert losses[2].item() == pytest.approx(np.exp(20.0) * 81, rel=1e-6)


def test_rows_without_exposure_have_no_loss():
    values = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    mask = torch.tensor([[True, True], [True, False]])
    losses = CountLikelihood().rowwise(torch.ones(2, 1), values, mask, {})
    assert losses[0] > 0
    assert losses[1] == 0


def test_it_is_the_default_of_counts():
    assert loss_for(Count()) == loss_for(Count("negative_binomial")) == CountLikelihood()
    target = FittedTarget(("n",), learned={"mean_count": (4.0,)})
    assert CountLikelihood().constants([target, target])["mean_count"].tolist() == [[4.0], [4.0]]
