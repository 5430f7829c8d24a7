"""Squared distance of tasks to their mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, Each, InstanceOf, Optional, check_parameters, message
from polytask.exceptions import ParameterError
from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._penalty import Array, Penalty, State
from polytask.tasks import partition_problem

__all__ = ["MeanDeviation"]


@dataclass(frozen=True)
class MeanDeviation(Penalty):
    r"""Half the squared distance of the tasks' parameters to their mean.

    .. math:: \alpha\,\tfrac12 \sum_k \|W_k - \bar W\|^2,
              \qquad \bar W = \tfrac1{n_\text{tasks}} \sum_k W_k

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength: 0 leaves the tasks apart, and large values make them equal.
    groups : tuple of tuple of str or int, optional
        Groups of tasks, each of which has a mean of its own, as in ``(("rent", "price"),
        ("sold",))``. Every task stands there once: by its name in a network, by its row in W
        where rows have no names. By default all tasks form one group. On the command line:
        ``--set penalty.groups=(rent,price),(sold)``.

    Notes
    -----
    Evgeniou and Pontil write :math:`W_k = w_0 + v_k` and penalise :math:`\|v_k\|^2` and
    :math:`\|w_0\|^2`. For the best :math:`w_0` that is this penalty and a ridge on the mean, which
    is left to the optimiser's weight decay. Groups that are given are a known relation of tasks,
    as in Evgeniou et al. (2005).

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import MeanDeviation
    >>> weights = np.array([[1.0, 0.0], [3.0, 0.0], [9.0, 9.0]])
    >>> MeanDeviation(alpha=1.0, groups=((0, 1), (2,))).prox(weights, step=1.0)
    array([[1.5, 0. ],
           [2.5, 0. ],
           [9. , 9. ]])
    """

    groups: tuple[tuple[str | int, ...], ...] | None = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "groups": Optional(Each(Each(InstanceOf((str, int)), minimum=1), minimum=1)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.groups is not None:
            object.__setattr__(self, "groups", tuple(map(tuple, self.groups)))

    def for_tasks(self, names: Sequence[str]) -> MeanDeviation:
        """The same groups by rows, for W whose rows are these tasks."""
        if self.groups is None or not any(isinstance(name, str) for name in self._members()):
            return self
        problem = partition_problem(self.groups, names)
        if problem is not None:
            start = "The `groups` parameter of MeanDeviation must name every task once."
            raise ParameterError(f"{start} It {problem}")
        rows = {name: row for row, name in enumerate(names)}
        groups = tuple(tuple(rows[str(name)] for name in members) for members in self.groups)
        return replace(self, groups=groups)

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Half the squared distance to the mean, times alpha."""
        deviation = weights - self._mean(weights)
        return 0.5 * self.alpha * namespace(weights).sum(deviation * deviation)

    def gradient(self, weights: Array, state: State | None = None) -> Array:
        """The deviation from the mean, times alpha."""
        return self.alpha * (weights - self._mean(weights))

    def prox(self, weights: Array, step: float, state: State | None = None) -> Array:
        """Every task moved towards the mean."""
        mean = self._mean(weights)
        return mean + (weights - mean) / (1 + step * self.alpha)

    def task_precision(self, n_tasks: int, state: State | None = None) -> Array:
        """The identity minus averaging over each group."""
        return np.eye(n_tasks) - self._averaging(n_tasks)

    def _mean(self, weights: Array) -> Array:
        """The mean of each task's group, of a shape that broadcasts with W's."""
        xp = namespace(weights)
        if self.groups is None:
            return xp.mean(weights, axis=0, keepdims=True)
        averaging = like(self._averaging(weights.shape[0]), weights)
        return xp.reshape(averaging @ as_matrix(weights), weights.shape)

    def _averaging(self, n_tasks: int) -> np.ndarray:
        """The matrix (n_tasks, n_tasks) that takes each task to the mean of its group."""
        if self.groups is None:
            return np.full((n_tasks, n_tasks), 1 / n_tasks)
        members = list(self._members())
        if len(members) != n_tasks or set(members) != set(range(n_tasks)):
            expected = f"groups of the rows 0 to {n_tasks - 1} of W, each once"
            remedy = "Names of tasks become rows by `for_tasks(names)`."
            raise ParameterError(message("MeanDeviation", "groups", expected, self.groups, remedy))
        group = {row: number for number, rows in enumerate(self.groups) for row in rows}
        groups = np.array([group[row] for row in range(n_tasks)])
        same = np.equal.outer(groups, groups).astype(float)
        averaging: np.ndarray = same / same.sum(axis=1, keepdims=True)
        return averaging

    def _members(self) -> Iterator[str | int]:
        return (name for names in self.groups or () for name in names)
