"""Abstract base class of quadratic penalties on relations of tasks."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import array_api_compat

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._penalty import Array, Penalty, State

__all__ = ["QuadraticPenalty"]


@dataclass(frozen=True)
class QuadraticPenalty(Penalty):
    r"""A penalty :math:`\alpha\,\tfrac12 \operatorname{tr}(W^\top P W)` with a matrix P of tasks.

    A class must define `precision`, and `start` and `refit` where it learns something.
    Several tensors may share one state: the value is a sum over columns of W.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    Examples
    --------
    Neighbouring tasks alike, such as forecasts of 1, 2, 3, … days:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from polytask.penalties import QuadraticPenalty
    >>> @dataclass(frozen=True)
    ... class Chain(QuadraticPenalty):
    ...     def precision(self, n_tasks, state=None):
    ...         steps = np.diff(np.eye(n_tasks), axis=0)
    ...         return steps.T @ steps
    >>> Chain(alpha=1.0).prox(np.array([[0.0], [1.0], [8.0]]), step=1.0).T
    array([[1.25, 2.5 , 5.25]])
    """

    @abstractmethod
    def precision(self, n_tasks: int, state: State | None = None) -> Array:
        """P, symmetric and positive semidefinite.

        Parameters
        ----------
        n_tasks : int
        state : mapping of str to array, optional
            ``start((n_tasks, …))`` if not given.

        Returns
        -------
        array of shape (n_tasks, n_tasks)
            In numpy or as a torch tensor, in any precision.
        """

    def task_precision(self, n_tasks: int, state: State | None = None) -> Array:
        """`precision`."""
        return self.precision(n_tasks, state)

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Half the quadratic form, times alpha."""
        matrix = as_matrix(weights)
        moved = self._precision(weights, state) @ matrix
        return 0.5 * self.alpha * namespace(weights).sum(matrix * moved)

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """P W, times alpha."""
        moved = self._precision(weights, state) @ as_matrix(weights)
        return self.alpha * namespace(weights).reshape(moved, weights.shape)

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """The solution V of (I + step α P) V = W."""
        xp = namespace(weights)
        precision = self._precision(weights, state)
        identity = xp.eye(
            weights.shape[0], dtype=weights.dtype, device=array_api_compat.device(weights)
        )
        point = xp.linalg.solve(identity + step * self.alpha * precision, as_matrix(weights))
        return xp.reshape(point, weights.shape)

    def _precision(self, weights: Array, state: State | None) -> Array:
        """P in the library of W, of its size."""
        n_tasks = weights.shape[0]
        precision = self.precision(n_tasks, state)
        shape = tuple(precision.shape)
        if shape != (n_tasks, n_tasks):
            name = type(self).__name__
            expected = f"a state of {n_tasks} tasks, as many as `weights` has rows"
            remedy = f"`start({tuple(weights.shape)})` makes one."
            raise ParameterError(message(name, "state", expected, shape, remedy))
        return like(precision, weights)
