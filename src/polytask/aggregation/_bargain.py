"""Weights of a fair bargain, clipped to a norm of the update."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import bargaining_weights

__all__ = ["clip_to_norm", "solve_bargain"]


def solve_bargain(
    gramian: Float[Tensor, "k k"],
    alpha: float,
    max_norm: float | None,
    shares: Float[Tensor, " k"] | None = None,
) -> Float[Tensor, " k"]:
    r"""Weights with :math:`(G w)_k = (p_k / w_k)^{1/\alpha}`, clipped; all p are 1 by default."""
    exact = gramian.detach().double().cpu()
    array = None if shares is None else shares.numpy()
    precision = torch.finfo(gramian.dtype).eps
    weights = torch.from_numpy(bargaining_weights(exact.numpy(), alpha, array, precision))
    norm = (weights @ exact @ weights).clamp(min=0.0).sqrt()
    return clip_to_norm(weights, norm, max_norm).to(gramian)


def clip_to_norm(
    weights: Float[Tensor, " k"], norm: Float[Tensor, ""], max_norm: float | None
) -> Float[Tensor, " k"]:
    """Weights of the update clipped to a norm, given the norm it has.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation._bargain import clip_to_norm
    >>> clip_to_norm(torch.tensor([2.0, 4.0]), torch.tensor(5.0), 1.0)
    tensor([0.4000, 0.8000])
    """
    if max_norm is None:
        return weights
    return weights * (max_norm / norm.clamp(min=max_norm))
