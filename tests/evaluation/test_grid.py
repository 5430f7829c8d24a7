from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.architectures import HardSharing, SingleTask
from polytask.encoders import PiecewiseLinear, Standardized, TabM
from polytask.evaluation import grid
from polytask.evaluation.running._trials import tuned_ranges
from polytask.exceptions import ParameterError
from polytask.learners import GradientBoosting, Linear, PooledLinear
from polytask.neural_network import MultiTaskNetwork
from polytask.ranges import Choices, Range
from polytask.training import Trainer

SPACE = {
    "trainer.learning_rate": Range(1e-5, 0.1, log=True, default=1e-3, step=2),
    "trainer.weight_decay": Choices((0.0, 1e-4)),
}


def test_defaults_first_then_one_setting_at_a_time():
    assert [tuple(point.values()) for point in grid(SPACE, 9)] == [
        (1e-3, 0.0),
        (2e-3, 0.0),
        (5e-4, 0.0),
        (1e-3, 1e-4),
        (2e-3, 1e-4),
        (5e-4, 1e-4),
    ]


@given(st.lists(st.integers(1, 4), max_size=4), st.integers(1, 30))
def test_more_trials_go_on_where_fewer_stopped(sizes, trials):
    space = {str(place): Choices(tuple(range(size))) for place, size in enumerate(sizes)}
    everything = grid(space, 10_000)
    assert {tuple(point.values()) for point in everything} == set(product(*map(range, sizes)))
    assert grid(space, trials) == everything[:trials]
    assert not any(everything[0].values())


def test_a_learner_without_settings_has_one_point():
    assert grid({}, 5) == [{}]


RATE, DECAY = "trainer.learning_rate", "trainer.weight_decay"


@pytest.mark.parametrize("network", [MultiTaskNetwork(), MultiTaskNetwork(SingleTask())])
def test_networks_try_learning_rates_and_weight_decays(network):
    points = grid(tuned_ranges(network), 9)
    assert points[:5] == [
        {RATE: 1e-3, DECAY: 0.0},
        {RATE: 1e-3 * 3, DECAY: 0.0},
        {RATE: 1e-3 / 3, DECAY: 0.0},
        {RATE: 1e-3, DECAY: 1e-5},
        {RATE: 1e-3, DECAY: 1e-4},
    ]
    assert len(points) == len(set(map(str, points))) == 9


@given(st.floats(1e-7, 10.0), st.sampled_from([0.0, 1e-5, 1e-4, 0.1]))
def test_the_recipes_own_values_come_first_wherever_they_lie(rate, decay):
    network = MultiTaskNetwork(trainer=Trainer(learning_rate=rate, weight_decay=decay))
    ranges = tuned_ranges(network)
    assert ranges[RATE].grid() == (rate, rate * 3, rate / 3)
    others = tuple(one for one in (1e-5, 1e-4) if one != decay)
    assert ranges[DECAY].grid() == (decay, *others)


def test_ensembles_try_bins_and_plain_numbers_first_and_keep_settings_of_bins():
    bins = PiecewiseLinear(n_bins=8)
    network = MultiTaskNetwork(HardSharing(TabM(members=4, numbers=bins)))
    points = grid(tuned_ranges(network), 3)
    assert [point["encoder.numbers"] for point in points] == [bins, Standardized(), bins]
    assert points[2][RATE] != points[0][RATE] == network.trainer.learning_rate


def test_classics():
    alphas = (1.0, 10.0, 100.0, 0.1, 1000.0, 0.01)
    for learner in (Linear(), PooledLinear()):
        assert [point["alpha"] for point in grid(tuned_ranges(learner), 10)] == list(alphas)
    assert tuned_ranges(Linear(alpha=7.0))["alpha"].grid() == (7.0, 10.0, 100.0, 0.1, 1000.0, 0.01)
    assert grid(tuned_ranges(GradientBoosting()), 10) == [
        {"learning_rate": 0.1, "max_leaf_nodes": 31},
        {"learning_rate": 0.03, "max_leaf_nodes": 31},
        {"learning_rate": 0.1, "max_leaf_nodes": 8},
        {"learning_rate": 0.03, "max_leaf_nodes": 8},
    ]


class Untuned(Linear):
    tuned = ("alhpa",)


def test_what_is_tuned_must_have_a_range():
    with pytest.raises(ParameterError, match=r"names 'alhpa' in `tuned`, .* Did you mean 'alpha'"):
        tuned_ranges(Untuned())
