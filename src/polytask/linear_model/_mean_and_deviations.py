"""Squares of the tasks' mean and of their deviations from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polytask.penalties import QuadraticPenalty

__all__ = ["MeanAndDeviations", "averages"]


@dataclass(frozen=True)
class MeanAndDeviations(QuadraticPenalty):
    r"""Squared deviations of tasks from the mean of their group, and of that mean from 0.

    .. math:: \tfrac{a}{2} \sum_k \|w_k - \bar w\|^2 + \tfrac{b}{2} n_\text{tasks} \|\bar w\|^2

    Parameters
    ----------
    alpha : float
        A factor of both.
    deviations, mean : float
        a and b.
    groups : tuple of int
        The group of each task.
    """

    deviations: float = 1.0
    mean: float = 0.0
    groups: tuple[int, ...] = ()

    def precision(self, n_tasks: int, state: object = None) -> np.ndarray:
        """The matrix a (I − J) + b J, with the averaging J over groups."""
        members = averages(np.array(self.groups)).T > 0
        averaging = (members / members.sum(axis=0)) @ members.T
        precision: np.ndarray = (
            self.deviations * (np.eye(n_tasks) - averaging) + self.mean * averaging
        )
        return precision


def averages(groups: np.ndarray) -> np.ndarray:
    """The matrix (n_groups, n_tasks) that takes tasks to the means of their groups.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model._mean_and_deviations import averages
    >>> averages(np.array([0, 1, 0]))
    array([[0.5, 0. , 0.5],
           [0. , 1. , 0. ]])
    """
    members = groups == np.arange(groups.max() + 1)[:, None]
    means: np.ndarray = members / members.sum(axis=1, keepdims=True)
    return means
