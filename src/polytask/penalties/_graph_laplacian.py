"""Squared differences between related tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, check_parameters
from polytask.penalties._matrices import RELATIONS, Rows, check_n_tasks, hold_rows
from polytask.penalties._penalty import Array, Penalty, State
from polytask.penalties._quadratic_penalty import QuadraticPenalty

__all__ = ["GraphLaplacian"]


@dataclass(frozen=True)
class GraphLaplacian(QuadraticPenalty):
    r"""Half the squared differences between tasks, weighted by known relations.

    .. math:: \alpha\,\tfrac12 \sum_{i<j} a_{ij}\,\|W_i - W_j\|^2
              = \alpha\,\tfrac12 \operatorname{tr}(W^\top L W),
              \qquad L = \operatorname{diag}(A \mathbf 1) - A

    Parameters
    ----------
    relations : tuple of tuple of float, (n_tasks, n_tasks)
        How strongly each pair of tasks is related, symmetric and not negative; the diagonal means
        nothing.
    alpha : float in [0, inf), default 0.01
        Strength.

    Notes
    -----
    For groups of tasks that are all related alike, `MeanDeviation` with `groups` is the shorter
    form, and `RelationGraph` learns the relations.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import GraphLaplacian
    >>> penalty = GraphLaplacian(relations=((0, 1, 0), (1, 0, 0), (0, 0, 0)), alpha=1.0)
    >>> penalty.prox(np.array([[0.0], [3.0], [9.0]]), step=1.0).T
    array([[1., 2., 9.]])
    """

    relations: Rows
    alpha: float = field(default=0.01, kw_only=True)

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "relations": RELATIONS,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        hold_rows(self, "relations")

    def precision(self, n_tasks: int, state: State | None = None) -> Array:
        """The Laplacian of the relations."""
        check_n_tasks(self, "relations", n_tasks)
        relations = np.array(self.relations)
        return np.diag(relations.sum(axis=1)) - relations
