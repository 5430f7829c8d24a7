"""Graphs that look like what engines take apart, and are not quite."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from polytask.aggregation import DBMTL, MGDA, Aggregator, GradDrop, GradNorm, MoCo
from polytask.gradients import Need, backward, per_task_jacobian, slopes

N_TASKS = 3
WEIGHTS = torch.tensor([0.3, 1.0, 1.7])
CLOSE = {"rtol": 1e-4, "atol": 1e-6, "check_dtype": False}
INPUTS = torch.linspace(-1.0, 1.0, 120).reshape(20, 6).sin()


class Fixed(Aggregator):
    """Given weights; keeps the Gramian."""

    needs = frozenset({Need.GRAMIAN})

    def weights(self, gramian):
        self.gramian = gramian.clone()
        return WEIGHTS

    def aggregate(self, jacobian, served=None):
        return WEIGHTS @ jacobian


def assert_exact(losses, shared, **options):
    """Gramian and update are those of the Jacobian."""
    jacobian = per_task_jacobian(losses, shared)
    aggregator = Fixed()
    backward(losses, shared, aggregator, **options)
    update = torch.cat([parameter.grad.flatten() for parameter in shared])
    torch.testing.assert_close(aggregator.gramian, jacobian @ jacobian.T, **CLOSE)
    torch.testing.assert_close(update, WEIGHTS.to(jacobian) @ jacobian, **CLOSE)


def fused_losses(features):
    torch.manual_seed(0)
    return nn.Linear(features.shape[1], N_TASKS)(features).square().mean(dim=0)


@pytest.mark.parametrize("twice", [False, True])
def test_features_that_are_made_of_each_other(twice):
    first, second = nn.Linear(6, 5), nn.Linear(5, 5)
    low = first(INPUTS).tanh()
    high = second(low).tanh()
    features = [high, high] if twice else [low, high]
    losses = fused_losses(torch.cat([low, high], dim=1))
    assert_exact(losses, [*first.parameters(), *second.parameters()], features=features)


def test_a_bias_of_one_number():
    weight, bias = nn.Parameter(torch.randn(6, 4)), nn.Parameter(torch.randn(1))
    assert_exact(fused_losses(torch.addmm(bias, INPUTS, weight).tanh()), [weight, bias])


@pytest.mark.parametrize("with_bias", [False, True])
def test_sparse_inputs(with_bias):
    weight, bias = nn.Parameter(torch.randn(6, 4)), nn.Parameter(torch.randn(4))
    inputs = F.threshold(INPUTS, 0.3, 0.0).to_sparse()
    found = torch.addmm(bias, inputs, weight) if with_bias else torch.mm(inputs, weight)
    assert_exact(fused_losses(found.tanh()), [weight, bias] if with_bias else [weight])


@pytest.mark.parametrize("paddings", [(None, None), (0, 0), (0, None), (0, 1)])
def test_look_ups_have_paddings_of_their_own(paddings):
    table = nn.Parameter(torch.randn(4, 5))
    places = torch.arange(20) % 4
    once, again = (
        F.embedding(which, table, padding_idx=padding)
        for which, padding in zip((places, places.flip(0)), paddings, strict=True)
    )
    assert_exact(fused_losses((once * again + once).tanh()), [table])


class _Doubled(torch.autograd.Function):
    """Keeps a number under the name by which autograd's own leaves keep theirs."""

    @staticmethod
    def forward(ctx, values):
        ctx.variable = 2.0
        return values * ctx.variable

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.variable


def test_functions_with_attributes_like_those_of_leaves():
    layer = nn.Linear(6, 5)
    assert_exact(fused_losses(_Doubled.apply(layer(INPUTS)).tanh()), list(layer.parameters()))


# ── half precision's loss scale ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [DBMTL, GradDrop, GradNorm, MGDA, MoCo])
def test_a_step_that_overflows_is_left_to_the_scaler(kind):
    """Gradients are not finite, and the aggregator goes on as if that step had not been."""

    def step(aggregator, layer, factor, scale):
        layer.zero_grad()
        signal = layer(INPUTS)
        signal.register_hook(lambda gradient: gradient * factor)
        second = fused_losses(layer(INPUTS)) if Need.SECOND_BATCH in aggregator.needs else None
        backward(
            fused_losses(signal.tanh()),
            layer.parameters(),
            aggregator,
            second=second,
            scale=scale,
        )
        return layer.weight.grad

    gradients = []
    for overflows in (False, True):
        torch.manual_seed(1)
        layer, aggregator = nn.Linear(6, 5), kind()
        aggregator.start(N_TASKS, generator=torch.Generator().manual_seed(0))
        step(aggregator, layer, 1.0, 8.0)
        if overflows:
            assert not step(aggregator, layer, torch.inf, 8.0).isfinite().all()
        gradients.append(step(aggregator, layer, 1.0, 8.0).clone())
    torch.testing.assert_close(*gradients)


# ── slopes ──────────────────────────────────────────────────────────────────────────────────


class _Squared(torch.autograd.Function):
    """Its gradient comes without a graph, and without saying so."""

    @staticmethod
    def forward(ctx, values):
        ctx.save_for_backward(values)
        return values.square()

    @staticmethod
    def backward(ctx, gradient):
        (values,) = ctx.saved_tensors
        return 2 * values.detach() * gradient.detach()


def test_slopes_past_a_function_that_is_differentiable_once():
    first, second = nn.Linear(6, 5), nn.Linear(5, 5)
    losses = fused_losses(second(_Squared.apply(first(INPUTS))).tanh())
    parameters = [*first.parameters(), *second.parameters()]
    direction = [torch.randn_like(parameter) for parameter in parameters]
    jacobian = per_task_jacobian(losses, parameters)
    wanted = jacobian @ torch.cat([along.flatten() for along in direction])
    torch.testing.assert_close(slopes(losses, parameters, direction), wanted)


# ── losses that were multiplied after they were stacked ─────────────────────────────────────


class _Passed(torch.autograd.Function):
    """Counts backward passes through it."""

    count = 0

    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        _Passed.count += 1
        return gradient


WAYS = {
    "by a number": lambda losses: torch.stack(losses) * 2.0,
    "by weights": lambda losses: WEIGHTS * torch.stack(losses) * 0.5,
    "by a number, then weights": lambda losses: 3.0 * torch.stack(losses) * WEIGHTS,
    "by itself": lambda losses: torch.stack(losses) * torch.stack(losses),
    "one for all": lambda losses: torch.stack(losses[:1]) * WEIGHTS,
    "in double precision": lambda losses: torch.stack([losses[0].double(), *losses[1:]]) * WEIGHTS,
}


@pytest.mark.parametrize("way", WAYS)
def test_multiplied_losses(way):
    trunk, heads = nn.Linear(6, 5), [nn.Linear(5, 1) for _ in range(N_TASKS)]
    features = trunk(INPUTS).tanh()
    losses = [head(features).square().mean() for head in heads]
    assert_exact(WAYS[way](losses), list(trunk.parameters()))


@pytest.mark.parametrize("scale", [1.0, 8.0])
def test_a_task_passes_its_own_head_only(scale):
    trunk, heads = nn.Linear(6, 5), [nn.Linear(5, 1) for _ in range(N_TASKS)]
    features = trunk(INPUTS).tanh()
    losses = [_Passed.apply(head(features)).square().mean() for head in heads]
    _Passed.count = 0
    backward(torch.stack(losses) * WEIGHTS, trunk.parameters(), Fixed(), scale=scale)
    assert _Passed.count == 2 * N_TASKS  # once for the trunk, once for the heads
