"""Encoded rows as torch tensors on a device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from polytask.data import Batch, SourceBatch

__all__ = ["to_tensors"]


def to_tensors(batch: Batch, device: torch.device | None = None) -> dict[str, SourceBatch]:
    """Turn numpy arrays into tensors; memory is shared where possible."""

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device or torch.device("cpu"))

    return {name: rows.map(tensor) for name, rows in batch.items()}
