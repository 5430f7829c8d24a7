"""Multi-task learning as a bargaining game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Interval, Optional
from polytask.aggregation._aggregator import AmortisedAggregator
from polytask.aggregation._bargain import bargained
from polytask.aggregation._carried_bargain import CarriedBargain
from polytask.aggregation._property import Property
from polytask.aggregation._told import require_same_tasks
from polytask.gradients import Served

__all__ = ["NashMTL"]


@dataclass
class NashMTL(AmortisedAggregator):
    r"""The bargain of Nash: the product of the tasks' improvements is the largest possible.

    .. math:: w > 0 \quad\text{with}\quad w_k (G w)_k = 1 \text{ for every } k,
              \qquad G = J J^\top

    Every task's gain, its weight times its slope, is the same. The update does not depend on the
    gradients' sizes at all: its norm is :math:`\sqrt K`, then clipped to `max_norm`.

    Parameters
    ----------
    max_norm : float or None, default 1.0
        The longest update; None leaves it at :math:`\sqrt K`.
    amortised : bool, default False
        Carry the weights from step to step instead of solving for them. The carried ones start
        at 1.
    step_size : float, default 0.1
        Of carried weights: by how much of its (logarithmic) residual each moves at most in a
        step.

    Attributes
    ----------
    bargain_ : CarriedBargain
        Carried weights before clipping, as ``bargain_.weights`` of shape (n_tasks,); only if
        amortised.

    Notes
    -----
    Deviations from the authors' code: the equation is solved by Newton's method to rounding
    instead of twenty convex programs that start from the last weights, so nothing is carried over
    and no solver fails. Their code divides the Gramian by its norm first, but its solutions are
    those of the plain equation, as here. The norm that is clipped is that of the update of
    shared parameters; heads get the clipped weights too, where theirs get the plain ones.
    Weights that stay for several steps are a matter of a wrapper.

    Where 0 lies in the convex hull of the gradients, or nearly, there is no bargain. The weights
    are then those of the shortest vector in the hull of the unit gradients, so that the update is
    about zero. Gradients that are zero do not take part. Some implementations use this name for
    weights that are inverse losses; they are not this method.

    Carried weights are first scaled so that the update's norm is right, then each moves by its
    own residual, more slowly while that changes sign; the paper has no such mode.

    References
    ----------
    Navon, Shamsian, Achituve, Maron, Kawaguchi, Chechik & Fetaya, "Multi-task learning as a
    bargaining game", ICML 2022.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import NashMTL
    >>> NashMTL(max_norm=None).weights(torch.tensor([[1.0, 0.0], [0.0, 4.0]]))
    tensor([1.0000, 0.5000])
    >>> jacobian = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> NashMTL().aggregate(jacobian)
    tensor([0.7071, 0.7071])
    """

    max_norm: float | None = 1.0
    step_size: float = field(default=0.1, kw_only=True)
    bargain_: CarriedBargain = field(init=False, repr=False, compare=False)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **AmortisedAggregator.parameter_constraints,
        "max_norm": Optional(Interval(float, 0.0, closed="neither")),
        "step_size": Interval(float, 0.0, 1.0, closed="right"),
    }
    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.NON_CONFLICTING,
            Property.RESCALING_INVARIANT,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def weights(self, gramian: Float[Tensor, "k k"]) -> Float[Tensor, " k"]:
        """Weights of the bargain, clipped."""
        return bargained(gramian, 1.0, self.max_norm)

    def start(
        self,
        n_tasks: int,
        *,
        device: torch.device | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        """Set carried weights to 1."""
        del generator
        if self.amortised:
            self.bargain_ = CarriedBargain(n_tasks, device)

    def carried(self, served: Served) -> Float[Tensor, " k"]:
        """Carried weights of the tasks present, clipped."""
        if not hasattr(self, "bargain_"):
            self.start(len(served.present), device=served.present.device)
        require_same_tasks(self, served, self.bargain_.weights)
        return self.bargain_.of(served, 1.0, self.max_norm)

    def move(self, product: Float[Tensor, " k"], served: Served) -> None:
        """Move the weights of the tasks present by their residuals."""
        self.bargain_.move(product, served, 1.0, self.max_norm, self.step_size)

    def state_dict(self) -> dict[str, Any]:
        """Carried weights and how fast they move."""
        return self.bargain_.state_dict() if hasattr(self, "bargain_") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore carried weights and how fast they move."""
        if state and self.amortised:
            if not hasattr(self, "bargain_"):
                self.start(len(state["weights"]), device=state["weights"].device)
            self.bargain_.load_state_dict(state)
