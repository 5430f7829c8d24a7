"""Weights of a fair bargain that are carried from step to step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._adaptive_rates import adapt_rates
from polytask.aggregation._bargain import clip_to_norm
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.gradients import Served

__all__ = ["CarriedBargain"]


class CarriedBargain:
    r"""Weights w that approach :math:`(G w)_k = w_k^{-1/\alpha}` from slopes G w alone.

    A step first scales all weights alike, to where :math:`\sum_k w_k (G w)_k` is what it would
    be at the solution. Then each moves by its own residual,

    .. math:: w_k \leftarrow w_k e^{-\eta_k \rho_k}, \qquad
              \rho_k = \log(w_k^{1/\alpha} (G w)_k) \in [-1, 1],

    where slopes that are not positive have the residual -1, and :math:`\eta_k` is the step size
    times the task's rate, which shrinks while its residual changes sign (see `adapt_rates`). The
    weights stay if the update was zero.

    Parameters
    ----------
    n_tasks : int
    device : torch.device, optional

    Attributes
    ----------
    weights : tensor of shape (n_tasks,)
    rates : tensor of shape (n_tasks,)
        Factors on the step size, per task.
    residuals : tensor of shape (n_tasks,)
        Of the last step in which each task was present; 0 before.
    """

    def __init__(self, n_tasks: int, device: torch.device | None = None) -> None:
        self.weights = torch.ones(n_tasks, dtype=torch.float64, device=device)
        self.rates = torch.ones_like(self.weights)
        self.residuals = torch.zeros_like(self.weights)

    def clipped_weights(
        self, served: Served, alpha: float, max_norm: float | None
    ) -> Float[Tensor, " k"]:
        """Weights of the tasks present, clipped as if they solved the equation."""
        weights = self.weights[served.indices]
        return clip_to_norm(weights, weights.pow(1 - 1 / alpha).sum().sqrt(), max_norm)

    def move(
        self,
        product: Float[Tensor, " k"],
        served: Served,
        alpha: float,
        max_norm: float | None,
        step_size: float,
    ) -> None:
        """One step of the weights of the tasks present, from the slopes along the clipped update."""
        indices, beta = served.indices, 1 / alpha
        weights = self.weights[indices]
        slopes = product.detach().to(weights) * (
            weights / self.clipped_weights(served, alpha, max_norm)
        )
        total = weights @ slopes
        scale = (weights.pow(1 - beta).sum() / total).pow(1 / (1 + beta))
        scaled = scale * weights
        relative = scaled.pow(beta) * scale * slopes
        residuals = relative.clamp(math.exp(-1), math.e).log()
        rates = adapt_rates(self.rates[indices], residuals, self.residuals[indices])
        moved = scaled * torch.exp(-step_size * rates * residuals)
        valid = (total > 0) & (moved.isfinite() & (moved > 0)).all()
        self.weights[indices] = torch.where(valid, moved, weights)
        self.rates[indices] = torch.where(valid, rates, self.rates[indices])
        self.residuals[indices] = torch.where(valid, residuals, self.residuals[indices])

    def state_dict(self) -> dict[str, Any]:
        """Weights, rates and residuals."""
        return copy_state(self, "weights", "rates", "residuals", suffix="")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore weights, rates and residuals."""
        restore_state(self, state, suffix="")
