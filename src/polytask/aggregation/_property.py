"""Named properties of aggregators."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Property"]


class Property(StrEnum):
    r"""A promise of an aggregator about its update :math:`u(J)`, declared in `properties`.

    The common check tests what an aggregator declares, over gradients of many mathematical
    classes and scales.

    Examples
    --------
    >>> from polytask.aggregation import MGDA, Property
    >>> Property.NON_CONFLICTING in MGDA.properties
    True
    """

    PERMUTATION_INVARIANT = "permutation_invariant"
    """The order of the tasks does not matter."""

    NON_CONFLICTING = "non_conflicting"
    r"""No task's loss grows to first order: :math:`J u \ge 0`."""

    SCALE_EQUIVARIANT = "scale_equivariant"
    r""":math:`u(cJ) = c\,u(J)` for every :math:`c > 0`."""

    LINEAR_UNDER_SCALING = "linear_under_scaling"
    r""":math:`c \mapsto u(\mathrm{diag}(c) J)` is linear for :math:`c > 0`."""

    RESCALING_INVARIANT = "rescaling_invariant"
    r"""The direction of :math:`u(\mathrm{diag}(c) J)` does not depend on :math:`c > 0`."""

    STATIONARY = "stationary"
    """Zero at every Pareto-stationary point, that is if 0 lies in the gradients' convex hull."""

    CONVEX = "convex"
    """The update lies in the convex hull of the gradients: weights are ≥ 0 and sum to 1."""

    STATELESS = "stateless"
    """The update depends on this step's gradients alone."""

    DETERMINISTIC = "deterministic"
    """The update uses no randomness."""
