"""Properties of a training run that make gradient engines cheaper or exact."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Int
from lightning_fabric import Fabric
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch

__all__ = ["has_loss_scaler", "loss_scale", "task_of_row"]


def has_loss_scaler(fabric: Fabric) -> bool:
    """Whether half precision scales losses, and skips steps whose gradients overflow."""
    return _scaler(fabric) is not None


def loss_scale(fabric: Fabric) -> float:
    """The factor by which half precision scales losses; 1 without."""
    scaler = _scaler(fabric)
    if scaler is None:
        return 1.0
    return float(
        scaler.scale(torch.ones((), device=fabric.device))
    )  # `scale` prepares it for `step`


def _scaler(fabric: Fabric) -> Any:
    return getattr(fabric.strategy.precision, "scaler", None)


def task_of_row(network: MultiTaskModule, batch: Batch) -> Int[Tensor, " n_rows"] | None:
    """The task of every row, where each has one and the network keeps rows apart; else None.

    None also for rows of several sources, and for a batch of which this process has no row.
    """
    if not network.rows_apart or len(batch) != 1 or len(network.blocks) > 1:
        return None
    (rows,) = batch.values()
    return rows.task
