"""Cells of tensors that had one value in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import torch
from torch import Tensor, nn

from polytask.data import Part

__all__ = ["ConstantCells", "constant_cells"]


class ConstantCells(nn.Module):
    """Tensors whose constant cells keep the value of training, since no weight was learned for others.

    In training they are as they are. A missing cell stays 0 if training had missing ones.

    Parameters
    ----------
    part : Part

    Examples
    --------
    >>> import torch
    >>> from polytask.data import Part
    >>> from polytask.encoders._constant_cells import ConstantCells
    >>> part = Part("tensor:bits", "tensor", (3,), constant=((0, 2, -1.0),))
    >>> ConstantCells(part).eval()(torch.tensor([[5.0, 6.0, 7.0]]))
    tensor([[-1., -1.,  7.]])
    """

    values: Tensor

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.missing = part.missing
        with torch.device("cpu"):
            values = torch.full((prod(part.shape),), torch.nan)
        for start, stop, value in part.constant:
            values[start:stop] = value
        self.register_buffer("values", values.view(part.shape), persistent=False)

    def forward(self, cells: Tensor) -> Tensor:
        """Cells (n, *shape)."""
        if self.training:
            return cells
        varies = torch.isnan(self.values)
        if self.missing:
            varies = varies | (cells == 0)
        return torch.where(varies, cells, self.values)


class _EveryPart(nn.ModuleList):
    """Constant cells of several parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__(map(ConstantCells, parts))
        self.names = [part.name for part in parts]

    def forward(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        own = {name: fixed(inputs[name]) for name, fixed in zip(self.names, self, strict=True)}
        return {**inputs, **own}


def constant_cells(parts: Sequence[Part]) -> nn.Module | None:
    """What keeps the constant cells of a row's parts, by name; None if there are none."""
    own = [part for part in parts if part.constant]
    return _EveryPart(own) if own else None
