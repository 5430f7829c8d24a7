"""Backward passes that aggregate, against gradients worked out by hand."""

import pytest
import torch
from torch import nn

from polytask.aggregation import MGDA, GramianAggregator, JacobianAggregator, Mean
from polytask.exceptions import ParameterError, UnservedNeedError
from polytask.gradients import backward, per_task_jacobian


class Network(nn.Module):
    """A shared layer and two heads."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.trunk, self.heads = (
                nn.Linear(3, 4),
                nn.ModuleList([nn.Linear(4, 1), nn.Linear(4, 1)]),
            )
            self.inputs, self.targets = torch.randn(8, 3), torch.randn(8, 2)

    def losses(self) -> torch.Tensor:
        features = self.trunk(self.inputs).tanh()
        return torch.stack(
            [
                (h(features)[:, 0] - self.targets[:, k]).square().mean()
                for k, h in enumerate(self.heads)
            ]
        )


class Median(JacobianAggregator):
    """Coordinate by coordinate."""

    def combine(self, jacobian):
        return jacobian.median(dim=0).values


class Fixed(GramianAggregator):
    """Weights that are given."""

    def weights(self, gramian):
        return torch.tensor([0.3, 1.7])[: len(gramian)]


def gradients(network):
    return [None if p.grad is None else p.grad.clone() for p in network.parameters()]


def test_weights_scale_shared_and_head_gradients_alike():
    network, reference = Network(), Network()
    weights = backward(network.losses(), network.trunk.parameters(), Fixed())
    (torch.tensor([0.3, 1.7]) * reference.losses()).sum().backward()
    assert weights.tolist() == pytest.approx([0.3, 1.7])
    for ours, theirs in zip(gradients(network), gradients(reference), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_mean_is_the_gradient_of_the_mean_loss():
    network, reference = Network(), Network()
    backward(network.losses(), network.trunk.parameters(), Mean())
    reference.losses().mean().backward()
    for ours, theirs in zip(gradients(network), gradients(reference), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_coordinate_wise_updates_reach_shared_parameters_and_heads_follow_their_losses():
    network, reference = Network(), Network()
    jacobian = per_task_jacobian(reference.losses(), list(reference.trunk.parameters()))
    backward(network.losses(), network.trunk.parameters(), Median())
    shared = torch.cat([p.grad.flatten() for p in network.trunk.parameters()])
    torch.testing.assert_close(shared, jacobian.median(dim=0).values)
    reference.losses().sum().backward()
    torch.testing.assert_close(network.heads[1].weight.grad, reference.heads[1].weight.grad)


@pytest.mark.parametrize("aggregator", [Mean(), MGDA(), Median()])
def test_absent_tasks_are_dropped_before_anything_is_solved(aggregator):
    network, reference = Network(), Network()
    losses = network.losses() * torch.tensor([1.0, 0.0])
    weights = backward(
        losses, network.trunk.parameters(), aggregator, present=torch.tensor([True, False])
    )
    reference.losses()[0].backward()
    assert weights.tolist() == [1.0, 0.0]
    torch.testing.assert_close(network.trunk.weight.grad, reference.trunk.weight.grad)


def test_gradients_add_to_what_is_there():
    network = Network()
    for _ in range(2):
        backward(network.losses(), network.trunk.parameters(), Median())
    twice = network.trunk.weight.grad.clone()
    network.zero_grad()
    backward(network.losses(), network.trunk.parameters(), Median())
    torch.testing.assert_close(twice, 2 * network.trunk.weight.grad)


def test_nothing_shared_is_said():
    network = Network()
    with pytest.raises(ParameterError, match=r"`shared_parameters` parameter of backward"):
        backward(network.losses(), [], Mean())


def test_unserved_needs_are_said():
    class Clairvoyant(Mean):
        needs = frozenset({"gramian", "tomorrow"})

    network = Network()
    with pytest.raises(UnservedNeedError, match=r"Clairvoyant needs tomorrow"):
        backward(network.losses(), network.trunk.parameters(), Clairvoyant())


def test_a_list_of_losses_is_one_tensor_of_them():
    listed, stacked = Network(), Network()
    backward(list(listed.losses()), listed.trunk.parameters(), MGDA())
    backward(stacked.losses(), stacked.trunk.parameters(), MGDA())
    for one, other in zip(listed.parameters(), stacked.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    "losses", [torch.tensor(1.0), torch.ones(2, 2), [], [1.0, 2.0], [torch.ones(2)], None]
)
def test_other_losses_are_refused(losses):
    expected = r"`losses` parameter of backward must be a tensor of shape \(n_tasks,\) or a seq"
    with pytest.raises(ParameterError, match=expected):
        backward(losses, Network().trunk.parameters(), MGDA())
