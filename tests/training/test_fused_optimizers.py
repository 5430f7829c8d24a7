"""Adam and AdamW take fused steps where these are the same as others."""

import pytest
import torch
from torch import nn

from polytask.gradients._step import add_gradient
from polytask.processes import OneProcess
from polytask.training._optimizers import make_optimizer
from polytask.training._several_processes import average_gradients


def parameters(*, strided: bool = False) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(3, 4, generator=generator)
    if strided:
        matrix = matrix.T.contiguous().T
    return [nn.Parameter(matrix), nn.Parameter(torch.randn(3, generator=generator))]


def transposed(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers, in memory column by column."""
    return tensor.T.contiguous().T if tensor.ndim > 1 else tensor


def trained(
    name, options, *, strided: bool = False, strided_gradients: bool = False
) -> list[torch.Tensor]:
    own = parameters(strided=strided)
    optimizer = make_optimizer(name, own, 0.1, 0.01, options)
    for factor in (1.0, -2.0, 0.5):
        for parameter in own:
            gradient = factor * torch.arange(float(parameter.numel())).view(parameter.shape)
            parameter.grad = transposed(gradient) if strided_gradients else gradient
        optimizer.step()
    return [parameter.detach() for parameter in own]


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("strided", [False, True])
def test_steps_are_those_of_the_plain_optimizer(name, strided):
    for fused, plain in zip(
        trained(name, {}, strided=strided), trained(name, {"foreach": False}), strict=True
    ):
        torch.testing.assert_close(fused, plain)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_gradients_may_lie_in_memory_in_any_order(name):
    for fused, plain in zip(
        trained(name, {}, strided_gradients=True), trained(name, {"foreach": False}), strict=True
    ):
        torch.testing.assert_close(fused, plain)


def test_what_sets_gradients_lays_them_out_as_their_parameters():
    slope = transposed(torch.arange(12.0).view(3, 4))
    assert not slope.is_contiguous()
    by_backward, by_engine, by_processes = (parameters()[0] for _ in range(3))
    torch.autograd.backward(by_backward, slope)
    torch.autograd.backward(by_backward, slope)  # accumulated
    add_gradient(by_engine, slope)
    add_gradient(by_engine, slope)
    by_processes.grad = 2 * slope
    average_gradients([by_processes], OneProcess())
    for parameter in (by_backward, by_engine, by_processes):
        nn.utils.clip_grad_norm_([parameter], 1.0)
        assert parameter.grad.is_contiguous()
        torch.testing.assert_close(parameter.grad, slope / slope.norm())


@pytest.mark.parametrize(
    ("name", "options", "strided", "fused"),
    [
        ("adam", {}, False, True),
        ("adam_w", {"betas": (0.8, 0.9)}, False, True),
        ("adam", {}, True, None),
        ("adam", {"foreach": True}, False, None),
        ("adam", {"fused": False}, False, False),
        ("sgd", {}, False, None),
        (torch.optim.Adam, {}, False, None),
    ],
)
def test_when_steps_are_fused(name, options, strided, fused):
    optimizer = make_optimizer(name, parameters(strided=strided), 0.1, 0.0, options)
    assert optimizer.param_groups[0]["fused"] is fused
