"""For each task, the other tasks in random order."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int64

__all__ = ["other_tasks"]


def other_tasks(
    n_tasks: int, generator: torch.Generator | None
) -> Int64[np.ndarray, "n_tasks others"]:
    """In row i all tasks but i, in an order of its own."""
    device = "cpu" if generator is None else generator.device
    keys = torch.rand(n_tasks, n_tasks, dtype=torch.float64, generator=generator, device=device)
    keys.fill_diagonal_(2.0)
    order: Int64[np.ndarray, "n_tasks n_tasks"] = keys.cpu().numpy().argsort(axis=1)
    return order[:, :-1]
