"""The largest weighted loss, and the smooth one that tends to it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.exceptions import ParameterError
from polytask.weighting import SmoothTchebycheff, Tchebycheff

LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0]), torch.tensor([True, True, True])
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3)
POSITIVE = st.lists(st.floats(0.01, 100.0), min_size=3, max_size=3)


@given(VALUES, POSITIVE, VALUES)
def test_the_scalar_is_the_textbook_maximum(values, preference, reference):
    weighting = Tchebycheff(preference=tuple(preference), reference=tuple(reference))
    total = sum(preference)
    textbook = max(
        share / total * (value - point)
        for share, value, point in zip(preference, values, reference, strict=True)
    )
    scalar = weighting.scalarize(torch.tensor(values, dtype=torch.float64), ALL)
    assert float(scalar) == pytest.approx(textbook, rel=1e-9, abs=1e-9)


def test_only_the_worst_task_weighs():
    assert Tchebycheff().weights(LOSSES, ALL).tolist() == pytest.approx([0.0, 0.0, 1 / 3])
    weights = Tchebycheff(reference=(0.0, 0.0, 7.0)).weights(LOSSES, ALL)
    assert weights.tolist() == pytest.approx([0.0, 1 / 3, 0.0])


def test_the_worst_of_those_present_weighs():
    weights = Tchebycheff().weights(LOSSES, torch.tensor([True, True, False]))
    assert weights.tolist() == pytest.approx([0.0, 1 / 3, 0.0])


def test_ties_are_shared():
    weights = Tchebycheff().weights(torch.tensor([1.0, 1.0, 0.0]), ALL)
    assert weights.tolist() == pytest.approx([1 / 6, 1 / 6, 0.0])


@pytest.mark.parametrize("cls", [Tchebycheff, SmoothTchebycheff])
def test_there_must_be_a_number_for_every_task(cls):
    for parameter in ("preference", "reference"):
        expected = rf"`{parameter}` parameter of {cls.__name__} must be 3 numbers, one per task"
        with pytest.raises(ParameterError, match=expected):
            cls(**{parameter: (1.0, 2.0)}).start(3)


@pytest.mark.parametrize("cls", [Tchebycheff, SmoothTchebycheff])
def test_negative_losses_are_served(cls):
    losses = torch.tensor([-3.0, -1.0, -2.0])
    assert cls().weights(losses, ALL).argmax() == 1


@pytest.mark.parametrize("cls", [Tchebycheff, SmoothTchebycheff])
def test_numbers_follow_the_type_of_the_losses(cls):
    weighting = cls(preference=(1.0, 1.0, 1.0))
    assert weighting.weights(LOSSES, ALL).dtype == torch.float32
    weights = weighting.weights(LOSSES.double(), ALL)
    assert weights.dtype == torch.float64
    assert float(weights.max()) <= 1 / 3
