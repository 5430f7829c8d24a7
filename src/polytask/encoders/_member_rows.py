"""Rows of the members of an ensemble: one after another for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from polytask.encoders._state import State

__all__ = ["MemberRows"]

_MOST_GROUPS = 16
_NARROW = 128
"""Widths of vectors up to which the matrices of all members, side by side, are faster."""


class MemberRows(nn.Module):
    r"""An entry whose vectors are repeated for each member of an ensemble, times an adapter.

    .. math:: h_m = r_m \odot e(x)

    with the entry e and adapters :math:`r_m` of random signs, one for each group of neighbouring
    columns (each column, if there are at most 16), so that members differ from the start; without
    adapters all members begin from e(x).

    Parameters
    ----------
    entry : nn.Module
        From inputs by name to a `State` of vectors.
    members : int
    channels : sequence of int, optional
        Width of each original column in the vector; no adapters when None.

    Attributes
    ----------
    adapter : tensor of shape (members, n_groups), or None
    sizes : tuple of int
        Width of each group in the vector.
    """

    group_of: Tensor

    def __init__(
        self, entry: nn.Module, members: int, channels: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.entry, self.members = entry, members
        self.adapter: nn.Parameter | None = None
        self.sizes = () if channels is None else grouped(channels)
        if channels is not None:
            self.adapter = nn.Parameter(torch.empty(members, len(self.sizes)))
            _draw_signs(self.adapter)
            with torch.device("cpu"):
                sizes = torch.tensor(self.sizes, dtype=torch.int64)
                group_of = torch.arange(len(sizes)).repeat_interleave(sizes)
            self.register_buffer("group_of", group_of, persistent=False)

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """Vectors (n * members, h) of n rows, the members of a row one after another."""
        values = self.entry(inputs).values.unsqueeze(-2)
        if self.adapter is None:
            return State(values.expand(-1, self.members, -1).flatten(0, 1))
        return State((values * self.adapter.index_select(1, self.group_of)).flatten(-3, -2))

    def products(self, inputs: Mapping[str, Tensor], weight: Tensor, bias: Tensor | None) -> Tensor:
        r"""A linear layer of the rows of all members, (n, members, out_features).

        The rows are not written out: :math:`W (r_m \odot e) = \sum_g r_{mg} W_g e_g` over the
        groups g, whose products serve all members where vectors are long.
        """
        values = self.entry(inputs).values
        if self.adapter is None:
            features = nn.functional.linear(values, weight, bias).unsqueeze(-2)
            return features.expand(-1, self.members, -1)
        if values.shape[-1] <= _NARROW:
            scales = self.adapter.index_select(1, self.group_of).unsqueeze(1)
            biases = None if bias is None else bias.repeat(self.members)
            features = nn.functional.linear(values, (scales * weight).flatten(0, 1), biases)
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
        return tuple(channels) or (0,)
    middles = (end - width / 2 for end, width in zip(accumulate(channels), channels, strict=True))
    place = [int(middle * most / sum(channels)) for middle in middles]
    sizes: dict[int, int] = {}
    for group, width in zip(place, channels, strict=True):
        sizes[group] = sizes.get(group, 0) + width
    return tuple(sizes.values())


@torch.no_grad()
def _draw_signs(adapter: Tensor) -> None:
    """Fill with random signs."""
    adapter.copy_(torch.randint(0, 2, adapter.shape, device=adapter.device) * 2.0 - 1.0)
