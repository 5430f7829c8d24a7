"""Gramians of rows, and the precision in which they are computed."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["as_double", "at_least_single", "blocked_gramian", "widened_gramian"]

_BLOCK = 2**16


def at_least_single(matrix: Tensor) -> Tensor:
    """A matrix in at least single precision, for sums over many products."""
    return matrix.float() if matrix.dtype in {torch.float16, torch.bfloat16} else matrix


def as_double(tensor: Tensor | None) -> Tensor | None:
    """A tensor in double precision; None stays None."""
    return None if tensor is None else tensor.double()


def blocked_gramian(rows: Float[Tensor, "k p"]) -> Float[Tensor, "k k"]:
    """The rows' Gramian, on a CPU by blocks of columns that stay in the cache."""
    if rows.is_cuda:
        return rows @ rows.T
    inner = rows.new_zeros(len(rows), len(rows))
    for start in range(0, rows.shape[1], _BLOCK):
        block = rows[:, start : start + _BLOCK]
        inner.addmm_(block, block.T)
    return inner


def widened_gramian(rows: Float[Tensor, "k p"]) -> Float[Tensor, "k k"]:
    """The rows' Gramian; in double precision where squares leave the range of single."""
    inner = rows @ rows.T
    if bool(inner.isfinite().all()):
        return inner
    double = rows.double()
    return double @ double.T
