"""Tasks in a few clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import array_api_compat

from polytask._validation import Constraint, Interval
from polytask.penalties._arrays import as_matrix, namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["ClusterNorm"]

_HALVINGS = 100


@dataclass(frozen=True)
class ClusterNorm(Penalty):
    r"""The squared distance of tasks to the centres of a few clusters, relaxed to a convex penalty.

    .. math:: \alpha\,\tfrac12 \min_M\ \operatorname{tr} W^\top (M + \eta I)^{-1} W, \qquad
        0 \preceq M \preceq I,\ \operatorname{tr} M = n_\text{clusters}

    M stands for the projection onto the indicators of clusters: within its range, what tasks of a cluster
    have in common, parameters cost :math:`1 / (1 + \eta)` of their square, outside :math:`1 / \eta`.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    n_clusters : int, default 3
        Number of clusters, the trace of M; that of tasks at most counts.
    eta : float in (0, inf), default 0.1
        Cost of what is common in relation to what is not. Small ones make clusters tight.

    Notes
    -----
    The minimum is a function of the singular values of W, whose best M has the same vectors and
    eigenvalues :math:`\operatorname{clip}(\sigma_i / \mu - \eta, 0, 1)`; so is that of the proximal map, with
    :math:`\eta + \alpha\,\mathrm{step}` in place of :math:`\eta`. The papers alternate between W and M. Their two
    strengths are :math:`\rho_1 \eta (1 + \eta)` with :math:`\eta = \rho_2 / \rho_1` here times 1/2, and
    `alpha`.

    References
    ----------
    Jacob, Bach and Vert, "Clustered multi-task learning: a convex formulation", NeurIPS 2008.
    Zhou, Chen and Ye, "Clustered multi-task learning via alternating structure optimization", NeurIPS 2011.
    McDonald, Pontil and Stamos, "New perspectives on k-support and cluster norms", JMLR 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import ClusterNorm
    >>> penalty = ClusterNorm(alpha=1.0, n_clusters=1, eta=0.1)
    >>> alike, apart = np.ones((2, 1)), np.diag([1.0, 1.0])
    >>> round(float(penalty.value(alike)), 2), round(float(penalty.value(apart)), 2)
    (0.91, 1.67)
    """

    n_clusters: int = 3
    eta: float = 0.1

    smooth: ClassVar[bool] = False
    rotates: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "n_clusters": Interval(int, 1),
        "eta": Interval(float, 0.0, closed="neither"),
    }

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Squared singular values divided by the eigenvalues of M + eta, times half of alpha."""
        xp = namespace(weights)
        sizes = xp.linalg.svdvals(as_matrix(weights))
        shares = self._shares(sizes, self.eta)
        return 0.5 * self.alpha * xp.sum(sizes * sizes / (shares + self.eta))

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """W with singular values divided by the eigenvalues of M + eta, times alpha."""
        return self.alpha * self._divided(weights, self.eta, 0.0)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """W with singular values lowered, the large ones by smaller shares."""
        return self._divided(weights, self.eta + step * self.alpha, self.eta)

    def shares(self, weights: Array) -> Array:
        """Eigenvalues of the best M, (min(n_tasks, n_features),), in the order of singular values."""
        xp = namespace(weights)
        return self._shares(xp.linalg.svdvals(as_matrix(weights)), self.eta)

    def _divided(self, weights: Array, shift: float, factor: float) -> Array:
        """Singular values times (m + factor) / (m + shift), or divided by the latter if factor is 0."""
        xp = namespace(weights)
        left, sizes, right = xp.linalg.svd(as_matrix(weights), full_matrices=False)
        shares = self._shares(sizes, shift)
        upper = shares + factor if factor else xp.ones_like(shares)
        return xp.reshape((left * (sizes * upper / (shares + shift))) @ right, weights.shape)

    def _shares(self, sizes: Array, shift: float) -> Array:
        """Eigenvalues clip(size / mu - shift, 0, 1) that sum to the number of clusters."""
        # the best shares have no slope: what is learned is no function of W to differentiate
        sizes = sizes.detach() if array_api_compat.is_torch_array(sizes) else sizes
        xp = namespace(sizes)
        largest = float(xp.max(sizes))
        if sizes.shape[0] <= self.n_clusters or largest == 0.0:
            return xp.ones_like(sizes)
        low, high = 0.0, 1 / max(float(xp.min(sizes)), 1e-12 * largest) * (1 + shift)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            total = float(xp.sum(xp.clip(sizes * middle - shift, 0.0, 1.0)))
            low, high = (middle, high) if total < self.n_clusters else (low, middle)
        return xp.clip(sizes * high - shift, 0.0, 1.0)
