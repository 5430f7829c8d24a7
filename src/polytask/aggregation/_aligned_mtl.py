"""Independent component alignment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from polytask._linalg import normalised
from polytask._validation import Choice, Constraint, check_parameters
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property
from polytask.ranges import Choices, SearchRange

__all__ = ["AlignedMTL"]


@dataclass
class AlignedMTL(GramianAggregator):
    r"""The average of the gradients after they are made orthogonal and equally long.

    .. math:: w = \sqrt{s}\, V \Lambda^{-1/2} V^\top \tfrac1K 1, \qquad G = V \Lambda V^\top

    over the eigenvalues :math:`\Lambda` of the Gramian that are not zero. Of all such systems
    the aligned gradients are the nearest to the given ones; :math:`\sqrt s` is their length.

    Parameters
    ----------
    scale_mode : {"min", "median", "rmse"}, default "min"
        Which eigenvalue is :math:`s`: the smallest, the median (of an even number the lower of
        the two in the middle) or the mean.

    Notes
    -----
    The aligned gradients are averaged, as in TorchJD; the authors' code sums them. Eigenvalues
    below K times the precision of the Gramian's type, relative to the largest, count as zero;
    the authors' code takes the precision of the default type instead. If all gradients are zero,
    each weighs 1 / K.

    References
    ----------
    Senushkin, Patakin, Kuznetsov & Konushin, "Independent component alignment for multi-task
    learning", CVPR 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import AlignedMTL
    >>> AlignedMTL().weights(torch.tensor([[1.0, 0.0], [0.0, 4.0]]))
    tensor([0.5000, 0.2500])
    """

    scale_mode: str = "min"

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.SCALE_EQUIVARIANT,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "scale_mode": Choices(("min", "median", "rmse")),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "scale_mode": Choice(("min", "median", "rmse"))
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the gradients in the average of the aligned ones."""
        n_tasks = len(gramian)
        products = normalised(gramian.detach().double().cpu().numpy())
        values, vectors = np.linalg.eigh(products)
        kept = values > values[-1] * n_tasks * torch.finfo(gramian.dtype).eps
        if not kept.any():
            return torch.full_like(gramian[0], 1 / n_tasks)
        values, vectors = values[kept], vectors[:, kept]
        shrink = np.sqrt(self._scale(values) / values)
        return torch.from_numpy(vectors @ (shrink * vectors.sum(0) / n_tasks)).to(gramian)

    def _scale(self, values: Float64[np.ndarray, " rank"]) -> float:
        """The common squared length, from ascending eigenvalues."""
        if self.scale_mode == "rmse":
            return float(values.mean())
        return float(values[0 if self.scale_mode == "min" else (len(values) - 1) // 2])
