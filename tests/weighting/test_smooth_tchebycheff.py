"""Smooth Tchebycheff against the authors' code, its bounds and its limits."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.weighting import SmoothTchebycheff, Tchebycheff

LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0], dtype=torch.float64), torch.tensor([True, True, True])

# LibMTL.weighting.STCH, as the authors' code, after its warm-up (`epoch` 5, `average_loss`
# [1, 4, 2], `average_loss_count` 1), in float64: gradients of the losses [0.5, 2, 8] by their
# logarithms, that is times the losses. It maximises over x = log(ℓ / average), weighs tasks 1
# and multiplies by the number of tasks 3; with λ = 1/3 that is 9 times ours with μ / 3.
LIBMTL = {
    1.0: [0.30000000000000004, 0.30000000000000004, 2.4],
    0.2: [9.154714678059222e-05, 9.154714678059222e-05, 2.999816905706439],
}
AVERAGE = (1.0, 4.0, 2.0)


@pytest.mark.parametrize("mu", LIBMTL)
def test_it_weighs_as_the_authors_do(mu):
    weighting = SmoothTchebycheff(mu=mu / 3, reference=tuple(map(math.log, AVERAGE)))
    weights = 9 * weighting.weights(torch.log(LOSSES), ALL)
    assert weights.tolist() == pytest.approx(LIBMTL[mu], rel=1e-6)


@given(st.lists(st.floats(-100.0, 100.0), min_size=3, max_size=3), st.floats(0.01, 100.0))
def test_it_bounds_the_maximum(values, mu):
    losses = torch.tensor(values, dtype=torch.float64)
    highest = float(Tchebycheff().scalarize(losses, ALL))
    smooth = float(SmoothTchebycheff(mu=mu).scalarize(losses, ALL))
    assert highest - 1e-9 <= smooth <= highest + mu * math.log(3) + 1e-9


def test_its_limits_are_the_maximum_and_the_mean():
    sharp = SmoothTchebycheff(mu=1e-6).weights(LOSSES, ALL)
    assert sharp.tolist() == pytest.approx([0.0, 0.0, 1 / 3])
    flat = SmoothTchebycheff(mu=1e6).weights(LOSSES, torch.tensor([True, True, False]))
    assert flat.tolist() == pytest.approx([1 / 6, 1 / 6, 0.0], rel=1e-4)


def test_extreme_losses_over_a_small_mu_stay_finite():
    losses = torch.tensor([1e30, -1e30, 1e30])
    weighting = SmoothTchebycheff(mu=1e-20)
    assert weighting.weights(losses, ALL).tolist() == pytest.approx([1 / 6, 0.0, 1 / 6])
    nobody = torch.tensor([False, False, False])
    assert float(weighting.scalarize(losses, nobody)) == 0.0
