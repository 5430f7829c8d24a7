"""Rows of the members of an ensemble: one after another for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from polytask.encoders._state import State

__all__ = ["MemberRows"]

_MOST_GROUPS = 16
_SHORT = 192
"""Length of vectors up to which every element has an adapter of its own."""


class MemberRows(nn.Module):
    r"""An entry whose vectors are repeated for each member of an ensemble, times an adapter.

    .. math:: h_m = r_m \odot e(x)

    with the entry e and adapters :math:`r_m` that begin as random signs, so that members differ
    from the start. Vectors of at most 192 elements have one adapter for each element, and one sign
    for each original column; longer ones have one adapter for each of at most 16 groups of
    neighbouring columns, since the products of a linear layer then serve all members. Without adapters all
    members begin from e(x).

    Parameters
    ----------
    entry : nn.Module
        From inputs by name to a `State` of vectors.
    members : int
    channels : sequence of int, optional
        Width of each original column in the vector; no adapters when None.

    Attributes
    ----------
    adapter : tensor of shape (members, h) or (members, n_groups), or None
    sizes : tuple of int
        Width of each group in the vector; empty without groups.
    """

    def __init__(
        self, entry: nn.Module, members: int, channels: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.entry, self.members = entry, members
        self.adapter: nn.Parameter | None = None
        self.sizes: tuple[int, ...] = ()
        if channels is None:
            return
        short = sum(channels) <= _SHORT
        self.sizes = () if short else grouped(channels)
        n_elements = sum(channels) if short else len(self.sizes)
        self.adapter = nn.Parameter(torch.empty(members, n_elements))  # counted before it is drawn
        with torch.no_grad():
            signs = _signs(members, len(channels) if short else n_elements)
            self.adapter.copy_(_repeated(signs, channels) if short else signs)

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """Vectors (n * members, h) of n rows, the members of a row one after another."""
        values = self.entry(inputs).values.unsqueeze(-2)
        if self.adapter is None:
            return State(values.expand(-1, self.members, -1).flatten(0, 1))
        adapter = _repeated(self.adapter, self.sizes) if self.sizes else self.adapter
        return State((values * adapter).flatten(-3, -2))

    def products(self, inputs: Mapping[str, Tensor], weight: Tensor, bias: Tensor | None) -> Tensor:
        r"""A linear layer of the rows of all members, (n, members, out_features).

        The rows are not written out: it is :math:`(W \odot r_m) e`, or
        :math:`\sum_g r_{mg} W_g e_g` with groups g.
        """
        values = self.entry(inputs).values
        if self.adapter is None:
            features = nn.functional.linear(values, weight, bias).unsqueeze(-2)
            return features.expand(-1, self.members, -1)
        if not self.sizes:
            scaled = (self.adapter.unsqueeze(1) * weight).flatten(0, 1)
            biases = None if bias is None else bias.repeat(self.members)
            features = nn.functional.linear(values, scaled, biases)
            return features.view(len(values), self.members, len(weight))
        sizes = list(self.sizes)
        pieces = zip(torch.split(values, sizes, 1), torch.split(weight, sizes, 1), strict=True)
        features = torch.stack([nn.functional.linear(*piece) for piece in pieces], dim=-2)
        adapter = self.adapter.expand(len(features), -1, -1)
        if bias is None:
            return torch.bmm(adapter, features)
        return torch.baddbmm(bias, adapter, features)


def grouped(channels: Sequence[int], most: int = _MOST_GROUPS) -> tuple[int, ...]:
    """Widths of at most `most` groups of neighbouring columns, of about the same width.

    Examples
    --------
    >>> from polytask.encoders._member_rows import grouped
    >>> grouped([8, 8, 8, 1, 1, 1], most=3)
    (8, 8, 11)
    """
    if len(channels) <= most:
        return tuple(channels)
    middles = (end - width / 2 for end, width in zip(accumulate(channels), channels, strict=True))
    place = [int(middle * most / sum(channels)) for middle in middles]
    sizes: dict[int, int] = {}
    for group, width in zip(place, channels, strict=True):
        sizes[group] = sizes.get(group, 0) + width
    return tuple(sizes.values())


def _signs(n_rows: int, n_columns: int) -> Tensor:
    return torch.randint(0, 2, (n_rows, n_columns)) * 2.0 - 1.0


def _repeated(values: Tensor, sizes: Sequence[int]) -> Tensor:
    """Columns repeated as many times as the sizes state."""
    with torch.device("cpu"):
        columns = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes, dtype=torch.int64))
    return values.index_select(1, columns.to(values.device))
