"""The checks of declared properties find each one that does not hold."""

import pytest
import torch

from polytask.aggregation import MGDA, GramianAggregator, JacobianAggregator, Mean, Property
from polytask.testing import check_properties
from polytask.testing._jacobians import problems

PLAIN = frozenset({Property.STATELESS, Property.DETERMINISTIC})


class Declaring(JacobianAggregator):
    """Promises what it is told to promise."""

    def __init__(self, *promises):
        self.properties = PLAIN | set(promises)

    def combine(self, jacobian):
        return jacobian.sum(dim=0)


class First(Declaring):
    def combine(self, jacobian):
        return jacobian[0]


class Longest(Declaring):
    def combine(self, jacobian):
        return jacobian[jacobian.norm(dim=1).argmax()]


class Shrinking(Declaring):
    def combine(self, jacobian):
        return jacobian.mean(dim=0) / (1 + jacobian.norm())


class FromSomeSize(Declaring):
    """A small number added without regard to the gradients' size."""

    def combine(self, jacobian):
        lengths = jacobian.norm(dim=1, keepdim=True)
        return (jacobian * lengths.max() / (lengths + 1e-8)).mean(dim=0)


class NearlyShortest(Declaring):
    """Frank-Wolfe, but only a few steps of it."""

    def combine(self, jacobian):
        point = jacobian.mean(dim=0)
        for step in range(10):
            point = point + 2 / (step + 2) * (jacobian[(jacobian @ point).argmin()] - point)
        return point


class Weighing(GramianAggregator):
    """The mean, by weights that sum to 2 when all gradients are 0."""

    properties = PLAIN | {Property.CONVEX}

    def weights(self, gramian):
        total = 1.0 if gramian.any() else 2.0
        return torch.full_like(gramian[0], total / len(gramian))


@pytest.mark.parametrize(
    ("aggregator", "words"),
    [
        (First(Property.PERMUTATION_INVARIANT), "depends on the order of the tasks"),
        (Declaring(Property.NON_CONFLICTING), "conflicts with a task"),
        (NearlyShortest(Property.NON_CONFLICTING), "conflicts with a task"),
        (Shrinking(Property.SCALE_EQUIVARIANT), "does not scale"),
        (FromSomeSize(Property.SCALE_EQUIVARIANT), "does not scale"),
        (Longest(Property.LINEAR_UNDER_SCALING), "is not linear under scaling"),
        (Longest(Property.RESCALING_INVARIANT), "direction depends on the gradients' sizes"),
        (Declaring(Property.STATIONARY), "stationary, but the update has length"),
        (NearlyShortest(Property.STATIONARY), "stationary, but the update has length"),
        (Declaring(Property.CONVEX), "lies outside the hull"),
        (Weighing(), "weights are no convex combination"),
    ],
)
def test_a_broken_promise_is_found(aggregator, words):
    with pytest.raises(AssertionError, match=words):
        check_properties(aggregator)


class Growing(Declaring):
    """Grows from step to step."""

    def start(self, n_tasks, *, device=None, generator=None):
        self.generator = generator
        self.steps = 0

    def combine(self, jacobian):
        self.steps += 1
        return self.steps * jacobian.sum(dim=0)

    def state_dict(self):
        return {"steps": self.steps}


class Drawing(Growing):
    def combine(self, jacobian):
        draws = torch.rand(len(jacobian), generator=self.generator)
        return draws.to(jacobian) @ jacobian


class Promising(Declaring):
    def __init__(self, cls, promises):
        self.__class__ = cls
        self.properties = frozenset(promises)


@pytest.mark.parametrize(
    ("cls", "promises", "words"),
    [
        (Growing, PLAIN, "declares that it is stateless, but is not"),
        (Declaring, {Property.DETERMINISTIC}, "keeps nothing; declare that it is stateless"),
        (Drawing, PLAIN, "declares that it is deterministic, but draws"),
        (Growing, set(), "draws nothing; declare that it is deterministic"),
    ],
)
def test_what_can_be_seen_must_be_declared(cls, promises, words):
    with pytest.raises(AssertionError, match=words):
        check_properties(Promising(cls, promises))


@pytest.mark.parametrize("aggregator", [Mean(), MGDA(), Declaring(Property.LINEAR_UNDER_SCALING)])
def test_a_kept_promise_passes(aggregator):
    check_properties(aggregator)


@pytest.mark.parametrize("count", [2, 3, 8, 20, 50])
def test_stationary_problems_are_those_with_0_in_the_hull(count):
    for problem in problems(count):
        scale = problem.jacobian.norm(dim=1, keepdim=True).clamp_min(1e-300)
        rows = problem.jacobian / scale
        nearest = float((MGDA().weights(rows @ rows.T) @ rows).norm())
        assert (nearest < 1e-7) == problem.stationary, problem.name


@pytest.mark.parametrize("count", [1, 2, 3, 8, 20, 50])
def test_regular_problems_are_far_from_dependent(count):
    for problem in problems(count):
        scale = problem.jacobian.norm(dim=1, keepdim=True).clamp_min(1e-300)
        spread = torch.linalg.svdvals(problem.jacobian / scale)
        if problem.regular:
            assert spread[-1] > 0.05 * spread[0], problem.name
