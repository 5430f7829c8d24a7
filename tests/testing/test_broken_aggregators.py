"""The check of an aggregator finds what is broken, one promise at a time."""

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
from polytask.testing import check_aggregator

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
        return weights.to(gramian) if served is None else weights[served.indices].to(gramian)


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
        return self.carried_[served.indices]

    def move(self, product, served):
        self.carried_[served.indices] -= 0.01 * (product / product.mean()).double()


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
        (Unpromising(), "draws nothing; declare that it is deterministic"),
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
