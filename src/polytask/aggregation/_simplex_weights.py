"""Simplex weights that are carried from step to step while tasks are absent at times."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import project_simplex
from polytask.gradients import Served

__all__ = ["redistribute", "shares", "step_on_simplex"]


def shares(weights: Float[Tensor, " n_tasks"], served: Served) -> Float[Tensor, " k"]:
    """Weights of the tasks present, scaled to sum to 1; equal ones if they have none.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation._simplex_weights import shares
    >>> from polytask.gradients import Served
    >>> shares(torch.tensor([0.2, 0.5, 0.3]), Served(torch.tensor([True, False, True])))
    tensor([0.4000, 0.6000])
    """
    present = weights[served.indices]
    total = present.sum()
    return torch.where(total > 0, present / total, 1 / len(present))


def redistribute(
    weights: Float[Tensor, " n_tasks"], new: Float[Tensor, " k"], served: Served
) -> Float[Tensor, " n_tasks"]:
    """Weights whose total over the tasks present is redistributed; the others stay."""
    indices = served.indices
    total = weights[indices].sum()
    moved = weights.clone()
    moved[indices] = torch.where(total > 0, total, len(indices) / len(weights)) * new
    return moved


def step_on_simplex(
    point: Float[Tensor, " k"], gradient: Float[Tensor, " k"], length: float
) -> Float[Tensor, " k"]:
    """A step against a gradient, projected onto the simplex."""
    target = point - length * gradient
    return torch.from_numpy(project_simplex(target.double().cpu().numpy())).to(point)
