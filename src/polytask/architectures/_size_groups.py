"""Groups of copies with similar numbers of rows, so that little padding is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = ["SizeGroup", "gathered", "scattered", "size_groups"]

_SHRINKS = 1.4
_GATHERING = 16
_PASS = 5e6


class SizeGroup(NamedTuple):
    """Copies that run in one pass.

    Attributes
    ----------
    places : list of int
    width : int
        Rows of the longest.
    """

    places: list[int]
    width: int


def size_groups(sizes: Sequence[int], n_numbers: int) -> list[SizeGroup]:
    """Group copies by their rows, the longest first, where the padding saved is worth the passes.

    Within a group the longest has at most 1.4 times the rows of the shortest. A pass costs as much as
    5 million multiplications more, and gathering parameters by groups as much as 16 rows per copy.

    Parameters
    ----------
    sizes : sequence of int
        Rows of each copy; those without any are left out of the groups.
    n_numbers : int
        Parameters of one copy.

    Returns
    -------
    list of SizeGroup
        Empty if one pass over all copies is cheaper.

    Examples
    --------
    >>> from polytask.architectures._size_groups import size_groups
    >>> size_groups([20, 100, 0, 90], 10**6)
    [SizeGroup(places=[1, 3], width=100), SizeGroup(places=[0], width=20)]
    >>> size_groups([20, 100, 0, 90], 10**3)
    []
    """
    groups: list[SizeGroup] = []
    for place in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        if sizes[place]:
            if not groups or groups[-1].width > _SHRINKS * sizes[place]:
                groups.append(SizeGroup([], sizes[place]))
            groups[-1].places.append(place)
    n_padded = len(sizes) * max(sizes, default=0)
    n_computed = sum(len(group.places) * group.width for group in groups)
    saved = n_padded - n_computed - _GATHERING * len(sizes)
    return groups if saved * n_numbers > _PASS * len(groups) else []


def gathered(stacked: Tensor, places: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Slices along the first axis for every group; all their gradients are written into one tensor.

    Parameters
    ----------
    stacked : Tensor
    places : sequence of tensor, int64
        Positions of the slices of each group, none twice.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._size_groups import gathered
    >>> gathered(torch.arange(4), [torch.tensor([3, 0]), torch.tensor([1])])
    (tensor([3, 0]), tensor([1]))
    """
    parts: tuple[Tensor, ...] = _Gather.apply(stacked, *places)  # type: ignore[no-untyped-call]
    return parts


def scattered(parts: Sequence[Tensor], places: Sequence[Tensor], n: int, width: int) -> Tensor:
    """Rows of every group, (k, m, …), at their places in a tensor (n, width, …) that is 0 elsewhere.

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._size_groups import scattered
    >>> scattered(
    ...     [torch.ones(1, 2), torch.ones(1, 1)], [torch.tensor([2]), torch.tensor([0])], 3, 2
    ... )
    tensor([[1., 0.],
            [0., 0.],
            [1., 1.]])
    """
    whole: Tensor = _Scatter.apply(n, width, *places, *parts)  # type: ignore[no-untyped-call]
    return whole


class _Gather(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(stacked: Tensor, *places: Tensor) -> tuple[Tensor, ...]:
        return tuple(stacked.index_select(0, own) for own in places)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: object) -> None:
        del output
        ctx.shape, ctx.places = inputs[0].shape, inputs[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        whole = gradients[0].new_zeros(ctx.shape)
        for own, gradient in zip(ctx.places, gradients, strict=True):
            whole.index_copy_(0, own, gradient)
        return whole, *[None] * len(ctx.places)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> tuple[Tensor, ...]:
        return tuple(tangent.index_select(0, own) for own in ctx.places)


class _Scatter(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(n: int, width: int, *tensors: Tensor) -> Tensor:
        places, parts = tensors[: len(tensors) // 2], tensors[len(tensors) // 2 :]
        whole = parts[0].new_zeros(n, width, *parts[0].shape[2:])
        for own, part in zip(places, parts, strict=True):
            whole.narrow(1, 0, part.shape[1]).index_copy_(0, own, part)
        return whole

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: object) -> None:
        del output
        n, width, *tensors = inputs
        ctx.places = tensors[: len(tensors) // 2]
        ctx.size, ctx.widths = (n, width), [p.shape[1] for p in tensors[len(tensors) // 2 :]]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        columns = [gradient.narrow(1, 0, m) for m in ctx.widths]
        parts = [part.index_select(0, own) for part, own in zip(columns, ctx.places, strict=True)]
        return (None, None, *[None] * len(parts), *parts)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        return scattered(tangents[2 + len(ctx.places) :], ctx.places, *ctx.size)
