"""Conflict-free inverse gradients."""

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

__all__ = ["ConFIG"]


@dataclass
class ConFIG(GramianAggregator):
    r"""The direction at equal angles to all gradients, as long as the sum of their projections.

    .. math:: u = \left(\sum_k g_k \cdot d\right) d, \qquad d = \frac{q}{\|q\|}, \qquad
              q = \hat J^+ 1

    with the unit gradients in the rows of :math:`\hat J`. Where the gradients are independent,
    no task's loss grows to first order along it.

    Notes
    -----
    By :math:`\hat J^+ = \hat J^\top (\hat J \hat J^\top)^+` it needs only the Gramian; the
    authors and TorchJD invert the Jacobian. Gradients count as dependent where an eigenvalue of
    their cosines is below K times the precision of the Gramian's type, in float32 1.2e-7 K. The
    update is zero where :math:`q` is, as for two opposing gradients. Dependent gradients are
    served in the least-squares sense, as in the authors' code; some may then be conflicted with.

    References
    ----------
    Liu, Chu & Thuerey, "ConFIG: towards conflict-free training of physics informed neural
    networks", ICLR 2025.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import ConFIG
    >>> ConFIG().weights(torch.tensor([[1.0, 0.0], [0.0, 9.0]]))
    tensor([2.0000, 0.6667])
    """

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.LINEAR_UNDER_SCALING,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the equiangular direction, times its length."""
        array = gramian.detach().double().cpu().numpy()
        shares, projections, lengths = even_direction(array, torch.finfo(gramian.dtype).eps)
        square = shares @ projections
        if square <= 0:
            return torch.zeros_like(gramian[0])
        coefficients = np.divide(shares, lengths, out=np.zeros_like(shares), where=lengths > 0)
        return torch.from_numpy(coefficients * (lengths @ projections) / square).to(gramian)
