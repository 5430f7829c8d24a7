"""Weights are made every n-th step, carried in between, and filled in for newcomers."""

import pytest
import torch

from polytask.aggregation import (
    DBMTL,
    MGDA,
    STCH,
    AmortisedAggregator,
    Every,
    GradNorm,
    GramianAggregator,
    JacobianAggregator,
    Property,
)
from polytask.exceptions import ParameterError
from polytask.gradients import Need, Served, backward

EVERYONE = torch.tensor([True, True, True])


class Counted(GramianAggregator):
    """Weights 1, 2, 3 …, times the number of calls."""

    def __init__(self):
        self.calls = 0

    def weights(self, gramian):
        self.calls += 1
        return self.calls * torch.arange(1.0, len(gramian) + 1)


class Amortised(AmortisedAggregator):
    """Carries weights by itself."""

    def __init__(self):
        super().__init__(amortised=True)

    def weights(self, gramian):
        return torch.ones(len(gramian))

    def carried(self, served):
        return torch.ones(len(served.indices))

    def move(self, product, served):
        pass


def test_weights_are_made_every_nth_step():
    inner = Counted()
    method = Every(inner, n=3)
    updates = [method.aggregate(torch.eye(2)).tolist() for _ in range(7)]
    assert updates == [[1.0, 2.0]] * 3 + [[2.0, 4.0]] * 3 + [[3.0, 6.0]]
    assert inner.calls == 3


def test_needs_change_from_step_to_step():
    method = Every(GradNorm(), n=2)
    asked = []
    for _ in range(4):
        asked.append(method.needs)
        method.aggregate(torch.eye(3), Served(EVERYONE, torch.ones(3)))
    assert asked == [GradNorm().needs, {Need.PRESENT}] * 2
    assert Every(STCH(), n=2).needs == {Need.LOSSES, Need.PRESENT}


def test_the_engine_computes_no_gramian_in_between():
    class Strict(MGDA):
        def weights(self, gramian):
            assert made[-1] % 4 == 0
            return super().weights(gramian)

    point, method, made = torch.nn.Parameter(torch.tensor([1.0, 0.0])), Every(Strict(), n=4), []
    first = None
    for step in range(8):
        made.append(step)
        losses = [(step + 1) * (point[0] - 2) ** 2, (point[1] - 2) ** 2]
        point.grad = None
        weights = backward(losses, [point], method)
        first = weights if step == 0 else first
        assert torch.equal(weights, first) == (step < 4)
        gradients = torch.tensor([-2.0 * (step + 1), -4.0])
        torch.testing.assert_close(point.grad, weights * gradients)


def test_every_step_is_as_the_aggregator_alone():
    draw = torch.Generator().manual_seed(0)
    method = Every(MGDA(), n=1)
    for _ in range(3):
        jacobian = torch.randn(3, 4, generator=draw)
        torch.testing.assert_close(method.aggregate(jacobian), MGDA().aggregate(jacobian))


def test_a_newcomer_gets_the_mean_of_the_carried_weights():
    method = Every(Counted(), n=3)
    method.start(3)
    two = Served(torch.tensor([True, True, False]))
    method.weights(torch.eye(2), two)
    assert method.carried(Served(EVERYONE)).tolist() == [1.0, 2.0, 1.5]
    assert method.carried(Served(torch.tensor([False, True, True]))).tolist() == [2.0, 1.5]
    method.weights(torch.eye(1), Served(torch.tensor([False, False, True])))
    assert method.carried(Served(EVERYONE)).tolist() == [1.0, 2.0, 2.0]


class Median(JacobianAggregator):
    def combine(self, jacobian):
        return jacobian.median(dim=0).values


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("inner", [Median(), DBMTL(beta=0.9), Amortised(), MGDA, "MGDA"])
def test_what_makes_no_weights_of_the_gramian_is_refused(inner):
    with pytest.raises(ParameterError, match="`aggregator` parameter of Every must be"):
        Every(inner, 2)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("inner", "remedy"),
    [
        (MGDA(amortised=True), "It carries its weights from step to step anyway: use it without."),
        (Median(), "It works on the Jacobian and makes no weights that could be kept."),
        (MGDA, "Make an object of the class: MGDA()."),
    ],
)
def test_why_it_is_refused(inner, remedy):
    with pytest.raises(ParameterError) as caught:
        Every(inner, n=3)
    assert str(caught.value).endswith(f" instead. {remedy}")


def test_what_holds_in_the_aggregator_need_not_hold_of_old_weights():
    promised = Every(MGDA(), n=2).properties
    assert promised == {Property.PERMUTATION_INVARIANT, Property.DETERMINISTIC}


def test_the_state_holds_the_aggregators_own():
    served = Served(EVERYONE, torch.tensor([1.0, 2.0, 3.0]))
    gramian = torch.diag(torch.tensor([1.0, 4.0, 9.0]))
    one = Every(GradNorm(), n=2)
    one.start(3)
    one.weights(gramian, served)
    other = Every(GradNorm(), n=2)
    other.start(3)
    other.load_state_dict(one.state_dict())
    assert other.needs == one.needs == {Need.PRESENT}
    assert torch.equal(other.carried(served), one.carried(served))
    assert torch.equal(other.weights(gramian, served), one.weights(gramian, served))
