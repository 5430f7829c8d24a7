"""Gradients that are not finite are named with their tasks, unless a loss scaler skips them."""

import pytest
import torch
from torch import nn

from polytask.aggregation import MGDA, STCH, Every, GradDrop, MoDo
from polytask.exceptions import NonFiniteLossError, ParameterError
from polytask.gradients import Need, backward
from polytask.processes import OneProcess

WEIGHTS = torch.tensor([0.5, 2.0])
INPUTS = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))


class Constant:
    """Equal weights without any gradient."""

    needs = frozenset({Need.PRESENT})

    def start(self, n_tasks, generator):
        pass

    def carried(self, served):
        return torch.ones(len(served.indices))


class Network(nn.Module):
    """Two tasks with a layer each; `corner` has an infinite slope where it is 0."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Linear(4, 4)
        self.heads = nn.ModuleList([nn.Linear(4, 1) for _ in range(2)])
        self.corner = nn.Parameter(torch.zeros(3))

    def losses(self, dtype=torch.float32):
        """With signals at the features that pass a type."""
        features = self.trunk(INPUTS)
        features.register_hook(lambda signal: signal.to(dtype).float())
        return [head(features).square().mean() for head in self.heads]

    def bare_losses(self):
        """Of the trunk alone."""
        features = self.trunk(INPUTS)
        return [features[:, k].square().mean() for k in range(2)]


METHODS = [Constant(), MGDA(), MGDA(amortised=True), GradDrop(), Every(MGDA(), n=2)]
NAMES = ["losses", "gramian", "product", "jacobian", "every"]


@pytest.mark.parametrize("aggregator", METHODS, ids=NAMES)
@pytest.mark.parametrize("heads", ["weighted", "plain"])
def test_a_head_whose_own_gradient_is_infinite(aggregator, heads):
    network = Network()
    first, second = network.losses()
    losses = WEIGHTS * torch.stack([first, second + network.corner.sqrt().sum()])
    with pytest.raises(NonFiniteLossError, match=r"Those of task 1 are not, though .*0/0, roots"):
        backward(losses, network.trunk.parameters(), aggregator, heads=heads)


@pytest.mark.parametrize("aggregator", METHODS, ids=NAMES)
def test_a_shared_parameter(aggregator):
    network = Network()
    first, second = network.losses()
    losses = [first, second + network.corner[0].sqrt()]
    with pytest.raises(NonFiniteLossError, match=r"Those of (task|at least one of the tasks 0,) 1"):
        backward(losses, [*network.trunk.parameters(), network.corner], aggregator)


def test_products_name_the_task_alone():
    network = Network()
    first, second = network.bare_losses()
    losses = [first, second + network.trunk.weight[0, 0].sub(network.trunk.weight[0, 0]).sqrt()]
    for aggregator in (MGDA(amortised=True), MGDA(), GradDrop()):
        with pytest.raises(NonFiniteLossError, match=r"Those of task 1 are not"):
            backward(losses, network.trunk.parameters(), aggregator)


def test_what_all_tasks_reach_is_laid_to_any():
    network = Network()
    first, second = network.bare_losses()
    poison = (network.trunk.bias[0] - network.trunk.bias[0].detach()).sqrt()
    with pytest.raises(NonFiniteLossError, match="Those of at least one of the tasks 0, 1 are not"):
        backward([first, second + poison], network.trunk.parameters(), Constant())


def test_what_one_task_reaches_is_laid_to_it():
    network = Network()
    first, second = network.losses()
    parameters = [*network.trunk.parameters(), network.corner]
    with pytest.raises(NonFiniteLossError, match="Those of task 1 are not"):
        backward([first, second + network.corner.sqrt().sum()], parameters, Constant())


def test_losses_computed_together_and_many_tasks():
    network = Network()
    losses = network.trunk(INPUTS).square().mean(dim=0).repeat(2) + network.corner[0].sqrt()
    with pytest.raises(NonFiniteLossError, match="tasks 0, 1, 2, 3, 4, … are not"):
        backward(losses, network.trunk.parameters(), Constant())


def test_tasks_that_are_absent_are_not_named():
    network = Network()
    losses = [*network.losses(), network.corner.sqrt().sum()]
    present = torch.tensor([True, False, True])
    with pytest.raises(NonFiniteLossError, match="Those of task 2 are not"):
        backward(losses, network.trunk.parameters(), Constant(), present=present)


@pytest.mark.parametrize("engine", ["last_layer", "features"])
def test_layers_that_a_surrogate_does_not_see(engine):
    """The weights follow from finite gradients, the update is not finite."""
    network = Network()
    below = nn.Linear(4, 4)
    inner = below(INPUTS)
    inner.register_hook(lambda gradient: gradient * torch.inf)
    features = network.trunk(inner)
    losses = [head(features).square().mean() for head in network.heads]
    shared = [*below.parameters(), *network.trunk.parameters()]
    with pytest.raises(NonFiniteLossError, match="at least one of the tasks 0, 1 are not"):
        backward(losses, shared, MGDA(), engine=engine, features=features)


def test_tables_with_sparse_gradients():
    table = nn.Embedding(5, 4, sparse=True)
    rows = table(torch.tensor([1, 1, 3]))
    losses = [rows.square().mean(), rows.sum().sub(rows.sum().detach()).sqrt()]
    with pytest.raises(NonFiniteLossError, match="at least one of the tasks 0, 1 are not"):
        backward(losses, table.parameters(), Constant())


def test_a_second_batch():
    network = Network()
    first, second = network.losses()
    other = [first, second + network.trunk.weight.sub(network.trunk.weight.detach()).norm().sqrt()]
    with pytest.raises(NonFiniteLossError, match=r"gradients of the `second` of backward .*task 1"):
        backward(network.losses(), network.trunk.parameters(), MoDo(), second=other)


def test_finite_gradients_whose_sum_is_not():
    large = torch.tensor([3e38, 3e38])
    point = nn.Parameter(torch.zeros(2))
    backward([(point * large).sum(), point[0] * 1.0], [point], Constant())
    assert point.grad.isfinite().all()


def test_smooth_minimum_of_the_losses():
    """A method that works on the losses alone."""
    network = Network()
    aggregator = STCH()
    aggregator.start(2)
    first, second = network.losses()
    with pytest.raises(NonFiniteLossError, match="Those of task 0 are not"):
        backward(
            [first + network.corner.sqrt().sum(), second], network.trunk.parameters(), aggregator
        )


# ── loss scalers ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("aggregator", METHODS, ids=NAMES)
@pytest.mark.parametrize(
    "options",
    [{"scale": 8.0}, {"skip_overflow": True}, {"scale": 0.5, "skip_overflow": True}],
    ids=["scaled", "at one", "below one"],
)
def test_a_scaler_skips_what_overflows(aggregator, options):
    network = Network()
    first, second = network.losses()
    losses = [first, second + network.corner.sqrt().sum()]
    backward(losses, [*network.trunk.parameters(), network.corner], aggregator, **options)
    assert not network.corner.grad.isfinite().all()


@pytest.mark.parametrize("aggregator", METHODS, ids=NAMES)
def test_a_factor_without_a_scaler_hides_nothing(aggregator):
    """Such as that of batches whose gradients are accumulated."""
    network = Network()
    first, second = network.losses()
    losses = [first, second + network.corner.sqrt().sum()]
    shared = [*network.trunk.parameters(), network.corner]
    with pytest.raises(NonFiniteLossError, match=r"task 1 are not"):
        backward(losses, shared, aggregator, scale=0.5)
    infinite = [loss * torch.inf for loss in network.losses()]
    with pytest.raises(NonFiniteLossError, match=r"must be finite. Got inf for task 0"):
        backward(infinite, shared, aggregator, scale=0.5, skip_overflow=False)


@pytest.mark.parametrize("aggregator", METHODS, ids=NAMES)
def test_large_gradients_with_a_factor_have_the_same_weights(aggregator):
    """Squares beyond single precision are computed in double with the factor, too."""
    weights = []
    for options in ({}, {"scale": 0.5}):
        network = Network()
        aggregator.start(2, generator=torch.Generator().manual_seed(0))
        losses = [loss * 1e25 for loss in network.losses()]
        weights.append(backward(losses, network.trunk.parameters(), aggregator, **options))
    torch.testing.assert_close(*weights)


@pytest.mark.parametrize("aggregator", METHODS, ids=NAMES)
def test_a_loop_with_a_scaler_finds_its_scale(aggregator):
    network = Network()
    aggregator.start(2, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**23)
    scaler.scale(torch.ones(()))
    before, losses = sum(network.losses()).item(), []
    for _ in range(40):
        optimizer.zero_grad()
        losses = network.losses(torch.float16)
        scale = scaler.get_scale()
        backward(losses, network.trunk.parameters(), aggregator, scale=scale, skip_overflow=True)
        scaler.step(optimizer)
        scaler.update()
    assert scaler.get_scale() < 2.0**23
    assert sum(losses).item() < before


# ── several processes ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("aggregator", METHODS, ids=NAMES)
@pytest.mark.parametrize("shared_corner", [True, False])
def test_over_several_processes(aggregator, shared_corner):
    network = Network()
    first, second = network.losses()
    losses = [first, second + network.corner.sqrt().sum()]
    corner = [network.corner]
    shared, own = ([*network.trunk.parameters()], [*network.heads.parameters()])
    shared, own = (shared + corner, own) if shared_corner else (shared, own + corner)
    options = {"group": OneProcess(), "task_parameters": own}
    with pytest.raises(NonFiniteLossError, match="Those of task 1 are not"):
        backward(losses, shared, aggregator, **options)
    network.zero_grad()
    backward(network.losses(), shared, aggregator, **options)
    first, second = network.losses()
    losses = [first, second + network.corner.sqrt().sum()]
    backward(losses, shared, aggregator, scale=8.0, **options)
    assert not network.corner.grad.isfinite().all()


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [("engine", "features", "'auto'"), ("engine", "per_task", "'auto'"), ("memory_limit", 100, "")],
)
def test_options_that_several_processes_would_ignore(name, value, default):
    network = Network()
    options = {"group": OneProcess(), "task_parameters": network.heads.parameters(), name: value}
    with pytest.raises(ParameterError, match=rf"The `{name}` parameter .* {default}.*Leave it out"):
        backward(network.losses(), network.trunk.parameters(), MGDA(), **options)
    options[name] = "auto" if name == "engine" else 2**31
    backward(network.losses(), network.trunk.parameters(), MGDA(), **options)
