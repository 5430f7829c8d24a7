"""The checks of weightings and aggregators find what is broken, one promise at a time."""

import pytest
import torch

from polytask.aggregation import (
    MGDA,
    Aggregator,
    AmortisedAggregator,
    GramianAggregator,
    JacobianAggregator,
    Mean,
    Property,
)
from polytask.exceptions import ParameterError
from polytask.gradients import Need
from polytask.testing import check_aggregator, check_weighting
from polytask.weighting import Equal, Static, Weighting


class Plain(Weighting):
    def scalarize(self, losses, present):
        return (losses * present).sum()


class Vector(Plain):
    def scalarize(self, losses, present):
        return losses * present


class Inverse(Plain):
    """Σ log ℓ without a thought for absent tasks, whose loss is 0."""

    def scalarize(self, losses, present):
        return losses.log().sum()


class MeanOfAll(Plain):
    """Absent tasks count in the mean of the log-losses."""

    def scalarize(self, losses, present):
        return (losses * present).sum() + 0.1 * losses.mean()


class WeighsAbsent(Plain):
    def weights(self, losses, present):
        return torch.ones_like(losses)


class OtherWeights(Plain):
    def weights(self, losses, present):
        return 2.0 * present


class Infinite(Plain):
    def scalarize(self, losses, present):
        return (losses * present).sum() / 0


class InfiniteWeights(Plain):
    def weights(self, losses, present):
        return losses / 0


class Column(Plain):
    def weights(self, losses, present):
        return super().weights(losses, present)[:, None]


class WithGraph(Plain):
    def weights(self, losses, present):
        return super().weights(losses, present) * torch.ones(1, requires_grad=True)


class InPlace(Plain):
    def weights(self, losses, present):
        weights = super().weights(losses, present)
        losses += 1
        return weights


class FixedAtOne(Plain):
    fixed = True

    def scalarize(self, losses, present):
        return (losses * present).mean()


class Dice(Plain):
    def scalarize(self, losses, present):
        return (torch.rand(len(losses)) * losses * present).sum()


class Counter(Plain):
    """Weights that grow with the number of steps."""

    def start(self, n_tasks, *, device=None, generator=None):
        self.count = torch.zeros(1)

    def scalarize(self, losses, present):
        return ((1 + self.count) * losses * present).sum()

    def learn(self, losses, present):
        self.count = self.count + 1

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


class Forgetting(Counter):
    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class NotRestoring(Counter):
    def load_state_dict(self, state):
        pass


class Aliasing(Counter):
    def learn(self, losses, present):
        self.count += 1


class SharingItsState(Aliasing):
    """Copies its state when it is asked for it, but not when it is given one."""

    def state_dict(self):
        return {"count": self.count.clone()}


class Stubborn(Counter):
    """Keeps its count when started anew."""

    steps = 0

    def start(self, n_tasks, *, device=None, generator=None):
        self.count = torch.full((1,), float(Stubborn.steps))

    def learn(self, losses, present):
        Stubborn.steps += 1
        super().learn(losses, present)


class Diverging(Counter):
    def learn(self, losses, present):
        self.count = (1 + self.count) * 1e30


@pytest.mark.parametrize(
    ("weighting", "words"),
    [
        (Vector(), "the scalar has shape"),
        (Infinite(), "the scalar is not finite"),
        (InfiniteWeights(), "weights are not finite"),
        (Column(), "weights of shape"),
        (SharingItsState(), "changes the state it was loaded from"),
        (Inverse(), "not finite when task 0 is absent|is absent"),
        (MeanOfAll(), "absent task 0 takes part in the scalar"),
        (WeighsAbsent(), "absent task 0 weighs 1"),
        (OtherWeights(), "not the gradient of the scalar"),
        (WithGraph(), "carry a graph"),
        (InPlace(), "changed in place"),
        (FixedAtOne(), "must sum to the number of tasks"),
        (Forgetting(), "resumed from its state, it answers differently at step 0"),
        (NotRestoring(), "loading a state does not restore it"),
        (Aliasing(), "`state_dict` changes as training goes on"),
        (Stubborn(), "started anew, it answers differently"),
        (Diverging(), "an answer is not finite"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_weighting_is_found(weighting, words):
    with pytest.raises(AssertionError, match=words):
        check_weighting(weighting)


def test_a_weighting_that_throws_dice_is_found():
    with pytest.raises(AssertionError, match=r"not the gradient|differently|global generator"):
        check_weighting(Dice())


def test_a_weighting_that_draws_without_using_it_is_found():
    class Wasteful(Plain):
        def learn(self, losses, present):
            torch.rand(1)

    with pytest.raises(AssertionError, match="draws from torch's global generator"):
        check_weighting(Wasteful())


class Lottery(Plain):
    """Random weights from the generator it is given."""

    def start(self, n_tasks, *, device=None, generator=None):
        self.generator = generator
        self.drawn = torch.ones(n_tasks)

    def scalarize(self, losses, present):
        return (self.drawn * losses * present).sum()

    def learn(self, losses, present):
        self.drawn = torch.rand(len(losses), generator=self.generator)

    def state_dict(self):
        return {"drawn": self.drawn}

    def load_state_dict(self, state):
        self.drawn = state["drawn"]


@pytest.mark.parametrize("weighting", [Plain(), Equal(), Counter(), Lottery()])
def test_a_good_weighting_passes(weighting):
    check_weighting(weighting)


def test_the_weighting_itself_is_left_alone():
    weighting = Counter()
    check_weighting(weighting)
    assert not hasattr(weighting, "count")


def test_a_weighting_may_serve_some_numbers_of_tasks_only():
    check_weighting(Static((1.0, 2.0, 3.0)), n_tasks=[3])
    with pytest.raises(ValueError, match="one a task"):
        check_weighting(Static((1.0, 2.0, 3.0)))


PLAIN = frozenset({Property.STATELESS, Property.DETERMINISTIC})


class Sum(GramianAggregator):
    properties = PLAIN

    def weights(self, gramian):
        return torch.ones_like(gramian[0])


class SumOfRows(JacobianAggregator):
    properties = PLAIN

    def combine(self, jacobian):
        return jacobian.sum(dim=0)


class Needless(Sum):
    needs = frozenset()


class Unpromising(Sum):
    properties = frozenset()


class Normalising(SumOfRows):
    """Divides by the gradients' lengths, which may be 0."""

    def combine(self, jacobian):
        return (jacobian / jacobian.norm(dim=1, keepdim=True)).sum(dim=0)


class Inverting(Sum):
    """Takes the Gramian to be of full rank."""

    def weights(self, gramian):
        return torch.linalg.inv(gramian).sum(dim=0).nan_to_num()


class Powers(Sum):
    """Works on fourth powers of the gradients' sizes."""

    def weights(self, gramian):
        return 1 / gramian.square().sum(dim=0).clamp_min(1e-30) * gramian.square().sum(dim=0)


class OneAWeight(SumOfRows):
    def combine(self, jacobian):
        return jacobian.sum(dim=1)


class Narrowing(SumOfRows):
    def combine(self, jacobian):
        return super().combine(jacobian).float()


class OnTheSpot(SumOfRows):
    def combine(self, jacobian):
        jacobian -= jacobian.mean()
        return jacobian.sum(dim=0)


class Uphill(SumOfRows):
    def combine(self, jacobian):
        return -jacobian.sum(dim=0)


class Signs(SumOfRows):
    def combine(self, jacobian):
        return jacobian.sum(dim=0).sign()


class Warming(Sum):
    """Weights that grow from step to step."""

    count = 0

    def start(self, n_tasks, *, device=None, generator=None):
        self.count = 0

    def weights(self, gramian):
        self.count += 1
        return self.count * super().weights(gramian)


class Shuffling(SumOfRows):
    def combine(self, jacobian):
        torch.randperm(len(jacobian))
        return super().combine(jacobian)


class Remembering(Sum):
    """Weights for all tasks, whoever is present."""

    needs = frozenset({Need.GRAMIAN, Need.PRESENT})
    properties = frozenset({Property.DETERMINISTIC})

    def start(self, n_tasks, *, device=None, generator=None):
        self.carried_ = torch.arange(1.0, n_tasks + 1).double()

    def weights(self, gramian, served=None):
        return self.carried_[: len(gramian)].to(gramian)


class LossOfAll(Sum):
    """Divides by the losses of absent tasks, which are 0."""

    needs = frozenset({Need.GRAMIAN, Need.LOSSES})
    properties = frozenset({Property.DETERMINISTIC})

    def weights(self, gramian, served=None):
        return (1 / served.losses).prod() * torch.ones_like(gramian[0])


class Lossless(LossOfAll):
    def weights(self, gramian, served=None):
        return torch.ones_like(gramian[0])


class WrongWords(LossOfAll):
    def weights(self, gramian, served=None):
        if served is None or served.losses is None:
            raise ParameterError("Losses are missing.")
        return torch.ones_like(gramian[0])


class FirstOnly(Sum):
    """Follows the first task alone, present or not."""

    needs = frozenset({Need.GRAMIAN, Need.PRESENT})
    properties = frozenset({Property.DETERMINISTIC})

    def weights(self, gramian, served=None):
        weights = torch.zeros(len(gramian) if served is None else len(served.present))
        weights[0] = 1.0
        return weights.to(gramian) if served is None else weights[served.rows].to(gramian)


class Returning(FirstOnly):
    """Does not get over two tasks that were absent in the step before."""

    absent = 0

    def start(self, n_tasks, *, device=None, generator=None):
        self.absent = 0

    def weights(self, gramian, served=None):
        before, self.absent = self.absent, 0 if served is None else int((~served.present).sum())
        return torch.ones_like(gramian[0]) / (2 - before)

    def state_dict(self):
        return {"absent": self.absent}

    def load_state_dict(self, state):
        self.absent = state["absent"]


class NotStarted(Sum):
    """Its weights are made by `start` only."""

    weight = torch.nan

    def start(self, n_tasks, *, device=None, generator=None):
        self.weight = 1.0

    def weights(self, gramian):
        return self.weight * super().weights(gramian)


class Learning(AmortisedAggregator):
    """Divides slopes by their mean, which may be 0."""

    properties = frozenset({Property.DETERMINISTIC})

    def start(self, n_tasks, *, device=None, generator=None):
        self.carried_ = torch.full((n_tasks,), 1 / n_tasks, dtype=torch.float64)

    def weights(self, gramian):
        return torch.ones_like(gramian[0])

    def carried(self, served):
        return self.carried_[served.rows]

    def move(self, product, served):
        self.carried_[served.rows] -= 0.01 * (product / product.mean()).double()


class Neither(Aggregator):
    needs = frozenset({"gramian"})

    def aggregate(self, jacobian, served=None):
        return jacobian.sum(dim=0)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("aggregator", "words"),
    [
        (Neither(), "neither a GramianAggregator nor a JacobianAggregator"),
        (Needless(), "declares no needs"),
        (Unpromising(), "declares no properties"),
        (Normalising(), "zero gradients, float64, times 1: the update is not finite"),
        (Powers(), "times 1e\\+15: the update is not finite"),
        (OneAWeight(), "an update of shape"),
        (Narrowing(), "float64 in, torch.float32 out"),
        (OnTheSpot(), "changed in place"),
        (Uphill(), "one task alone must be followed"),
        (Signs(), "one task alone must be followed"),
        (Warming(), "resumed from its state"),
        (Shuffling(), "draws from torch's global generator"),
        (Remembering(), "no attribute 'carried_'"),
        (LossOfAll(), "not finite"),
        (Lossless(), "needs losses, but raises no ParameterError"),
        (WrongWords(), "it must say “The `served` parameter"),
        (FirstOnly(), "task 1, the only one present of three, must be followed"),
        (Returning(), "not finite when tasks are absent and return"),
        (NotStarted(), "not started, the update is not finite"),
        (Learning(amortised=True), "zero gradients.*not finite after some steps"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_aggregator_is_found(aggregator, words):
    with pytest.raises((AssertionError, AttributeError), match=words):
        check_aggregator(aggregator)


@pytest.mark.usefixtures("unchecked_types")
def test_a_singular_gramian_stops_an_aggregator():
    with pytest.raises(torch.linalg.LinAlgError):
        check_aggregator(Inverting())


@pytest.mark.parametrize("aggregator", [Sum(), SumOfRows(), Mean(), MGDA()])
def test_a_good_aggregator_passes(aggregator):
    check_aggregator(aggregator)
