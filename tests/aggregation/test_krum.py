"""Krum against a slow count of distances, and TorchJD where plain distances select the same."""

from functools import partial

import pytest
import torch
from drawn_gradients import gradients as drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.aggregation import Krum

gradients = partial(drawn, n_columns=6)


def textbook(jacobian, n_byzantine, n_selected):
    """Section 4 of the paper, with ties broken by the order of the tasks."""
    scores = []
    for k, gradient in enumerate(jacobian):
        others = [float((gradient - other) @ (gradient - other)) for other in jacobian]
        del others[k]
        scores.append(sum(sorted(others)[: len(jacobian) - n_byzantine - 2]))
    order = sorted(range(len(jacobian)), key=lambda k: (round(scores[k], 9), k))
    return jacobian[order[:n_selected]].mean(0)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(0, 4), st.integers(1, 5))
def test_the_update_is_that_of_the_paper(seed, n_byzantine, more, n_selected):
    jacobian = gradients(seed, n_byzantine + 3 + more)
    update = Krum(n_byzantine, n_selected).aggregate(jacobian)
    torch.testing.assert_close(update, textbook(jacobian, n_byzantine, n_selected))


def test_the_update_is_torchjds_if_one_neighbour_counts():
    aggregation = pytest.importorskip("torchjd.aggregation")
    for seed in range(20):  # with one neighbour, the two closest are selected
        jacobian = gradients(seed, 6)
        wanted = aggregation.Krum(3, 2)(jacobian)
        torch.testing.assert_close(Krum(3, 2).aggregate(jacobian), wanted)


def test_wrong_gradients_are_not_selected():
    jacobian = gradients(0, 9)
    jacobian[[0, 4]] *= 1e12
    weights = Krum(2, 5).weights(jacobian @ jacobian.T)
    assert not weights[[0, 4]].any()
    assert sorted(weights.tolist())[-5:] == [0.2] * 5


@pytest.mark.parametrize("n_tasks", [1, 2, 3])
def test_with_few_tasks_the_first_of_the_closest_is_followed(n_tasks):
    jacobian = gradients(1, n_tasks)
    if n_tasks == 3:
        jacobian[0] += 100.0
    weights = Krum(5).weights(jacobian @ jacobian.T)
    assert weights.tolist() == [float(k == (1 if n_tasks == 3 else 0)) for k in range(n_tasks)]


def test_all_are_averaged_where_more_are_wanted():
    jacobian = gradients(2, 3)
    torch.testing.assert_close(Krum(0, 10).aggregate(jacobian), jacobian.mean(0))
