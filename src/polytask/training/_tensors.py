"""Encoded rows as torch tensors on a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.data import Batch, EncodedSource

__all__ = ["derived_seed", "joined", "to_tensors"]


def to_tensors(
    sources: Mapping[str, EncodedSource], device: torch.device | None = None
) -> dict[str, EncodedSource]:
    """Turn numpy arrays into tensors; memory is shared where it can be."""

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device or torch.device("cpu"))

    return {name: source.map(tensor) for name, source in sources.items()}


def joined(sources: Mapping[str, EncodedSource]) -> Batch:
    """All rows of all sources as one batch."""
    return Batch.of(sources, _concatenate)


def _concatenate(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(parts))
