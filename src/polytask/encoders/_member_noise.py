"""Noise of networks that are trained side by side, each with a generator of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

__all__ = ["member_mask", "member_noise"]

Draw = Callable[..., Tensor]
_Noise = tuple[Sequence[torch.Generator], Tensor]

_noise: ContextVar[_Noise | None] = ContextVar("member_noise", default=None)


@contextmanager
def member_noise(generators: Sequence[torch.Generator], own: Tensor) -> Iterator[None]:
    """Let dropout in this context draw from the generator of each member.

    Parameters
    ----------
    generators : sequence of torch.Generator
    own : tensor, int64
        In `torch.func.vmap` over members, the position of each member's generator.
    """
    token = _noise.set((generators, own))
    try:
        yield
    finally:
        _noise.reset(token)


def member_mask(values: Tensor, p: float, draw: Draw) -> Tensor:
    """A mask of values, by each member's generator in a context of `member_noise`.

    Parameters
    ----------
    values : tensor
    p : float
    draw : callable
        ``draw(values, p)`` or ``draw(values, p, generator)`` gives a mask in the shape of values.
    """
    noise = _noise.get()
    if noise is None:
        return draw(values, p)
    mask: Tensor = _MemberMask.apply(values, noise[1], p, draw)  # type: ignore[no-untyped-call]
    return mask


class _MemberMask(torch.autograd.Function):
    """The masks of all members; only `vmap` sees which values belong to whom."""

    @staticmethod
    def forward(values: Tensor, own: Tensor, p: float, draw: Draw) -> Tensor:
        del values, own, p, draw
        sentence = "noise of members is drawn within vmap over them"
        raise RuntimeError(sentence)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Tensor) -> None:
        del inputs
        ctx.mark_non_differentiable(output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, ...]:
        del ctx, gradients
        return None, None, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], values: Tensor, own: Tensor, p: float, draw: Draw
    ) -> tuple[Tensor, int]:
        del info
        noise = _noise.get()
        if noise is None or in_dims[1] is None:
            sentence = "layers that run as one draw their noise together"
            raise RuntimeError(sentence)
        one = values if in_dims[0] is None else values.select(in_dims[0], 0)
        with torch.no_grad():
            masks = [draw(one, p, noise[0][position]) for position in own.tolist()]
            return torch.stack(masks), 0
