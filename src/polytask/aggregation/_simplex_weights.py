"""Weights on the simplex that are carried from step to step while tasks come and go."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import project_simplex
from polytask.gradients import Served

__all__ = ["put_shares", "shares", "stepped"]


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
    given = weights[served.indices]
    total = given.sum()
    return torch.where(total > 0, given / total, 1 / len(given))


def put_shares(
    weights: Float[Tensor, " n_tasks"], new: Float[Tensor, " k"], served: Served
) -> Float[Tensor, " n_tasks"]:
    """Weights in which the tasks present share anew what they had; the others keep theirs."""
    rows = served.indices
    total = weights[rows].sum()
    moved = weights.clone()
    moved[rows] = torch.where(total > 0, total, len(rows) / len(weights)) * new
    return moved


def stepped(
    point: Float[Tensor, " k"], gradient: Float[Tensor, " k"], length: float
) -> Float[Tensor, " k"]:
    """A step against a gradient, projected onto the simplex."""
    target = point - length * gradient
    return torch.from_numpy(project_simplex(target.double().cpu().numpy())).to(point)
