"""Two or three processes, which are threads here, make the update of the whole batch."""

import threading

import pytest
import torch
from fakes_processes import together
from gradient_networks import Trunk, mlp, numbers

from polytask.aggregation import MGDA, STCH, Every, GradDrop, MoDo, PCGrad, SDMGrad
from polytask.gradients import backward
from polytask.processes import OneProcess

ONE_AT_A_TIME = threading.Lock()
METHODS = {
    "gramian": MGDA,
    "random": PCGrad,
    "jacobian": lambda: GradDrop(leak=0.5),
    "product": lambda: MGDA(amortised=True),
    "second": MoDo,
    "second, amortised": lambda: SDMGrad(amortised=True, double_sampling=True),
    "losses": STCH,
    "every": lambda: Every(MGDA(), n=2),
}


def losses_of(network, rows, inputs):
    """Task 2 is labelled in the first rows only, task 1 nowhere; None where there is no row."""
    if not len(rows):
        return torch.zeros(3)
    features = network.trunk(inputs[rows])
    errors = [
        (head(features) - network.targets[rows, k]).square().mean(1)
        for k, head in enumerate(network.heads)
    ]
    labelled = torch.stack([rows >= 0, rows < 0, rows < 2])
    return (torch.stack(errors) * labelled).sum(1) / 8


def gradients_of(method, processes, heads):
    with ONE_AT_A_TIME:  # threads draw from one generator
        network = Trunk(mlp, numbers(8, 4))
    aggregator = METHODS[method]()
    aggregator.start(3, generator=torch.Generator().manual_seed(0))
    rows = torch.arange(8)[: 7 if processes.size > 2 else 8]
    part = rows.tensor_split(processes.size)[processes.rank]
    if processes.size > 2 and processes.rank == 2:
        part = rows[:0]
    gradients = []
    for _ in range(3):  # later steps show what earlier ones taught
        network.zero_grad()
        present = torch.tensor([bool(len(part)), False, bool((part < 2).any())])
        own = losses_of(network, part, network.inputs) * processes.size
        second = losses_of(network, part, network.inputs.flip(0)) * processes.size
        weights = backward(
            own,
            network.shared(),
            aggregator,
            present=present,
            second=second,
            heads=heads,
            group=processes,
            task_parameters=network.heads.parameters(),
        )
        gradients += [parameter.grad.clone() for parameter in network.trunk.parameters()]
        gradients += [network.heads[k].weight.grad.clone() for k in (0, 2)]
        gradients.append(weights)
    return gradients


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("heads", ["weighted", "plain"])
def test_the_update_is_that_of_the_whole_batch(method, heads):
    alone = gradients_of(method, OneProcess(), heads)
    for gradients in together(2, lambda processes: gradients_of(method, processes, heads)):
        for own, whole in zip(gradients, alone, strict=True):
            torch.testing.assert_close(own, whole, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_process_without_rows_takes_part(method):
    first, second, third = together(
        3, lambda processes: gradients_of(method, processes, "weighted")
    )
    for own, other, last in zip(first, second, third, strict=True):
        assert torch.equal(own, other)
        assert torch.equal(own, last)


def test_one_process_of_a_group_is_as_without():
    network, other = (Trunk(mlp, numbers(8, 4)) for _ in range(2))
    weights = backward(network.losses(), network.shared(), MGDA())
    heads = other.heads.parameters()
    same = backward(
        other.losses(), other.shared(), MGDA(), group=OneProcess(), task_parameters=heads
    )
    torch.testing.assert_close(same, weights)
    for one, two in zip(network.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad)
