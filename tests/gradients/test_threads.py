"""Two or three processes, which are threads here, make the update of the whole batch."""

import threading

import pytest
import torch
from fakes_processes import together
from gradient_networks import Trunk, mlp, numbers

from polytask.aggregation import MGDA, STCH, Every, GradDrop, MoDo, PCGrad, Random, SDMGrad
from polytask.exceptions import NonFiniteLossError, ParameterError
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


# ── wrong use ────────────────────────────────────────────────────────────────────────────────


def backward_in(processes, *, n_tasks=3, aggregator=None, connected=True, **options):
    with ONE_AT_A_TIME:
        network = Trunk(mlp, numbers(8, 4))
    rows = torch.arange(8).tensor_split(processes.size)[processes.rank]
    losses = losses_of(network, rows, network.inputs)[:n_tasks]
    options = {"task_parameters": network.heads.parameters()} | options
    shared = network.shared() if connected else [torch.nn.Parameter(torch.ones(2))]
    return backward(losses, shared, aggregator or MGDA(), group=processes, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("losses", {"n_tasks": 2}),
        ("aggregator", {"aggregator": GradDrop()}),
        ("shared_parameters", {"connected": False}),
        ("task_parameters", {"task_parameters": []}),
        ("second", {"second": torch.ones(3)}),
        ("heads", {"heads": "plain"}),
        ("scale", {"scale": 2.0}),
    ],
)
def test_calls_that_differ_are_refused_in_all_processes(name, options):
    def call(processes):
        with pytest.raises(ParameterError) as caught:
            backward_in(processes, **(options if processes.rank == 1 else {}))
        return str(caught.value)

    first, second = together(2, call)
    assert first == second
    assert f"The `{name}` parameter of backward must be alike in all processes" in first
    assert "process 1 differs from that of process 0" in first


def test_losses_that_reach_no_shared_parameter_are_refused():
    with pytest.raises(ParameterError, match="must depend on `shared_parameters`"):
        together(2, lambda processes: backward_in(processes, connected=False))


@pytest.mark.parametrize("method", [Random, lambda: GradDrop(leak=0.5)])
def test_methods_that_draw_differently_are_refused(method):
    def call(processes):
        aggregator = method()
        aggregator.start(3, generator=torch.Generator().manual_seed(processes.rank))
        backward_in(processes, aggregator=aggregator)

    with pytest.raises(ParameterError, match="must give the same update in all processes"):
        together(2, call)


@pytest.mark.parametrize("heads_only", [False, True])
def test_gradients_that_are_not_finite_are_named_in_all_processes(heads_only):
    """One process alone has them."""

    def call(processes):
        with ONE_AT_A_TIME:
            network = Trunk(mlp, numbers(8, 4))
        losses = losses_of(network, torch.arange(8), network.inputs)
        if processes.rank == 1:
            weight = network.heads[1].bias if heads_only else network.shared()[0]
            losses = losses + torch.tensor([0.0, 1.0, 0.0]) * (0 * weight).sum().sqrt()
        with pytest.raises(NonFiniteLossError) as caught:
            backward(
                losses,
                network.shared(),
                MGDA(),
                group=processes,
                task_parameters=network.heads.parameters(),
            )
        return str(caught.value)

    for sentence in together(2, call):
        assert "The gradients of the `losses` of backward must be finite" in sentence
        assert "1" in sentence.split("Those of ")[1].split(" are")[0]


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("group", [object(), 2])
def test_other_groups_are_refused(group):
    network = Trunk(mlp, numbers(8, 4))
    with pytest.raises(ParameterError, match="`group` parameter of backward must be Processes"):
        backward(network.losses(), network.shared(), MGDA(), group=group, task_parameters=[])
