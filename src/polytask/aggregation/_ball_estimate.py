"""Running estimates for CAGrad's ball around the average gradient, from slopes only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.gradients import Served

__all__ = ["BallEstimate"]

_EVERY = 10
_KEPT_MEAN = 0.5
_KEPT = 0.8
_LARGEST_SHARE = 100.0


class BallEstimate:
    r"""Running estimates of the :math:`\lambda` in updates :math:`g_0 + \lambda g_w`.

    Some updates are the average gradient. The slopes :math:`a = J g_0` along it give
    :math:`\lVert g_0 \rVert^2` (their mean) and :math:`g_w^\top g_0 = w^\top a`. The slopes p
    along another update give :math:`\lVert g_w \rVert^2 = (w^\top p - w^\top a) / \lambda`.

    Parameters
    ----------
    n_tasks : int
    device : torch.device, optional
    """

    def __init__(self, n_tasks: int, device: torch.device | None = None) -> None:
        self.slopes = torch.zeros(n_tasks, dtype=torch.float64, device=device)
        self.seen = torch.zeros(n_tasks, dtype=torch.bool, device=device)
        self.square = torch.zeros((), dtype=torch.float64, device=device)
        self.steps = 0

    def needs_mean(self, served: Served) -> bool:
        """Whether this step's update should be the average gradient."""
        return self.steps % _EVERY == 0 or not bool(self.seen[served.present].all())

    def share(
        self, weights: Float[Tensor, " k"], served: Served, radius: float
    ) -> Float[Tensor, ""]:
        r"""The :math:`\lambda` with :math:`\lVert \lambda g_w \rVert = r \lVert g_0 \rVert`."""
        slopes = self.slopes[served.present]
        mean = torch.clamp_min(slopes.mean(), 0.0)
        least = torch.maximum((weights @ slopes) ** 2, (mean / _LARGEST_SHARE) ** 2)
        ratio = mean**2 / torch.maximum(self.square * mean, least)
        return radius * torch.sqrt(torch.nan_to_num(ratio, nan=0.0, posinf=0.0))

    def update_from_mean(self, slopes: Float[Tensor, " k"], served: Served) -> None:
        """Update the estimates from the slopes along the average gradient."""
        old, seen = self.slopes[served.present], self.seen[served.present]
        self.slopes, self.seen = self.slopes.clone(), self.seen | served.present
        blend = torch.where(seen, _KEPT_MEAN * old + (1 - _KEPT_MEAN) * slopes, slopes)
        self.slopes[served.present] = blend
        if self.steps == 0:
            self.square = torch.clamp_min(slopes.mean(), 0.0)
        self.steps += 1

    def update(
        self,
        slopes: Float[Tensor, " k"],
        weights: Float[Tensor, " k"],
        served: Served,
        radius: float,
    ) -> None:
        """Update the estimates from the slopes along the update of `weights`."""
        share = self.share(weights, served, radius)
        square = weights @ (slopes - self.slopes[served.present]) / share
        square = torch.where(share > 0, torch.clamp_min(square, 0.0), self.square)
        self.square = _KEPT * self.square + (1 - _KEPT) * square
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        """All estimates."""
        return copy_state(self, "slopes", "seen", "square", "steps", suffix="")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the estimates."""
        restore_state(self, state, suffix="")
