"""Toy problem: two losses of two parameters with a known Pareto front."""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

__all__ = ["TOY_STARTS", "toy_distance", "toy_front", "toy_losses"]

TOY_STARTS = ((-8.5, 7.5), (0.0, 0.0), (9.0, 9.0), (-7.5, -0.5), (9.0, -1.0))
"""Where the descents of Navon et al. begin."""

_SCALE = 0.1
_SHIFT = 21.0
_LEAST = 5e-6


def toy_losses(points: Float64[Tensor, "*batch 2"]) -> Float64[Tensor, "*batch 2"]:
    r"""Two losses in conflict, with steep valleys above and one front below.

    .. math:: \ell_k = s_k\,(c^+ f_k + c^- q_k + 21), \qquad s = (0.1, 1)

    with :math:`c^\pm = \max(\tanh(\pm y / 2), 0)`, logarithmic valleys
    :math:`f_1 = \log\max(|\tfrac12(-x-7) + \tanh y|, 5\cdot 10^{-6}) + 6` and
    :math:`f_2 = \log\max(|\tfrac12(3-x) - \tanh y + 2|, 5\cdot 10^{-6}) + 6`, and bowls
    :math:`q_k = ((x \mp 7)^2 + \tfrac1{10}(y + 8)^2) / 10 - 20`.

    Parameters
    ----------
    points : tensor of shape (…, 2), float64
        Parameters (x, y).

    Returns
    -------
    tensor of shape (…, 2)

    Notes
    -----
    Liu et al. have no scale; Navon et al. scale the first loss by 0.1, as here, so that the plain
    sum of the losses gets stuck. The 21, which changes no gradient but for the scale, is ours: it
    keeps the losses positive for weightings that divide by them or take their logarithm.

    References
    ----------
    Liu et al., "Conflict-averse gradient descent for multi-task learning", NeurIPS 2021. Navon
    et al., "Multi-task learning as a bargaining game", ICML 2022.

    Examples
    --------
    >>> import torch
    >>> from polytask.testing import toy_losses
    >>> toy_losses(torch.tensor([0.0, -8.0], dtype=torch.float64))
    tensor([0.5910, 5.9101], dtype=torch.float64)
    """
    x, y = points.unbind(-1)
    above, below = torch.tanh(y / 2).clamp(min=0), torch.tanh(-y / 2).clamp(min=0)
    bend = torch.tanh(y)
    valleys = ((-x - 7) / 2 + bend, (3 - x) / 2 - bend + 2)
    bowls = ((x - 7).square(), (x + 7).square())
    losses = [
        above * (valley.abs().clamp(min=_LEAST).log() + 6)
        + below * ((bowl + (y + 8).square() / 10) / 10 - 20)
        + _SHIFT
        for valley, bowl in zip(valleys, bowls, strict=True)
    ]
    return torch.stack([_SCALE * losses[0], losses[1]], dim=-1)


def toy_front(n_points: int = 1001) -> Float64[Tensor, "n 2"]:
    r"""Parameters of Pareto-optimal points, from the best first loss to the best second one.

    Parameters
    ----------
    n_points : int, default 1001

    Returns
    -------
    tensor of shape (n_points, 2)

    Notes
    -----
    Each point minimises :math:`c^-(\lambda q_1 + (1 - \lambda) q_2)`: in x by
    :math:`7 (2\lambda - 1)`, in y by iterating the stationarity condition.

    Examples
    --------
    >>> from polytask.testing import toy_front
    >>> [[round(value, 3) for value in point] for point in toy_front(3).tolist()]
    [[7.0, -8.434], [0.0, -8.355], [-7.0, -8.434]]
    """
    share = torch.linspace(1, 0, n_points, dtype=torch.float64)
    y = torch.full_like(share, -8.0)
    for _ in range(100):
        bowl = (y + 8).square() / 100 + 19.6 * share * (1 - share) - 20
        slope = 0.5 / torch.cosh(y / 2).square() / torch.tanh(-y / 2)
        y = -8 + 50 * slope * bowl
    return torch.stack([7 * (2 * share - 1), y], dim=-1)


def toy_distance(points: Float64[Tensor, "n 2"]) -> Float64[Tensor, " n"]:
    """How far the losses at some points are from the front, in the plane of the losses.

    Parameters
    ----------
    points : tensor of shape (n, 2)

    Returns
    -------
    tensor of shape (n,)

    Examples
    --------
    >>> import torch
    >>> from polytask.testing import toy_distance
    >>> toy_distance(torch.tensor([[0.0, -8.357], [-8.5, 7.5]], dtype=torch.float64)).round(
    ...     decimals=3
    ... )
    tensor([0.0000, 8.7130], dtype=torch.float64)
    """
    return torch.cdist(toy_losses(points), toy_losses(toy_front(4001))).amin(dim=1)
