"""Projection of conflicting gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from polytask._linalg import normalised
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._property import Property
from polytask.aggregation._random_orders import draw_orders

__all__ = ["PCGrad"]

_CHUNK = 64  # tasks whose coefficients stay in the processor's cache


@dataclass
class PCGrad(GramianAggregator):
    r"""The sum of gradients, each projected onto the normal planes of those it conflicts with.

    .. math:: g_i^{PC} \leftarrow g_i^{PC} - \frac{\min(0,\ g_i^{PC} \cdot g_j)}{\|g_j\|^2}\, g_j
              \qquad \text{for } j \ne i \text{ in random order}, \qquad u = \sum_i g_i^{PC}

    With two tasks no loss grows to first order along the update; with more this may happen.

    Notes
    -----
    The update is the *sum* of the projected gradients, as in the paper's algorithm and the
    authors' code, so that without conflicts it is that of `Sum`. Each task has an order of its
    own; in the authors' code, whose shuffling has no effect, all go through the tasks in the
    order given, themselves included. A gradient of zero is skipped. All is computed from the
    Gramian: the projected gradients are never formed.

    References
    ----------
    Yu, Kumar, Gupta, Levine, Hausman & Finn, "Gradient surgery for multi-task learning",
    NeurIPS 2020.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import PCGrad
    >>> PCGrad().weights(torch.tensor([[1.0, -0.5], [-0.5, 1.0]]))
    tensor([1.5000, 1.5000])
    """

    _generator: torch.Generator | None = field(default=None, init=False, repr=False, compare=False)

    properties: ClassVar[frozenset[Property]] = frozenset(
        {Property.SCALE_EQUIVARIANT, Property.LINEAR_UNDER_SCALING, Property.STATELESS}
    )

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set the generator that orders the tasks."""
        del n_tasks, device
        self._generator = generator

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Coefficients of the gradients in the sum of the projected ones, each at least 1."""
        products = normalised(gramian.detach().double().cpu().numpy())
        order = draw_orders(len(products), self._generator)
        starts = range(0, len(products), _CHUNK)
        chunks = [_project(products, order[i : i + _CHUNK], i) for i in starts]
        return torch.from_numpy(sum(chunks)).to(gramian)


def _project(
    products: Float64[np.ndarray, "k k"], order: Int64[np.ndarray, "n others"], first: int
) -> Float64[np.ndarray, " k"]:
    """Coefficients of the sum of n consecutive projected gradients."""
    squares = products.diagonal()
    inverse = np.divide(-1.0, squares, out=np.zeros_like(squares), where=squares > 0)
    coefficients = np.eye(len(order), len(products), first)
    rows = np.arange(len(order))
    for others in np.ascontiguousarray(order.T):
        slopes = np.einsum("ik,ik->i", coefficients, products[others])
        coefficients[rows, others] = np.minimum(slopes, 0.0) * inverse[others]
    total: Float64[np.ndarray, " k"] = coefficients.sum(0)
    return total
