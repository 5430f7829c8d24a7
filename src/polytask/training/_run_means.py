"""Mean training losses and weights of a run between two evaluations."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["RunMeans"]


class RunMeans:
    """Sums over the batches since the last evaluation, and their means.

    Parameters
    ----------
    n_tasks : int
    device : torch.device
    """

    def __init__(self, n_tasks: int, device: torch.device) -> None:
        self._zeros = torch.zeros(n_tasks, device=device)
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self._losses = self._weights = self._fractions = self._zeros
        self._n_batches = 0

    def add(
        self,
        losses: Float[Tensor, " n_tasks"],
        weights: Float[Tensor, " n_tasks"],
        fraction: float | Float[Tensor, " n_tasks"],
    ) -> None:
        """Add a batch, whose rows are a fraction of those of a full batch."""
        self._losses = self._losses + losses
        self._weights = self._weights + weights
        self._fractions = self._fractions + torch.as_tensor(fraction, device=losses.device)
        self._n_batches += 1

    def losses(self) -> Float[Tensor, " n_tasks"]:
        """Mean losses per full batch."""
        return self._losses / self._fractions.clamp(min=1e-30)

    def weights(self) -> Float[Tensor, " n_tasks"]:
        """Mean weights per batch."""
        return self._weights / self._n_batches
