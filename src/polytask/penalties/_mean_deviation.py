"""Squared distance of tasks to their mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, Each, InstanceOf, Optional, check_parameters, message
from polytask.exceptions import ParameterError
from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._penalty import Array, Penalty, State

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
    groups : tuple of str or int, optional
        Each task's group, in the tasks' order; the mean is then that of the task's own group. By
        default all tasks form one.

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
    >>> MeanDeviation(alpha=1.0, groups=("boys", "boys", "girls")).prox(weights, step=1.0)
    array([[1.5, 0. ],
           [2.5, 0. ],
           [9. , 9. ]])
    """

    groups: tuple[str | int, ...] | None = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "groups": Optional(Each(InstanceOf((str, int)), minimum=1)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.groups is not None:
            object.__setattr__(self, "groups", tuple(self.groups))

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

    def _mean(self, weights: Array) -> Array:
        """The mean of each task's group, of a shape that broadcasts with W's."""
        xp = namespace(weights)
        if self.groups is None:
            return xp.mean(weights, axis=0, keepdims=True)
        if len(self.groups) != weights.shape[0]:
            expected = f"a tuple of {weights.shape[0]} groups, one per task"
            raise ParameterError(message("MeanDeviation", "groups", expected, self.groups))
        places = {group: place for place, group in enumerate(self.groups)}
        place = np.array([places[group] for group in self.groups])
        same = np.equal.outer(place, place).astype(float)
        averaging = like(same / same.sum(axis=1, keepdims=True), weights)
        return xp.reshape(averaging @ as_matrix(weights), weights.shape)
