"""Adam over one number per task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["PerTaskAdam"]

_RATES = (0.1, 0.001, 0.1, 0.001)  # of gradients and squares, and of the weight in their averages
_EPSILON = 1e-8
_NO_MASS = 1e-30  # of an average over nothing, by which one may divide
_LARGEST_GRADIENT = 1e18  # its square is a float32
_LARGEST_VALUE = 80.0  # its exponential is a float32


class PerTaskAdam:
    r"""Adam (Kingma & Ba, ICLR 2015) in which absent tasks do not move.

    Each task has its own averages of gradients and squares, corrected by their own weight; all
    stay when the task is absent, so that its values are those of a separate optimiser. Values stay
    within ±80, where :math:`e^{\pm v}` and its inverse are float32 numbers.

    Attributes
    ----------
    values : tensor of shape (n_tasks,)
        The learned numbers, initially 0.
    """

    def __init__(
        self, n_tasks: int, learning_rate: float, device: torch.device | None = None
    ) -> None:
        self.learning_rate = learning_rate
        self.values = torch.zeros(n_tasks, dtype=torch.float32, device=device)
        self._ones = torch.ones(n_tasks, dtype=torch.float32, device=device)
        self._rates = torch.tensor(_RATES, dtype=torch.float32, device=device)[:, None]
        self._averages = torch.zeros(4, n_tasks, dtype=torch.float32, device=device)
        self._averages[2:] = _NO_MASS

    def step(self, gradient: Float[Tensor, " n_tasks"], present: Bool[Tensor, " n_tasks"]) -> None:
        """Move the values of the tasks present against their gradient."""
        gradient = gradient.to(self.values.dtype).clamp(-_LARGEST_GRADIENT, _LARGEST_GRADIENT)
        news = torch.stack((gradient, gradient * gradient, self._ones, self._ones))
        self._averages.lerp_(news, self._rates * present)
        mean, square = self._averages[:2] / self._averages[2:]
        scale = square.sqrt_().add_(_EPSILON)
        self.values.addcdiv_(mean * present, scale, value=-self.learning_rate)
        self.values.clamp_(-_LARGEST_VALUE, _LARGEST_VALUE)

    def state_dict(self) -> dict[str, Any]:
        """Values and averages."""
        return {"values": self.values.clone(), "averages": self._averages.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.values.copy_(state["values"])
        self._averages.copy_(state["averages"])
