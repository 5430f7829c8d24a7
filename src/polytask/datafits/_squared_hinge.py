"""The squared hinge loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask.datafits._datafit import Datafit
from polytask.datafits._task_rows import Cells

__all__ = ["SquaredHinge"]


@dataclass(frozen=True)
class SquaredHinge(Datafit):
    r"""Half the squared hinge loss of classes 0 and 1.

    .. math:: \ell(s, y) = \tfrac12 \max\big(0,\ 1 - (2y - 1)\, s\big)^2

    Scores are no log odds: there are no probabilities.

    References
    ----------
    Chang, Hsieh and Lin, "Coordinate descent method for large-scale L2-loss linear support vector machines",
    JMLR 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import SquaredHinge
    >>> SquaredHinge().loss(np.array([2.0, 0.0]), np.array([1.0, 1.0]))
    array([0. , 0.5])
    """

    curvature: ClassVar[float] = 1.0
    for_classes: ClassVar[bool] = True

    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """Half the square of how far the margin is below 1."""
        return 0.5 * np.maximum(1 - (2 * labels - 1) * scores, 0.0) ** 2

    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """Minus the sign of the class times how far the margin is below 1."""
        sign = 2 * labels - 1
        return -sign * np.maximum(1 - sign * scores, 0.0)

    def bend(self, scores: Cells, labels: Cells) -> Cells:
        """1 where the margin is below 1."""
        return np.asarray((2 * labels - 1) * scores < 1, dtype=float)

    def conjugate(self, slopes: Cells, labels: Cells) -> Cells:
        """m²/2 − m of the shortfall m, minus the signed slope."""
        short = -(2 * labels - 1) * slopes
        return np.where(short >= -1e-12, short * (0.5 * short - 1), np.inf)

    def problem(self, labels: Cells) -> str | None:
        """That labels are other numbers than 0 and 1."""
        return None if np.isin(labels, (0.0, 1.0)).all() else "must be 0 or 1"

    def span(self, labels: Cells) -> tuple[float, float]:
        """Scores from −1 to 1, which have no loss of either class."""
        del labels
        return -1.0, 1.0
