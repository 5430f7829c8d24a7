"""Parameters of a few tasks alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polytask.penalties._arrays import namespace
from polytask.penalties._group_norms import GroupNorms
from polytask.penalties._penalty import Array

__all__ = ["TaskNorms"]


@dataclass(frozen=True)
class TaskNorms(GroupNorms):
    r"""The sum of the norms of the tasks' parameters.

    .. math:: \alpha \sum_k \|W_{k:}\|_2

    Its proximal map sets all parameters of a task to zero at once. As the second part of a sum it leaves
    those tasks that differ from what the first describes: outliers.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.

    References
    ----------
    Chen, Zhou and Ye, "Integrating low-rank and group-sparse structures for robust multi-task learning",
    KDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import TaskNorms
    >>> TaskNorms(alpha=1.0).prox(np.array([[3.0, 4.0], [0.3, 0.4]]), step=1.0)
    array([[2.4, 3.2],
           [0. , 0. ]])
    """

    rotates: ClassVar[bool] = True

    def norms(self, weights: Array) -> Array:
        """The norm of the parameters of each task."""
        axes = tuple(range(1, len(weights.shape)))
        return namespace(weights).linalg.vector_norm(weights, axis=axes, keepdims=True)
