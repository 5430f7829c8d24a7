"""Gradients as long vectors of real numbers, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["flatten", "real_size", "slices", "unflatten"]


def real_size(parameter: Tensor) -> int:
    """Count of real numbers in a parameter: two per complex number."""
    return parameter.numel() * (2 if parameter.is_complex() else 1)


def flatten(gradient: Tensor) -> Float[Tensor, " p"]:
    """A gradient as one long vector of real numbers."""
    dense = gradient.to_dense() if gradient.is_sparse else gradient
    if dense.is_complex():
        dense = torch.view_as_real(dense.resolve_conj())
    return dense.reshape(-1)


def unflatten(vector: Float[Tensor, " p"], parameter: Tensor) -> Tensor:
    """A long vector of real numbers as a gradient of a parameter."""
    if parameter.is_complex():
        return torch.view_as_complex(vector.contiguous().view(*parameter.shape, 2))
    return vector.view_as(parameter)


def slices(parameters: Sequence[Tensor]) -> Iterator[slice]:
    """Where each parameter's gradient lies among all of them flattened and joined."""
    start = 0
    for parameter in parameters:
        stop = start + real_size(parameter)
        yield slice(start, stop)
        start = stop
