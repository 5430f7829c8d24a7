"""Positions of tasks among some of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["places_among"]


def places_among(
    members: Sequence[int], n_tasks: int, device: torch.device | None = None
) -> Tensor:
    """The place of each task among members, (n_tasks,) int64; 0 for tasks that are none.

    Parameters
    ----------
    members : sequence of int
        Positions of some tasks.
    n_tasks : int
        Of all tasks.
    device : torch.device, optional

    Examples
    --------
    >>> from polytask.architectures._places import places_among
    >>> places_among([0, 2], 4)
    tensor([0, 0, 1, 0])
    """
    places = torch.zeros(n_tasks, dtype=torch.int64, device=device)
    places[list(members)] = torch.arange(len(members), device=device)
    return places
