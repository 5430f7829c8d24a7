"""The logistic loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit, xlogy

from polytask.datafits._datafit import Datafit
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["Logistic"]


@dataclass(frozen=True)
class Logistic(Datafit):
    r"""The log loss of classes 0 and 1.

    .. math:: \ell(s, y) = \log(1 + e^{s}) - y s

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Logistic
    >>> Logistic().slope(np.zeros(2), np.array([0.0, 1.0]))
    array([ 0.5, -0.5])
    """

    curvature: ClassVar[float] = 0.25
    for_classes: ClassVar[bool] = True

    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """Minus the log likelihood."""
        return np.logaddexp(0.0, scores) - labels * scores

    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """The probability of class 1 minus the label."""
        difference: np.ndarray = expit(scores) - labels
        return difference

    def bend(self, scores: Cells, labels: Cells) -> Cells:
        """The product of the probabilities of both classes."""
        del labels
        return np.asarray(expit(scores) * expit(-scores))

    def conjugate(self, slopes: Cells, labels: Cells) -> Cells:
        """Minus the entropy of the probability u + y."""
        share = slopes + labels
        inside = (share >= -1e-12) & (share <= 1 + 1e-12)
        share = np.clip(share, 0.0, 1.0)
        return np.where(inside, xlogy(share, share) + xlogy(1 - share, 1 - share), np.inf)

    def probability(self, scores: Cells) -> Cells:
        """The logistic function of scores."""
        share: np.ndarray = expit(scores)
        return share

    def problem(self, labels: Cells) -> str | None:
        """That labels are other numbers than 0 and 1."""
        return None if np.isin(labels, (0.0, 1.0)).all() else "must be 0 or 1"

    def constant(self, rows: TaskRows) -> Float[np.ndarray, " tasks"]:
        """The log odds of class 1; of one class alone, those of half a row of the other."""
        share = rows.totals(rows.weights * rows.labels) / rows.mass
        least = 0.5 / (rows.n_rows + 1)
        odds: np.ndarray = logit(np.clip(share, least, 1 - least))
        return odds
