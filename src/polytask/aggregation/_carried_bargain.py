"""Weights of a bargain that are carried from step to step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._bargain import clipped
from polytask.aggregation._paced import paced
from polytask.aggregation._state import restore, saved
from polytask.gradients import Served

__all__ = ["CarriedBargain"]


class CarriedBargain:
    r"""Weights w on their way to :math:`(G w)_k = w_k^{-1/\alpha}`, given only slopes G w.

    A step first scales all weights alike, to where :math:`\sum_k w_k (G w)_k` is what it would
    be at the solution. Then each moves by its own residual,

    .. math:: w_k \leftarrow w_k e^{-\eta_k \rho_k}, \qquad
              \rho_k = \log(w_k^{1/\alpha} (G w)_k) \in [-1, 1],

    where slopes that are not positive have the residual -1, and :math:`\eta_k` is the step size
    times the task's rate, which shrinks while its residual changes sign (see `paced`). Nothing
    moves if the update was zero.

    Parameters
    ----------
    n_tasks : int
    device : torch.device, optional

    Attributes
    ----------
    weights : tensor of shape (n_tasks,)
    rates : tensor of shape (n_tasks,)
        Shares of the step size.
    residuals : tensor of shape (n_tasks,)
        Of the last step in which each task was present; 0 before.
    """

    def __init__(self, n_tasks: int, device: torch.device | None = None) -> None:
        self.weights = torch.ones(n_tasks, dtype=torch.float64, device=device)
        self.rates = torch.ones_like(self.weights)
        self.residuals = torch.zeros_like(self.weights)

    def of(self, served: Served, alpha: float, max_norm: float | None) -> Float[Tensor, " k"]:
        """Weights of the tasks present, clipped as if they solved the equation."""
        weights = self.weights[served.indices]
        return clipped(weights, weights.pow(1 - 1 / alpha).sum().sqrt(), max_norm)

    def move(
        self,
        product: Float[Tensor, " k"],
        served: Served,
        alpha: float,
        max_norm: float | None,
        step_size: float,
    ) -> None:
        """One step of the tasks present, given the slopes along the clipped update."""
        rows, beta = served.indices, 1 / alpha
        weights = self.weights[rows]
        slopes = product.detach().to(weights) * (weights / self.of(served, alpha, max_norm))
        total = weights @ slopes
        scale = (weights.pow(1 - beta).sum() / total).pow(1 / (1 + beta))
        scaled = scale * weights
        relative = scaled.pow(beta) * scale * slopes
        residuals = relative.clamp(math.exp(-1), math.e).log()
        rates = paced(self.rates[rows], residuals, self.residuals[rows])
        moved = scaled * torch.exp(-step_size * rates * residuals)
        sound = (total > 0) & (moved.isfinite() & (moved > 0)).all()
        self.weights[rows] = torch.where(sound, moved, weights)
        self.rates[rows] = torch.where(sound, rates, self.rates[rows])
        self.residuals[rows] = torch.where(sound, residuals, self.residuals[rows])

    def state_dict(self) -> dict[str, Any]:
        """All of it."""
        return saved(self, "weights", "rates", "residuals", suffix="")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore it."""
        restore(self, state, suffix="")
