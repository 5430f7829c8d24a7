"""Methods with guarantees end on the Pareto front of a problem whose front is known."""

import inspect

import numpy as np
import pytest
import torch

from polytask import aggregation
from polytask.aggregation import MGDA, Aggregator, Mean, Property
from polytask.gradients import Need
from polytask.testing import TOY_STARTS, toy_distance, toy_front, toy_losses, toy_path
from polytask.weighting import Equal

ON_THE_FRONT = 0.05  # of losses that range over 2 and 20


def guaranteed():
    for name in aggregation.__all__:
        thing = getattr(aggregation, name)
        if (
            inspect.isclass(thing)
            and issubclass(thing, Aggregator)
            and not inspect.isabstract(thing)
        ):
            promises = {Property.NON_CONFLICTING, Property.STATIONARY} & thing.properties
            if promises and Need.VALIDATION not in thing.needs:
                yield name


def ends(method, **options):
    return toy_distance(toy_path(method, **options)[-1])


def test_the_front_is_that_of_a_fine_grid():
    """No point of the grid dominates a point of the front, and undominated ones are near it."""
    x, y = torch.linspace(-12, 12, 961), torch.linspace(-14, 12, 1041)
    grid = toy_losses(torch.cartesian_prod(x.double(), y.double())).numpy()
    front = toy_losses(toy_front(2001)).numpy()
    assert (np.diff(front, axis=0) * [1, -1] > 0).all()  # from the best first loss to the second
    order = np.lexsort((grid[:, 1], grid[:, 0]))
    grid = grid[order]
    lowest = np.minimum.accumulate(grid[:, 1])
    before = np.searchsorted(grid[:, 0], front[:, 0] - 1e-9, side="right") - 1
    reached = before >= 0
    assert (lowest[before[reached]] >= front[reached, 1] - 1e-9).all()
    undominated = grid[1:][grid[1:, 1] < lowest[:-1]]
    gaps = np.linalg.norm(undominated[:, None] - front[None, ::4], axis=2).min(axis=1)
    assert len(undominated) > 100
    assert gaps.max() < 0.05


def test_points_of_the_front_are_stationary():
    points = toy_front(101).requires_grad_()
    losses = toy_losses(points)
    first, second = (
        torch.autograd.grad(losses[:, k].sum(), points, retain_graph=True)[0] for k in (0, 1)
    )
    shares = torch.linspace(1, 0, 101, dtype=torch.float64)[:, None]
    # the first loss is scaled by 0.1
    assert (shares * 10 * first + (1 - shares) * second).abs().max() < 1e-9
    assert toy_distance(points.detach()).max() < 1e-3


def test_losses_are_positive_and_starts_are_far():
    grid = torch.linspace(-12, 12, 301, dtype=torch.float64)
    assert toy_losses(torch.cartesian_prod(grid, grid)).min() > 0.1
    assert toy_distance(torch.tensor(TOY_STARTS, dtype=torch.float64)).min() > 2


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked_types")
def test_mgda_ends_on_the_front_where_the_mean_gets_stuck():
    # steps so short that the mean does not leave the valley by its bouncing
    options = {"starts": TOY_STARTS[2:3], "steps": 1300, "learning_rate": 0.01}
    assert ends(MGDA(), **options).max() < ON_THE_FRONT
    assert ends(Mean(), **options).min() > 20 * ON_THE_FRONT


def test_weightings_descend_too():
    torch.testing.assert_close(
        toy_path(Equal(), steps=50), toy_path(Mean(), steps=50), rtol=1e-4, atol=1e-4
    )


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked_types")  # thousands of updates
@pytest.mark.parametrize("name", sorted(guaranteed()))
def test_methods_with_guarantees_end_on_the_front_from_every_start(name):
    method = getattr(aggregation, name)()
    assert ends(method, steps=250, learning_rate=0.3).max() < ON_THE_FRONT
