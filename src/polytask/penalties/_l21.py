"""Joint selection of features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Choice, Constraint
from polytask.penalties._arrays import namespace
from polytask.penalties._group_norms import GroupNorms
from polytask.penalties._penalty import Array, Penalty

__all__ = ["L21"]


@dataclass(frozen=True)
class L21(GroupNorms):
    r"""The sum of the norms of features over tasks (group lasso).

    .. math:: \alpha \sum_j \|W_{:j}\|_2

    Its proximal map sets a feature's parameters to zero in all tasks at once.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    group : {"parameter", "input"}, default "parameter"
        What is selected jointly over tasks: every single parameter or, of layers (n_tasks,
        n_outputs, n_inputs), all parameters of an input, which is the index of the last axis. Of
        matrices both are the same.

    References
    ----------
    Obozinski, Taskar and Jordan, "Joint covariate selection and joint subspace selection for
    multiple classification problems", Statistics and Computing 2010.
    Argyriou, Evgeniou and Pontil, "Convex multi-task feature learning", Machine Learning 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import L21
    >>> L21(alpha=1.0).prox(np.array([[3.0, 0.1], [4.0, 0.2]]), step=1.0)
    array([[2.4, 0. ],
           [3.2, 0. ]])
    """

    group: str = "parameter"

    sums_norms: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "group": Choice(("parameter", "input")),
    }

    def norms(self, weights: Array) -> Array:
        """The norm of each feature over tasks (and outputs)."""
        last = 1 if self.group == "parameter" else max(1, len(weights.shape) - 1)
        axes = tuple(range(last))
        return namespace(weights).linalg.vector_norm(weights, axis=axes, keepdims=True)
