"""Adam over one number a task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["PerTaskAdam"]

_DECAYS = (0.9, 0.999)
_EPSILON = 1e-8
_LARGEST_GRADIENT = 1e18  # its square is a float32
_LARGEST_VALUE = 80.0  # its exponential is a float32


class PerTaskAdam:
    r"""Adam (Kingma & Ba, ICLR 2015) in which absent tasks do not move.

    Each task has its own moments and its own count of steps, all of which stay when the task is
    absent; a task's path is thus the one it would take alone. Values stay within ±80, where
    :math:`e^{\pm v}` and its inverse are float32 numbers.

    Attributes
    ----------
    values : tensor of shape (n_tasks,)
        What is learned; starts at 0.
    """

    def __init__(
        self, n_tasks: int, learning_rate: float, device: torch.device | None = None
    ) -> None:
        self.learning_rate = learning_rate
        self.values = torch.zeros(n_tasks, device=device)
        self._moments = torch.zeros(2, n_tasks, device=device)
        self._count = torch.zeros(n_tasks, device=device)
        self._rates = torch.tensor([[1 - decay] for decay in _DECAYS], device=device)
        self._logs = torch.tensor([[math.log(decay)] for decay in _DECAYS], device=device)

    def step(self, gradient: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Move the values of the tasks present against their gradient."""
        gradient = gradient.to(self.values.dtype).clamp(-_LARGEST_GRADIENT, _LARGEST_GRADIENT)
        self._moments.lerp_(torch.stack((gradient, gradient * gradient)), self._rates * present)
        self._count += present
        mean, square = self._moments / -torch.expm1(self._logs * self._count)
        move = mean.div_(square.sqrt_().add_(_EPSILON))
        self.values.sub_(torch.where(present, move, 0.0), alpha=self.learning_rate)
        self.values.clamp_(-_LARGEST_VALUE, _LARGEST_VALUE)

    def state_dict(self) -> dict[str, Any]:
        """Values, moments and counts."""
        return {
            "values": self.values.clone(),
            "moments": self._moments.clone(),
            "count": self._count.clone(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.values.copy_(state["values"])
        self._moments.copy_(state["moments"])
        self._count.copy_(state["count"])
