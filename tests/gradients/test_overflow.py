"""Gradients whose squares leave the range of single precision."""

import inspect

import pytest
import torch
from torch import nn

from polytask import aggregation
from polytask.aggregation import MGDA, Aggregator, NashMTL
from polytask.exceptions import NonFiniteLossError
from polytask.gradients import backward, gramian

INPUTS = torch.randn(16, 5, generator=torch.Generator().manual_seed(0))
SCALES = (1e20, 1e30, 1e36)
ENGINES = ("auto", "layerwise", "batched", "per_task", "last_layer")


class Network(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Linear(5, 4)
        self.heads = nn.ModuleList([nn.Linear(4, 1) for _ in range(3)])
        self.to(dtype)

    def losses(self, scale, shift=0.0):
        inputs = INPUTS.to(self.trunk.weight.dtype) + shift
        features = self.trunk(inputs)
        sizes = torch.tensor([scale, 1.0, scale / 10], dtype=inputs.dtype)
        return torch.stack([head(features).square().mean() for head in self.heads]) * sizes


def step_on_simplex(aggregator, scale, dtype=torch.float32, **options):
    """Weights of two steps, and the gradients of the second."""
    network = Network(dtype)
    aggregator.start(3, device=torch.device("cpu"), generator=torch.Generator().manual_seed(0))
    for _ in range(2):
        network.zero_grad()
        weights = backward(
            network.losses(scale),
            network.trunk.parameters(),
            aggregator,
            second=network.losses(scale, 0.1),
            **options,
        )
    return weights, [parameter.grad for parameter in network.parameters()]


def aggregators():
    things = (getattr(aggregation, name) for name in aggregation.__all__)
    for kind in things:
        if (
            not inspect.isclass(kind)
            or not issubclass(kind, Aggregator)
            or inspect.isabstract(kind)
        ):
            continue
        parameters = inspect.signature(kind).parameters
        if any(one.default is one.empty for one in parameters.values()):
            continue
        yield pytest.param(kind(), id=kind.__name__)
        if "amortised" in parameters:
            yield pytest.param(kind(amortised=True), id=f"{kind.__name__} amortised")


@pytest.mark.parametrize("aggregator", list(aggregators()))
@pytest.mark.parametrize("scale", SCALES)
def test_every_aggregator_takes_the_step(aggregator, scale):
    weights, gradients = step_on_simplex(aggregator, scale)
    assert weights.isfinite().all()
    assert all(gradient.isfinite().all() for gradient in gradients)
    if scale <= 1e30:  # beyond, weights of 1 / squares may round to 0
        assert any(bool((gradient != 0).any()) for gradient in gradients)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("aggregator", [NashMTL(), MGDA()])
def test_weights_are_those_of_double_precision(engine, aggregator):
    found, gradients = step_on_simplex(aggregator, 1e30, engine=engine)
    expected, exact = step_on_simplex(aggregator, 1e30, torch.float64, engine=engine)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=0.0)
    for gradient, double in zip(gradients, exact, strict=True):
        torch.testing.assert_close(gradient.double(), double, rtol=1e-3, atol=1e-6)


def test_in_rounds_that_fit_into_little_memory():
    found, _ = step_on_simplex(NashMTL(), 1e30, memory_limit=100)
    expected, _ = step_on_simplex(NashMTL(), 1e30)
    torch.testing.assert_close(found, expected)


def test_at_the_features():
    network = Network(torch.float32)
    features = network.trunk(INPUTS)
    sizes = torch.tensor([1e30, 1.0, 1e29])
    losses = torch.stack([head(features).square().mean() for head in network.heads]) * sizes
    weights = backward(
        losses, network.trunk.parameters(), NashMTL(), engine="features", features=features
    )
    assert weights.isfinite().all()
    assert network.trunk.weight.grad.isfinite().all()


def test_a_gramian_by_hand_is_in_double_precision():
    network = Network(torch.float32)
    found = gramian(network.losses(1e30), network.trunk.parameters())
    assert found.dtype == torch.float64
    assert found.isfinite().all()
    assert gramian(network.losses(1.0), network.trunk.parameters()).dtype == torch.float32


def test_explicit_gradients_by_hand():
    jacobian = torch.tensor([[1e30, 1e29], [1.0, -1.0]])
    update = NashMTL().aggregate(jacobian)
    assert update.isfinite().all()
    assert update.dtype == torch.float32


@pytest.mark.parametrize("aggregator", [NashMTL(), aggregation.GradDrop(), MGDA(amortised=True)])
def test_gradients_that_overflow_are_said_to(aggregator):
    point = nn.Parameter(torch.tensor([1e19, 1.0]))
    losses = [point[1], point[0].square() * 0.5 * (point[1] * 1e10 - 1e10 + 1)]
    with pytest.raises(
        NonFiniteLossError, match=r"overflow: losses of 5\.0e\+37 are too large for"
    ):
        backward(losses, [point], aggregator)


def test_gradients_that_are_undefined_are_said_to_be():
    point = nn.Parameter(torch.tensor([0.0, 1.0]))
    with pytest.raises(NonFiniteLossError, match=r"task 0 .* Look for 0/0, roots"):
        backward([point[0].sqrt(), point[1]], [point], NashMTL())
