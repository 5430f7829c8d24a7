"""Impartial multi-task learning: the balance of gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import even_direction
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property

__all__ = ["IMTLG"]

_TINY = 1e-12


@dataclass
class IMTLG(GramianAggregator):
    r"""The combination that has equal projections onto all gradients.

    .. math:: w = \frac{v}{\sum_k v_k}, \qquad v_k = \frac{(C^+ 1)_k}{\|g_k\|}, \qquad
              C_{ij} = \cos(g_i, g_j)

    so that :math:`u \cdot g_k / \|g_k\|` is the same for every task where the gradients are
    independent.

    Notes
    -----
    The weights are those of the paper, :math:`(1 - \sum_k \alpha_k, \alpha)` with
    :math:`\alpha = g_1 U^\top (D U^\top)^{-1}`, from the Gramian instead of the gradients.
    Like the paper's, they sum to 1 and may be negative; since :math:`\sum_k v_k` may be small or
    negative where lengths differ widely, the update may then be long or raise every loss.
    Dependent gradients are served in the least-squares sense; TorchJD takes the pseudo-inverse
    of G in place of C, which ignores gradients much shorter than the longest. A gradient of zero
    gets weight 0. The weights are all 0 where the :math:`v_k` cancel, as
    for two opposing gradients.

    References
    ----------
    Liu, Li, Kuang, Xue, Chen, Yang, Liao & Zhang, "Towards impartial multi-task learning",
    ICLR 2021.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import IMTLG
    >>> IMTLG().weights(torch.tensor([[1.0, 0.0], [0.0, 9.0]]))
    tensor([0.7500, 0.2500])
    """

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights that sum to 1, or zeros where these are undefined."""
        array = gramian.detach().double().cpu().numpy()
        shares, _, lengths = even_direction(array, torch.finfo(gramian.dtype).eps)
        shortest = lengths[lengths > 0].min(initial=1.0)
        coefficients = np.divide(shares * shortest, lengths, out=shares * 0.0, where=lengths > 0)
        total = coefficients.sum()
        if abs(total) <= _TINY * np.abs(coefficients).sum():
            return torch.zeros_like(gramian[0])
        return torch.from_numpy(coefficients / total).to(gramian)
