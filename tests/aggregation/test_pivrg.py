"""PIVRG's shares and equation against the authors' recipe, and its losses."""

import math

import numpy as np
import pytest
import torch
from drawn_gradients import gradients
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from polytask.aggregation import PIVRG, FairGrad
from polytask.exceptions import ParameterError
from polytask.gradients import Served


def served(*losses):
    return Served(torch.ones(len(losses), dtype=torch.bool), torch.tensor(losses))


def textbook(gramian, drops, bound, min_temperature):
    """Shares by a softmax, then weights by least squares."""
    temperature = max((max(drops) - min(drops)) / math.log(bound), min_temperature)
    powers = np.exp(np.array(drops) / temperature)
    shares = len(drops) * powers / powers.sum()
    start = np.ones(len(drops)) / len(drops)
    exact = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    found = least_squares(
        lambda w: gramian @ w - np.sqrt(shares / w), start, bounds=(0, np.inf), **exact
    )
    return found.x


@pytest.mark.parametrize("drops", [(30.0, 0.0, -20.0), (1.0, 2.0, 3.0)])
def test_the_authors_recipe_finds_the_same(drops):
    jacobian = gradients(1, 3)
    gramian = jacobian @ jacobian.T
    pivrg = PIVRG(max_norm=None)
    pivrg.start(3)
    pivrg.set_drops(drops)
    weights = pivrg.weights(gramian, served(1.0, 1.0, 1.0))
    np.testing.assert_allclose(weights, textbook(gramian.numpy(), drops, 2.0, 10.0), rtol=1e-4)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6), st.floats(1.1, 5.0))
def test_no_share_exceeds_another_by_more_than_the_bound(drops, bound):
    pivrg = PIVRG(bound=bound, max_norm=None)
    pivrg.set_drops(drops)
    weights = pivrg.weights(torch.eye(len(drops)).double(), served(*[1.0] * len(drops)))
    shares = weights**3  # of orthogonal unit gradients w = sqrt(p / w)
    assert float(shares.mean()) == pytest.approx(1)
    assert float(shares.max() / shares.min()) < bound * (1 + 1e-9)


def test_without_differences_it_is_fair_grad():
    jacobian = gradients(2, 3)
    update = PIVRG().aggregate(jacobian, served(3.0, 1.0, 2.0))
    torch.testing.assert_close(update, FairGrad().aggregate(jacobian))


def test_the_task_that_improves_least_counts_more():
    pivrg, gramian = PIVRG(memory=0.0), torch.eye(2)
    pivrg.weights(gramian, served(10.0, 0.1))
    one, other = pivrg.weights(gramian, served(5.0, 0.09)).tolist()
    assert other > one


def test_drops_are_measured_against_the_baselines():
    pivrg, gramian = PIVRG(baselines=(1.0, 2.0), memory=0.0, max_norm=None), torch.eye(2).double()
    weights = pivrg.weights(gramian, served(1.5, 2.0))  # 50 % worse, and equal
    wanted = textbook(np.eye(2), [50.0, 0.0], 2.0, 10.0)
    np.testing.assert_allclose(weights, wanted, rtol=1e-5)


def test_losses_of_absent_tasks_stay():
    pivrg = PIVRG(memory=0.5)
    pivrg.start(3)
    pivrg.weights(
        torch.eye(2), Served(torch.tensor([True, False, True]), torch.tensor([4.0, 0, 2]))
    )
    pivrg.weights(
        torch.eye(2), Served(torch.tensor([False, True, True]), torch.tensor([0, 3.0, 4]))
    )
    assert pivrg.losses_.tolist() == [4.0, 3.0, 3.0]
    assert pivrg.first_.tolist() == [4.0, 3.0, 2.0]


def test_drops_that_were_told_survive_a_checkpoint():
    one, other = PIVRG(), PIVRG()
    one.start(2)
    one.set_drops([3.0, 40.0])
    other.start(2)
    other.load_state_dict(one.state_dict())
    jacobian, losses = gradients(3, 2), served(1.0, 2.0)
    assert torch.equal(one.aggregate(jacobian, losses), other.aggregate(jacobian, losses))


def test_numbers_of_another_length_are_refused():
    with pytest.raises(ParameterError, match="`baselines` parameter of PIVRG must be 3 numbers"):
        PIVRG(baselines=(1.0, 2.0)).start(3)
    pivrg = PIVRG()
    pivrg.start(2)
    with pytest.raises(ParameterError, match="`drops` parameter of PIVRG"):
        pivrg.set_drops([1.0])
    with pytest.raises(ParameterError, match="`drops` parameter of PIVRG"):
        pivrg.set_drops([1.0, float("nan")])
