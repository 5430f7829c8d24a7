"""Gradient vaccine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from polytask._linalg import normalised
from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import GramianAggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._random_orders import draw_orders
from polytask.aggregation._served_losses import served_or_all
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["GradVac"]

_CHUNK = 64  # tasks whose coefficients stay in the processor's cache
_LEAST_SINE = 1e-4


@dataclass
class GradVac(GramianAggregator):
    r"""The sum of gradients, each turned until its cosine to the others is the usual one.

    .. math:: g_i' \leftarrow g_i' + \frac{\|g_i'\| \left(\hat\varphi_{ij} \sqrt{1 - \varphi_{ij}^2}
              - \varphi_{ij} \sqrt{1 - \hat\varphi_{ij}^2}\right)}
              {\|g_j\| \sqrt{1 - \hat\varphi_{ij}^2}}\, g_j
              \quad \text{where } \varphi_{ij} = \cos(g_i', g_j) < \hat\varphi_{ij}

    for :math:`j \ne i` in random order, each followed by
    :math:`\hat\varphi_{ij} \leftarrow (1 - \beta) \hat\varphi_{ij} + \beta \varphi_{ij}`; the
    update is :math:`\sum_i g_i'`. While all targets :math:`\hat\varphi` are 0, that is
    `PCGrad`.

    Parameters
    ----------
    beta : float, default 0.01
        Rate at which the target cosines follow the measured ones.

    Attributes
    ----------
    targets_ : tensor of shape (n_tasks, n_tasks), float64
        The usual cosine of every pair of tasks; 0 at the start.

    Notes
    -----
    The cosines are those of the whole shared model, not one for each layer or matrix. LibMTL and
    TorchJD move the targets half of the way at every step; the default here averages over a
    hundred. As there, the update is the sum of the turned gradients. A pair of which one is
    absent, or whose cosine is undefined since a gradient is zero, keeps its target and is not
    turned; turning leaves an angle of at least 1e-4, since no finite step reaches 0. All is computed
    from the Gramian.

    References
    ----------
    Wang, Tsvetkov, Firat & Cao, "Gradient vaccine: investigating and improving multi-task
    optimization in massively multilingual models", ICLR 2021.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import GradVac
    >>> vaccine = GradVac(beta=0.5)
    >>> vaccine.weights(torch.tensor([[1.0, 0.5], [0.5, 1.0]]))
    tensor([1., 1.])
    >>> vaccine.weights(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor([1.2582, 1.2582])
    """

    beta: float = 0.01
    targets_: Tensor = field(init=False, repr=False, compare=False)
    _generator: torch.Generator | None = field(default=None, init=False, repr=False, compare=False)

    needs = frozenset({Need.GRAMIAN, Need.PRESENT})
    properties: ClassVar[frozenset[Property]] = frozenset(
        {Property.SCALE_EQUIVARIANT, Property.LINEAR_UNDER_SCALING}
    )
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "beta": Range(1e-3, 0.5, log=True, default=0.01),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"beta": Interval(float, 0.0, 1.0)}

    def __post_init__(self) -> None:
        check_parameters(self)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set every target to 0, and the generator that orders the tasks."""
        del device
        self.targets_ = torch.zeros(n_tasks, n_tasks, dtype=torch.float64)
        self._generator = generator

    def weights(
        self, gramian: Float[Tensor, "k k"], served: Served | None = None
    ) -> Float[Tensor, " k"]:
        """Coefficients of the gradients in the sum of the turned ones; updates the targets."""
        served = served_or_all(served, len(gramian), gramian.device)
        if not hasattr(self, "targets_"):
            self.start(len(served.present), generator=self._generator)
        require_same_tasks(self, len(served.present), self.targets_)
        products = normalised(gramian.detach().double().cpu().numpy())
        pairs = np.ix_(*2 * [served.indices.cpu().numpy()])
        targets = self.targets_.numpy()[pairs]
        order = draw_orders(len(products), self._generator)
        vaccine = _Vaccine(products, self.beta, torch.finfo(gramian.dtype).eps)
        weights = np.zeros(len(products))
        for first in range(0, len(products), _CHUNK):
            chunk = slice(first, first + _CHUNK)
            weights += vaccine.turn(first, order[chunk], targets[chunk])
        self.targets_.numpy()[pairs] = targets
        return torch.from_numpy(weights).to(gramian)

    def state_dict(self) -> dict[str, Any]:
        """The targets."""
        return copy_state(self, "targets")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the targets."""
        restore_state(self, state, device=torch.device("cpu"))


@dataclass
class _Vaccine:
    """Inner products of the gradients, the rate of the targets, and the products' precision."""

    products: Float64[np.ndarray, "k k"]
    beta: float
    precision: float

    def turn(
        self, first: int, order: Int64[np.ndarray, "n others"], targets: Float64[np.ndarray, "n k"]
    ) -> Float64[np.ndarray, " k"]:
        """Coefficients of the sum of n consecutive turned gradients; updates `targets` in place."""
        rows = np.arange(len(order))
        coefficients = np.eye(len(order), len(self.products), first)
        squares = self.products.diagonal()
        inverse = np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)
        usual = np.take_along_axis(targets, order, 1)
        cotangents = usual / np.sqrt(np.maximum(1 - usual**2, _LEAST_SINE**2))
        cosines = usual.copy()
        of_turned = squares[first : first + len(order)]
        zero = 8 * self.precision * of_turned
        for step, others in enumerate(np.ascontiguousarray(order.T)):
            slopes = np.einsum("ik,ik->i", coefficients, self.products[others])
            heights = slopes * inverse[others]
            across = np.maximum(of_turned - heights**2, 0.0)
            defined = (of_turned > zero) & (inverse[others] > 0)
            np.divide(heights, np.sqrt(of_turned), out=cosines[:, step], where=defined)
            lift = np.maximum(np.sqrt(across) * cotangents[:, step] - heights, 0.0) * defined
            coefficients[rows, others] = lift * inverse[others]
            of_turned = across + (heights + lift) ** 2
        moved = usual + self.beta * (np.clip(cosines, -1.0, 1.0) - usual)
        np.put_along_axis(targets, order, moved, 1)
        total: Float64[np.ndarray, " k"] = coefficients.sum(0)
        return total
