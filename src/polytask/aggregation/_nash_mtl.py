"""Multi-task learning as a bargaining game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from polytask._validation import Constraint, Interval, Optional
from polytask.aggregation._bargain_aggregator import BargainAggregator
from polytask.aggregation._carried_bargain import CarriedBargain
from polytask.aggregation._property import Property
from polytask.ranges import Range, SearchRange

__all__ = ["NashMTL"]


@dataclass
class NashMTL(BargainAggregator):
    r"""Nash's bargaining solution, which maximises the product of the tasks' improvements.

    .. math:: w > 0 \quad\text{with}\quad w_k (G w)_k = 1 \text{ for every } k,
              \qquad G = J J^\top

    Every task's gain, its weight times its slope, is the same. The update does not depend on the
    gradients' sizes at all: its norm is :math:`\sqrt K`, then clipped to `max_norm`.

    Parameters
    ----------
    max_norm : float or None, default 1.0
        The largest norm of the update; None leaves it at :math:`\sqrt K`.
    amortised : bool, default False
        Carry the weights from step to step instead of solving for them. The carried ones start
        at 1.
    step_size : float, default 0.1
        Step size of carried weights: the largest share of its (logarithmic) residual by which
        each moves per step.

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
    To keep weights for several steps, wrap it in `Every`.

    Where 0 lies in the convex hull of the gradients, or nearly, there is no solution. The weights
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

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "max_norm": Range(0.1, 10.0, log=True, default=1.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **BargainAggregator.parameter_constraints,
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

    def _fairness(self) -> float:
        return 1.0
