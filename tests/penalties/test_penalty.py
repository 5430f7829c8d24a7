"""The proximal maps of all penalties, by their properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polytask._naming import public_classes, required
from polytask.penalties import Penalty

NUMBERS = st.integers(-8, 8).map(lambda n: n / 4)  # ties and zeros are frequent
PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(
        arrays(float, shape, elements=NUMBERS), arrays(float, shape, elements=NUMBERS)
    )
)
STEPS = st.sampled_from([0.1, 0.5, 2.0])


def proximal():
    classes = public_classes("polytask.penalties", Penalty).values()
    return [cls for cls in classes if cls.prox is not Penalty.prox and not required(cls)]


@pytest.mark.parametrize("cls", proximal())
@settings(max_examples=25)
@given(pair=PAIRS, step=STEPS)
def test_proximal_maps_are_firmly_nonexpansive(cls, pair, step):
    first, second = pair
    penalty = cls(alpha=0.5)
    moved = penalty.prox(first, step) - penalty.prox(second, step)
    assert (moved * moved).sum() <= (moved * (first - second)).sum() + 1e-9


@pytest.mark.parametrize("cls", proximal())
@settings(max_examples=25)
@given(pair=PAIRS, step=STEPS)
def test_what_was_moved_is_a_subgradient(cls, pair, step):
    """V = prox(W) if and only if (W − V) / step is a subgradient at V."""
    weights, other = pair
    penalty = cls(alpha=0.5)
    point = penalty.prox(weights, step)
    slope = (weights - point) / step
    least = penalty.value(point) + (slope * (other - point)).sum()
    assert penalty.value(other) >= least - 1e-9


@pytest.mark.parametrize("cls", proximal())
@settings(max_examples=25)
@given(pair=PAIRS)
def test_without_strength_nothing_moves(cls, pair):
    np.testing.assert_allclose(cls(alpha=0.0).prox(pair[0], 3.0), pair[0], atol=1e-12)
