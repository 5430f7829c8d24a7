"""Simplex weights that descend along slopes, carried from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._simplex_weights import redistribute, shares
from polytask.gradients import Served

__all__ = ["CarriedWeights"]

_DECAY = 0.99
_SMALLEST = 1e-8


class CarriedWeights:
    r"""Task weights that follow exponentiated gradient descent.

    .. math:: w_k \leftarrow w_k \exp(-\eta\, p_k / s) \,/\, \text{their sum}

    for slopes p, with a scale s that follows the largest recent slope, so that the size of
    gradients does not matter. Weights of absent tasks stay.

    Parameters
    ----------
    n_tasks : int
    device : torch.device, optional
    """

    def __init__(self, n_tasks: int, device: torch.device | None = None) -> None:
        self.values = torch.full((n_tasks,), 1 / n_tasks, dtype=torch.float64, device=device)
        self.scale = torch.zeros((), dtype=torch.float64, device=device)

    def shares(self, served: Served) -> Float[Tensor, " k"]:
        """Weights of the tasks present, scaled to sum to 1."""
        return shares(self.values, served)

    def move(self, slopes: Float[Tensor, " k"], served: Served, step_size: float) -> None:
        """Decrease the weights of tasks whose loss falls fast, if all slopes are finite."""
        if not slopes.isfinite().all():
            return
        slopes = slopes.double()
        self.scale = torch.maximum(_DECAY * self.scale, slopes.abs().amax())
        if self.scale == 0:
            return
        after = self.shares(served) * torch.exp(-step_size * (slopes - slopes.min()) / self.scale)
        after = torch.clamp_min(after / after.sum(), _SMALLEST)
        self.values = redistribute(self.values, after / after.sum(), served)

    def state_dict(self) -> dict[str, Any]:
        """The weights and their scale."""
        return copy_state(self, "values", "scale", suffix="")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the weights and their scale."""
        restore_state(self, state, suffix="")
