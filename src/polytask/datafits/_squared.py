"""The squared error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from polytask.datafits._datafit import Datafit
from polytask.datafits._squared_bound import SquaredBound
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["Squared"]


@dataclass(frozen=True)
class Squared(Datafit):
    r"""Half the squared error.

    .. math:: \ell(s, y) = \tfrac12 (s - y)^2

    Bound to rows it is a `SquaredBound`, which needs the products of features alone where there are more
    rows than features.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SharedRows, Squared
    >>> rows = SharedRows(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]))
    >>> round(Squared().bind(rows).value(np.array([[2.0]]), np.array([2.0])), 6)
    0.0
    """

    curvature: ClassVar[float] = 1.0
    by_moments: ClassVar[bool] = True

    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """Half the squared difference."""
        return 0.5 * (scores - labels) ** 2

    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """The difference."""
        return scores - labels

    def bend(self, scores: Cells, labels: Cells) -> Cells:
        """1."""
        return np.ones(np.broadcast_shapes(np.shape(scores), np.shape(labels)))

    def conjugate(self, slopes: Cells, labels: Cells) -> Cells:
        """u²/2 + u y."""
        return slopes * (0.5 * slopes + labels)

    def constant(self, rows: TaskRows) -> Float[np.ndarray, " tasks"]:
        """The mean label."""
        mean: np.ndarray = rows.totals(rows.weights * rows.labels) / rows.mass
        return mean

    def bind(self, rows: TaskRows) -> SquaredBound:
        """The loss by products of features."""
        return SquaredBound(self, rows)
