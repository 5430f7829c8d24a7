"""A learned subspace that tasks share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, Interval, message
from polytask.exceptions import ParameterError
from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._penalty import Array, Penalty, State
from polytask.ranges import Range, SearchRange

__all__ = ["Subspace"]


@dataclass(frozen=True)
class Subspace(Penalty):
    r"""Half the squared distance of tasks to a learned subspace of k dimensions.

    .. math:: \alpha\,\tfrac12 \|W - W U^\top U\|_F^2, \qquad U U^\top = I_k

    Its state holds the orthonormal ``basis`` U, (k, n_features), which spans the subspace. `refit`
    minimises the value exactly, by the k first right singular vectors of W.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    k : int in [1, inf), default 2
        Dimensions that all tasks use freely. At most n_tasks − 1 and n_features − 1 are used,
        since more would leave nothing to penalise (one, where there is one task or feature).

    Notes
    -----
    Ando and Zhang write a task's parameters as :math:`u_k + \Theta^\top v_k` and penalise
    :math:`\|u_k\|^2`; for the best :math:`v_k` that is this penalty. Until the first `refit` the
    basis is zero and the penalty a ridge. Rows of the basis for which the tasks leave no direction,
    as when they are all zero, are zero. The largest number of a row is made positive.

    References
    ----------
    Ando and Zhang, "A framework for learning predictive structures from multiple tasks and
    unlabeled data", JMLR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import Subspace
    >>> weights = np.array([[2.0, 0.1, 0.0], [4.0, 0.0, 0.1], [-6.0, 0.1, 0.0]])
    >>> penalty = Subspace(k=1)
    >>> penalty.refit(weights, penalty.start(weights.shape))["basis"].round(1) + 0.0
    array([[1., 0., 0.]])
    """

    k: int = 2

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **Penalty.search_ranges,
        "k": Range(1, 32, log=True, default=2, integer=True, step=2.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "k": Interval(int, 1),
    }

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Half the squared distance to the subspace, times alpha."""
        outside = self._outside(weights, state)
        return 0.5 * self.alpha * namespace(weights).sum(outside * outside)

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """The part of W outside the subspace, times alpha."""
        return self.alpha * self._outside(weights, state)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """W with the part outside the subspace shortened."""
        pull = step * self.alpha
        return weights - pull / (1 + pull) * self._outside(weights, state)

    def start(self, shape: tuple[int, ...]) -> dict[str, Array]:
        """No direction is free yet."""
        n_features = math.prod(shape[1:])
        largest = max(1, min(shape[0], n_features) - 1)
        return {"basis": np.zeros((min(self.k, largest), n_features))}

    def refit(self, weights: Array, state: State) -> dict[str, Array]:
        """The subspace nearest to the tasks."""
        xp = namespace(weights)
        matrix = as_matrix(weights)
        k = state["basis"].shape[0]
        _, sizes, axes = xp.linalg.svd(matrix, full_matrices=False)
        rounding = max(matrix.shape) * xp.finfo(matrix.dtype).eps * xp.max(sizes)
        axes, sizes = axes[:k, :], sizes[:k]
        largest = xp.argmax(xp.abs(axes), axis=1, keepdims=True)
        signs = xp.sign(xp.take_along_axis(axes, largest, axis=1))
        return {"basis": axes * signs * xp.astype(sizes > rounding, matrix.dtype)[:, None]}

    def _outside(self, weights: Array, state: State | None) -> Array:
        xp = namespace(weights)
        matrix = as_matrix(weights)
        basis = like((state or self.start(weights.shape))["basis"], weights)
        if basis.shape[1] != matrix.shape[1]:
            expected = f"a basis of {matrix.shape[1]} features, as many as a task has parameters"
            remedy = f"`start({tuple(weights.shape)})` makes one."
            raise ParameterError(message("Subspace", "state", expected, tuple(basis.shape), remedy))
        inside = (matrix @ xp.matrix_transpose(basis)) @ basis
        return xp.reshape(matrix - inside, weights.shape)
