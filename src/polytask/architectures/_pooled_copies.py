"""Pooling of features that have a leading axis over tasks or copies."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from polytask.encoders import State, mean_pool

__all__ = ["pooled_copies"]


def pooled_copies(state: State) -> Float[Tensor, "n_copies n h"]:
    """One vector per copy and row.

    Parameters
    ----------
    state : State
        Values (n_copies, n, …); sequences of all copies have one mask, (n, l), or each its own,
        (n_copies, n, l).

    Examples
    --------
    >>> import torch
    >>> from polytask.architectures._pooled_copies import pooled_copies
    >>> from polytask.encoders import State
    >>> pooled_copies(State(torch.ones(2, 5, 3, 4, 4))).shape
    torch.Size([2, 5, 3])
    """
    values, mask = state
    if values.ndim == 3:
        return values
    each = None
    if mask is not None:
        each = mask.flatten(0, 1) if mask.ndim == 3 else mask.repeat(len(values), 1)
    pooled = mean_pool(State(values.flatten(0, 1), each))
    return pooled.view(*values.shape[:2], pooled.shape[1])
