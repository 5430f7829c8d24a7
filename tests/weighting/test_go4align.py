"""GO4Align: the authors' indicators, and groups that are optimal."""

from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from polytask.weighting import GO4Align
from polytask.weighting._group_means import group_means

ALL = tensor([True, True, True, True])

# Written by the lines of GO4ALIGN.get_weighted_loss of the authors' methods/cluster_methods.py
# (github.com/autumn9999/GO4Align) with robust_step_size 0.01 and 2 groups on the losses of
# `losses_at`, with scikit-learn's KMeans(2, n_init=50) for the function that they do not define.
AUTHORS = [
    [6.519509, 1.14679, 1.14679, 1.14679],
    [5.390098, 0.928243, 0.928243, 0.928243],
    [4.678346, 0.813813, 0.813813, 0.813813],
    [4.26345, 0.781194, 0.781194, 0.781194],
]


def losses_at(turn):
    falls = tensor([0.9, 0.97, 0.95, 0.6], dtype=torch.float64)
    return tensor([0.5, 2.0, 2.2, 8.0], dtype=torch.float64) * falls**turn


def test_it_follows_the_authors_code():
    weighting = GO4Align(n_groups=2, step_size=0.01)
    weighting.start(4)
    for turn, wanted in enumerate(AUTHORS):
        losses = losses_at(turn)
        assert weighting.weights(losses, ALL).tolist() == pytest.approx(wanted, rel=1e-5)
        weighting.learn(losses, ALL)


def within(values, means):
    return float(((values - means) ** 2).sum())


def best_by_trying(values, n_groups):
    ordered = values.sort().values
    best = float("inf")
    for size in range(min(n_groups, len(values))):
        for cuts in combinations(range(1, len(values)), size):
            parts = torch.tensor_split(ordered, list(cuts))
            best = min(best, sum(float(((part - part.mean()) ** 2).sum()) for part in parts))
    return best


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=7).map(
        lambda v: tensor(v, dtype=torch.float64)
    ),
    st.integers(1, 5),
)
def test_no_partition_of_numbers_is_better(values, n_groups):
    means = group_means(values, n_groups)
    assert len(means.unique()) <= n_groups
    assert within(values, means) <= best_by_trying(values, n_groups) + 1e-9
    for mean in means.unique():  # each group has its own mean
        assert float(values[means == mean].mean()) == pytest.approx(float(mean), abs=1e-9)


def test_groups_are_shared_and_one_group_is_the_mean():
    losses = tensor([1.0, 1.1, 10.0, 11.0])
    two = GO4Align(n_groups=2).weights(losses, ALL)
    assert two[0] == two[1]
    assert two[2] == two[3]
    assert two[0] > two[2]
    one = GO4Align(n_groups=1).weights(losses, ALL)
    every = GO4Align(n_groups=9).weights(losses, ALL)
    assert one.tolist() == pytest.approx([float(every.mean())] * 4)


def test_every_task_alone_has_the_same_weighted_loss_at_first():
    losses = tensor([1.0, 2.0, 10.0, 0.1])
    weighted = losses * GO4Align(n_groups=4, step_size=0.0).weights(losses, ALL)
    assert weighted.tolist() == pytest.approx([13.1 / 4] * 4)


def test_shares_of_losing_tasks_sink_but_never_run_empty():
    weighting = GO4Align(n_groups=4, step_size=1.0)
    weighting.start(4)
    for _ in range(500):
        weighting.learn(tensor([0.1, 1.0, 1.0, 5.0]), ALL)
    assert float(weighting.log_share_.exp().sum()) == pytest.approx(1.0)
    assert float(weighting.log_share_[3]) == pytest.approx(-4.9 * 500, rel=1e-4)


def test_absent_tasks_stand_still_and_hold_their_share():
    weighting = GO4Align(step_size=0.1)
    weighting.start(4)
    present = tensor([True, False, True, True])
    weighting.learn(tensor([0.1, 0.0, 1.0, 5.0]), present)
    share = weighting.log_share_.exp()
    assert float(share[1]) == pytest.approx(0.25)
    assert float(share.sum()) == pytest.approx(1.0)


@pytest.mark.parametrize("losses", [[0.0] * 4, [0.0, 1.0, 2.0, 3.0], [1e-30, 1.0, 1e15, 1.0]])
def test_extreme_losses_are_served(losses):
    weighting, losses = GO4Align(), tensor(losses)
    weights = weighting.weights(losses, ALL)
    weighting.learn(losses, ALL)
    assert bool(torch.isfinite(weights).all())
    assert bool(torch.isfinite(weighting.log_share_).all())


def test_a_thousand_tasks_are_grouped():
    values = torch.linspace(0, 1, 1000)
    assert len(group_means(values, 3).unique()) == 3
