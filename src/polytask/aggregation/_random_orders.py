"""Random orders of the other tasks, one per task."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int64

__all__ = ["draw_orders"]


def draw_orders(
    n_tasks: int, generator: torch.Generator | None
) -> Int64[np.ndarray, "n_tasks others"]:
    """Row i holds all tasks but i, in a random order."""
    device = "cpu" if generator is None else generator.device
    keys = torch.rand(n_tasks, n_tasks, dtype=torch.float64, generator=generator, device=device)
    keys.fill_diagonal_(2.0)
    order: Int64[np.ndarray, "n_tasks n_tasks"] = keys.cpu().numpy().argsort(axis=1)
    return order[:, :-1]
