"""Rows of the members of an ensemble: one after another for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.encoders._state import State

__all__ = ["MemberRows"]


class MemberRows(nn.Module):
    r"""An entry whose vectors are repeated for each member of an ensemble, times an adapter.

    .. math:: h_m = r_m \odot e(x)

    with the entry e and adapters :math:`r_m` of random signs, one sign for each original column,
    so that members differ from the start; without adapters all members begin from e(x).

    Parameters
    ----------
    entry : nn.Module
        From inputs by name to a `State` of vectors.
    members : int
    channels : sequence of int, optional
        Width of each original column in the vector; no adapters when None.
    """

    def __init__(
        self, entry: nn.Module, members: int, channels: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.entry, self.members = entry, members
        self.adapter: nn.Parameter | None = None
        if channels is not None:
            self.adapter = nn.Parameter(torch.empty(members, sum(channels)))
            _draw_signs(self.adapter, channels)

    def forward(self, inputs: Mapping[str, Tensor]) -> State:
        """Vectors (n * members, h) of n rows, the members of a row one after another."""
        values = self.entry(inputs).values.unsqueeze(-2)
        if self.adapter is None:
            return State(values.expand(-1, self.members, -1).flatten(0, 1))
        return State((values * self.adapter).flatten(-3, -2))


@torch.no_grad()
def _draw_signs(adapter: Tensor, channels: Sequence[int]) -> None:
    """Fill with random signs, one for each member and column."""
    signs = torch.randint(0, 2, (len(adapter), len(channels)), device=adapter.device) * 2.0 - 1.0
    widths = torch.tensor(list(channels), dtype=torch.int64, device="cpu").to(adapter.device)
    adapter.copy_(signs.repeat_interleave(widths, dim=1, output_size=adapter.shape[1]))
