"""Multi-gradient descent with double sampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.aggregation._aggregator import Aggregator
from polytask.aggregation._copied_state import copy_state, restore_state
from polytask.aggregation._property import Property
from polytask.aggregation._served_losses import served_or_all
from polytask.aggregation._simplex_weights import redistribute, shares, step_on_simplex
from polytask.gradients import Need, Served, require_same_tasks
from polytask.ranges import Range, SearchRange

__all__ = ["MoDo"]


@dataclass
class MoDo(Aggregator):
    r"""Carried weights that move towards those of `MGDA`, without the bias of a single batch.

    .. math:: d = J(z)^\top \lambda, \qquad
              \lambda \leftarrow \Pi_{\Delta}
              \bigl(\lambda - \gamma\,(J(z')\,J(z)^\top \lambda + \rho \lambda)\bigr)

    with the gradients of the batch z and of an independent batch z', and the projection
    :math:`\Pi_\Delta` onto the simplex. Over both batches the expected step is that of the exact
    gradients; from one batch it would not be, because noise enters both factors. The weights
    start as equal ones.

    Parameters
    ----------
    gamma : float, default 0.1
        Step size of the weights, in units of the inverse square of a gradient.
    rho : float, default 0.1
        Strength of the pull towards equal weights.

    Attributes
    ----------
    weights_ : tensor of shape (n_tasks,)
        The :math:`\lambda`. Tasks that are absent keep theirs; those present share what they had.

    Notes
    -----
    Deviations: the parameters follow the :math:`\lambda` from before its step, and the batch
    whose gradients are one of the factors; in the paper they follow the one after it, and a
    third batch. The :math:`\rho` is that of the authors' code for multi-task learning; the
    paper's algorithm and their toy problem have none. Other implementations
    have other defaults (LibMTL :math:`\gamma = 0.001`). A loop that serves no second batch uses z for both, and so does `aggregate`: the step is then biased,
    towards equal weights and away from noisy tasks.

    References
    ----------
    Chen, Fernando, Ying & Chen, "Three-way trade-off in multi-objective learning: optimization,
    generalization and conflict-avoidance", NeurIPS 2023.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MoDo
    >>> modo = MoDo(rho=0.0)
    >>> jacobian = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> for _ in range(100):
    ...     update = modo.aggregate(jacobian)
    >>> update
    tensor([0.8000, 0.4000])
    """

    gamma: float = 0.1
    rho: float = 0.1
    weights_: Tensor = field(init=False, repr=False, compare=False)

    needs = frozenset({Need.PRODUCT, Need.SECOND_BATCH, Need.PRESENT})
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "gamma": Range(1e-3, 1.0, log=True, default=0.1),
        "rho": Range(1e-3, 1.0, log=True, default=0.1),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "gamma": Interval(float, 0.0, closed="neither"),
        "rho": Interval(float, 0.0, closed="left"),
    }
    properties: ClassVar[frozenset[Property]] = frozenset(
        {Property.PERMUTATION_INVARIANT, Property.CONVEX, Property.DETERMINISTIC}
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set the weights to equal ones."""
        del generator
        self.weights_ = torch.full((n_tasks,), 1 / n_tasks, dtype=torch.float64, device=device)

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Weights of the tasks present for this step's update; they sum to 1."""
        if not hasattr(self, "weights_"):
            self.start(len(served.present), device=served.present.device)
        require_same_tasks(self, len(served.present), self.weights_)
        return shares(self.weights_, served)

    def move(self, product: Float[Tensor, " k"], served: Served) -> None:
        r"""Update the weights from the slopes :math:`J(z') J(z)^\top \lambda` along the last update.

        They stay if a slope is not finite.
        """
        if not product.isfinite().all():
            return
        point = shares(self.weights_, served)
        gradient = product.detach().to(point) + self.rho * point
        self.weights_ = redistribute(
            self.weights_, step_on_simplex(point, gradient, self.gamma), served
        )

    def aggregate(
        self, jacobian: Float[Tensor, "k p"], served: Served | None = None
    ) -> Float[Tensor, " p"]:
        """The update from explicit gradients; also updates the weights."""
        served = served_or_all(served, len(jacobian), jacobian.device)
        update = self.carried(served).to(jacobian) @ jacobian
        self.move(jacobian @ update, served)
        return update

    def state_dict(self) -> dict[str, Any]:
        """The weights."""
        return copy_state(self, "weights")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the weights."""
        restore_state(self, state)
