"""Adam and AdamW take fused steps where these are the same as others."""

import pytest
import torch
from torch import nn

from polytask.training._optimizers import make_optimizer


def parameters(*, strided: bool = False) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(3, 4, generator=generator)
    if strided:
        matrix = matrix.T.contiguous().T
    return [nn.Parameter(matrix), nn.Parameter(torch.randn(3, generator=generator))]


def trained(name, options, *, strided: bool = False) -> list[torch.Tensor]:
    own = parameters(strided=strided)
    optimizer = make_optimizer(name, own, 0.1, 0.01, options)
    for factor in (1.0, -2.0, 0.5):
        for parameter in own:
            parameter.grad = factor * torch.arange(float(parameter.numel())).view(parameter.shape)
        optimizer.step()
    return [parameter.detach() for parameter in own]


@pytest.mark.parametrize("name", ["adam", "adamw"])
@pytest.mark.parametrize("strided", [False, True])
def test_steps_are_those_of_the_plain_optimizer(name, strided):
    for fused, plain in zip(
        trained(name, {}, strided=strided), trained(name, {"foreach": False}), strict=True
    ):
        torch.testing.assert_close(fused, plain)


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
