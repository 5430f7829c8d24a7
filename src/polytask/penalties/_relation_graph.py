"""Learned relations between pairs of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._validation import Constraint, InstanceOf, Interval, Optional, check_parameters
from polytask.penalties._arrays import as_matrix, like, namespace
from polytask.penalties._matrices import RELATIONS, Rows, check_n_tasks, hold_rows
from polytask.penalties._penalty import Array, Penalty, State
from polytask.penalties._quadratic_penalty import QuadraticPenalty
from polytask.ranges import Range, SearchRange

__all__ = ["RelationGraph"]


@dataclass(frozen=True)
class RelationGraph(QuadraticPenalty):
    r"""Half the squared differences between tasks, weighted by relations that are learned.

    .. math:: \alpha\,\tfrac12 \sum_{i<j} \left(a_{ij}\,\|W_i - W_j\|^2 + \beta\,a_{ij}^2\right),
              \qquad a_{ij} = a_{ji} \ge 0, \quad \sum_{i<j} a_{ij} = \tfrac12 n_\text{tasks}

    Its state holds the ``relations`` A, (n_tasks, n_tasks), with a diagonal of zeros. `refit`
    minimises the value exactly: :math:`a_{ij} = \max(0, \theta - \|W_i - W_j\|^2) / (2\beta)`, with
    the one threshold :math:`\theta` that gives the sum. Tasks further apart are not related at all.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength.
    beta : float in (0, inf), default 1.0
        How evenly the relations are spread, in units of squared differences of tasks: a large one
        relates all tasks alike, a small one only those that are nearest.
    relations : tuple of tuple of float, (n_tasks, n_tasks), optional
        Known relations to start from, scaled to the sum; all pairs alike by default.
        `GraphLaplacian` holds known relations fixed.
    keep_zeros : bool, default False
        Whether pairs without a relation in `relations` never get one.

    Notes
    -----
    The sum is what ties the relations to anything. Without it, A = 0 minimises the penalty
    whatever the tasks are, however it is regularised: a matrix that is only penalised vanishes,
    and with it all sharing. Nor would a sum alone do, since it puts all weight on the nearest pair;
    the squares spread it. Rows need not have equal sums, so a task unlike all others is left alone.
    In the graph of Nie et al., whose problem for one row is the same, it is not.

    References
    ----------
    Nie, Wang and Huang, "Clustering and projected clustering with adaptive neighbors", KDD 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties import RelationGraph
    >>> weights = np.array([[0.0], [0.2], [5.0], [5.1]])
    >>> penalty = RelationGraph()
    >>> penalty.refit(weights, penalty.start(weights.shape))["relations"].round(2)
    array([[0.  , 0.99, 0.  , 0.  ],
           [0.99, 0.  , 0.  , 0.  ],
           [0.  , 0.  , 0.  , 1.01],
           [0.  , 0.  , 1.01, 0.  ]])
    """

    beta: float = 1.0
    relations: Rows = None
    keep_zeros: bool = False

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **Penalty.search_ranges,
        "beta": Range(1e-3, 1e3, log=True, default=1.0, step=10.0),
    }
    relation: ClassVar[str | None] = "relations"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **Penalty.parameter_constraints,
        "beta": Interval(float, 0.0, closed="neither"),
        "relations": Optional(RELATIONS),
        "keep_zeros": InstanceOf((bool,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        hold_rows(self, "relations")

    def start(self, shape: tuple[int, ...]) -> dict[str, Array]:
        """The given relations, or the same between all pairs."""
        n_tasks = shape[0]
        pairs = self._given(n_tasks)
        return {"relations": pairs * n_tasks / pairs.sum() if n_tasks > 1 else pairs}

    def precision(self, n_tasks: int, state: State | None = None) -> Array:
        """The Laplacian of the relations."""
        relations = (state or self.start((n_tasks,)))["relations"]
        xp = namespace(relations)
        identity = like(np.eye(relations.shape[0]), relations)
        return identity * xp.sum(relations, axis=1) - relations

    def value(self, weights: Array, state: State | None = None) -> Array:
        """Half of the weighted squared differences and of the squared relations, times alpha."""
        relations = like((state or self.start(weights.shape))["relations"], weights)
        squares = 0.5 * namespace(weights).sum(relations * relations)
        return super().value(weights, state) + 0.5 * self.alpha * self.beta * squares

    def refit(self, weights: Array, state: State) -> dict[str, Array]:
        """The relations that minimise the value."""
        xp = namespace(weights)
        n_tasks = weights.shape[0]
        given = self._given(n_tasks)
        allowed = like((given > 0) if self.keep_zeros else ~np.eye(n_tasks, dtype=bool), weights)
        matrix = xp.astype(as_matrix(weights), xp.float64)
        distances = _squared_distances(matrix)
        pairs = xp.sort(distances[allowed > 0])
        if not pairs.shape[0]:
            return {"relations": like(given, weights)}
        # Both orders of a pair are there, so 2β Σ a = 2β n_tasks.
        counts = like(np.arange(1, pairs.shape[0] + 1), pairs)
        thresholds = (2 * self.beta * n_tasks + xp.cumulative_sum(pairs)) / counts
        threshold = thresholds[int(xp.count_nonzero(thresholds > pairs)) - 1]
        relations = xp.clip(threshold - distances, 0.0) / (2 * self.beta)
        return {"relations": like(relations, weights) * allowed}

    def _given(self, n_tasks: int) -> np.ndarray:
        """The given relations without their diagonal."""
        check_n_tasks(self, "relations", n_tasks)
        pairs = np.ones((n_tasks, n_tasks)) if self.relations is None else np.array(self.relations)
        return pairs * (1 - np.eye(n_tasks))


def _squared_distances(matrix: Array) -> Array:
    """Squared distances between rows."""
    xp = namespace(matrix)
    squares = xp.sum(matrix * matrix, axis=1)
    gramian = matrix @ xp.matrix_transpose(matrix)
    return xp.clip(squares[:, None] + squares[None, :] - 2 * gramian, 0.0)
