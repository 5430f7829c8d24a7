"""Multiple-gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._linalg import min_norm_point
from polytask._validation import Constraint, Interval
from polytask.aggregation._aggregator import AmortisedAggregator
from polytask.aggregation._carried_weights import CarriedWeights
from polytask.aggregation._property import Property
from polytask.gradients import Served, require_same_tasks

__all__ = ["MGDA"]


@dataclass
class MGDA(AmortisedAggregator):
    r"""The shortest vector in the convex hull of the task gradients.

    .. math:: w = \arg\min_{w \ge 0,\ \sum_k w_k = 1} w^\top G w, \qquad G = J J^\top

    It is zero exactly at Pareto-stationary points; elsewhere no task's loss grows to first
    order along it.

    Parameters
    ----------
    amortised : bool, default False
        Carry the weights from step to step, see Notes.
    step_size : float, default 0.1
        Step size of the carried weights.

    Attributes
    ----------
    weights_ : tensor of shape (n_tasks,)
        The carried w of all tasks, if amortised.

    Notes
    -----
    Deviation from Sener & Koltun's code: the minimum is computed exactly by an active-set method
    instead of some Frank–Wolfe steps, and gradients are not normalised before. Amortised (not
    in the paper), the slopes G w along an update are half the objective's gradient, and move w
    by a step of exponentiated gradient descent that does not depend on the gradients' size.
    The update then reaches the shortest vector in some hundred steps, if gradients change
    slowly; near Pareto-stationary points weights wander by about the step size.

    References
    ----------
    Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization",
    Comptes Rendus Mathématique 350, 2012. Sener & Koltun, "Multi-task learning as
    multi-objective optimization", NeurIPS 2018.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import MGDA
    >>> MGDA().weights(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
    tensor([0.7500, 0.2500])
    """

    step_size: float = 0.1
    _carrier: CarriedWeights = field(init=False, repr=False, compare=False)

    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.NON_CONFLICTING,
            Property.SCALE_EQUIVARIANT,
            Property.STATIONARY,
            Property.CONVEX,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **AmortisedAggregator.parameter_constraints,
        "step_size": Interval(float, 0.0, 1.0, closed="right"),
    }

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the min-norm point."""
        point = min_norm_point(gramian.detach().double().cpu().numpy())
        return torch.from_numpy(point).to(gramian)

    @property
    def weights_(self) -> Float[Tensor, " n_tasks"]:
        """The carried weights of all tasks, absent or not."""
        return self._carrier.values

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set carried weights to equal ones."""
        del generator
        if self.amortised:
            self._carrier = CarriedWeights(n_tasks, device)

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """The carried weights, those of the tasks present scaled to sum to 1."""
        if not hasattr(self, "_carrier"):
            self.start(len(served.present), device=served.present.device)
        require_same_tasks(self, len(served.present), self.weights_)
        return self._carrier.shares(served)

    def move(self, product: Float[Tensor, " k"], served: Served) -> None:
        """Decrease the weights of tasks whose slope along the update is large."""
        self._carrier.move(product, served, self.step_size)

    def state_dict(self) -> dict[str, Any]:
        """Carried weights."""
        return self._carrier.state_dict() if hasattr(self, "_carrier") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore carried weights."""
        if state and self.amortised:
            if not hasattr(self, "_carrier"):
                self.start(len(state["values"]), device=state["values"].device)
            self._carrier.load_state_dict(state)
