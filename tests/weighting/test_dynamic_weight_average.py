"""Dynamic weight average against LibMTL's, and where no speed is known."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polytask.weighting import DynamicWeightAverage

LOSSES, ALL = torch.tensor([0.5, 2.0, 8.0]), torch.tensor([True, True, True])
EPOCHS = st.lists(st.floats(-1e30, 1e30), min_size=3, max_size=3)

# LibMTL.weighting.DWA.backward with `epoch` 2, T = 2 and `train_loss_buffer`
# [[1, 0.9], [4, 1], [2, 3]], a row per task: the weights that it returns.
LIBMTL = [0.9764397740364075, 0.7055044770240784, 1.3180558681488037]


def after(*epochs, **options):
    weighting = DynamicWeightAverage(**options)
    weighting.start(3)
    for losses in epochs:
        weighting.end_epoch(torch.tensor(losses))
    return weighting


def test_it_weighs_as_libmtl_does():
    weighting = after([1.0, 4.0, 2.0], [0.9, 1.0, 3.0])
    assert weighting.weights(LOSSES, ALL).tolist() == pytest.approx(LIBMTL, rel=1e-6)


def test_the_last_two_epochs_count():
    long = after([9.0, 9.0, 1.0], [1.0, 4.0, 2.0], [0.9, 1.0, 3.0])
    assert long.weights(LOSSES, ALL).tolist() == pytest.approx(LIBMTL, rel=1e-6)
    assert long.epoch_losses_.shape == (2, 3)


def test_weights_are_one_until_two_epochs_are_over():
    for weighting in (DynamicWeightAverage(), after(), after([1.0, 4.0, 2.0])):
        assert weighting.weights(LOSSES, ALL).tolist() == [1.0, 1.0, 1.0]


def test_unknown_speeds_count_as_one():
    weighting = after([0.0, -1.0, 1.0], [1.0, -2.0, 0.0])
    assert weighting.weights(LOSSES, ALL).tolist() == pytest.approx([1.0, 1.0, 1.0])


@given(EPOCHS, EPOCHS)
def test_weights_sum_to_the_number_of_tasks(first, second):
    weights = after(first, second, temperature=0.5).weights(LOSSES, ALL)
    assert float(weights.sum()) == pytest.approx(3.0, rel=1e-5)


def test_an_absent_task_does_not_change_the_others():
    weighting = after([1.0, 4.0, 2.0], [0.9, 1.0, 3.0])
    weights = weighting.weights(LOSSES, torch.tensor([True, False, True]))
    assert weights.tolist() == pytest.approx([LIBMTL[0], 0.0, LIBMTL[2]], rel=1e-6)
