"""Fair resource allocation between tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from polytask._validation import Constraint, Interval, Optional
from polytask.aggregation._bargain_aggregator import BargainAggregator
from polytask.aggregation._carried_bargain import CarriedBargain
from polytask.aggregation._property import Property
from polytask.ranges import Range, SearchRange

__all__ = ["FairGrad"]


@dataclass
class FairGrad(BargainAggregator):
    r"""The update that distributes progress among the tasks in an :math:`\alpha`-fair way.

    .. math:: w > 0 \quad\text{with}\quad (G w)_k = w_k^{-1/\alpha} \text{ for every } k,
              \qquad G = J J^\top

    It maximises :math:`\sum_k s_k^{1 - \alpha} / (1 - \alpha)` of the slopes :math:`s = J d` over
    directions d of some length. With :math:`\alpha = 1` it is `NashMTL`; the larger
    :math:`\alpha`, the more the task that improves least counts.

    Parameters
    ----------
    alpha : float, default 2.0
    max_norm : float or None, default 1.0
        The largest norm of the update; None does not clip.
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
    instead of by nonlinear least squares, and the update is not multiplied by the number of
    tasks before it is clipped. The default of `alpha` is that of all their experiments; their
    class has 1. The norm that is clipped is that of the update of shared parameters; heads get
    the clipped weights too.

    Where 0 lies in the convex hull of the gradients, or nearly, the equation has no solution. The
    weights are then those of the shortest vector in the hull of the unit gradients, so that the
    update is about zero. Gradients that are zero do not take part. With :math:`\alpha \ne 1`
    conflicting gradients whose sizes differ by more than about :math:`10^6` may be treated so,
    too: rounding hides their solution.

    Carried weights are first scaled so that the update's norm is right, then each moves by its
    own residual, more slowly while that changes sign; the paper has no such mode.

    References
    ----------
    Ban & Ji, "Fair resource allocation in multi-task learning", ICML 2024.

    Examples
    --------
    >>> import torch
    >>> from polytask.aggregation import FairGrad
    >>> FairGrad(max_norm=None).weights(torch.tensor([[1.0, 0.0], [0.0, 8.0]]))
    tensor([1.0000, 0.2500])
    """

    alpha: float = 2.0
    max_norm: float | None = 1.0
    step_size: float = field(default=0.1, kw_only=True)
    bargain_: CarriedBargain = field(init=False, repr=False, compare=False)

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": Range(0.5, 10.0, log=True, default=2.0),
        "max_norm": Range(0.1, 10.0, log=True, default=1.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **BargainAggregator.parameter_constraints,
        "alpha": Interval(float, 0.0, closed="neither"),
        "max_norm": Optional(Interval(float, 0.0, closed="neither")),
        "step_size": Interval(float, 0.0, 1.0, closed="right"),
    }
    properties: ClassVar[frozenset[Property]] = frozenset(
        {
            Property.PERMUTATION_INVARIANT,
            Property.NON_CONFLICTING,
            Property.STATELESS,
            Property.DETERMINISTIC,
        }
    )

    def _fairness(self) -> float:
        return self.alpha
