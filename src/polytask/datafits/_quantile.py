"""The smoothed quantile loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.datafits._datafit import Datafit
from polytask.datafits._task_rows import Cells

__all__ = ["Quantile"]


@dataclass(frozen=True)
class Quantile(Datafit):
    r"""The quantile (pinball) loss, smoothed near 0.

    .. math:: \ell(s, y) = \max_{-q \le u \le 1 - q}\ u r - \tfrac{\mu}{2} u^2 = \begin{cases}
        -q r - \tfrac{\mu}{2} q^2 & r < -q \mu \\ \tfrac{1}{2 \mu} r^2 & -q \mu \le r \le (1 - q) \mu \\
        (1 - q) r - \tfrac{\mu}{2} (1 - q)^2 & r > (1 - q) \mu \end{cases}, \qquad r = s - y

    Scores are quantiles of labels: with intercepts, as many labels are below as above in the ratio of
    :math:`q` to :math:`1 - q`, those within :math:`\mu` of the score in part.

    Parameters
    ----------
    q : float in (0, 1), default 0.5
        The share of labels below the score.
    width : float in (0, inf), default 0.05
        :math:`\mu`, in units of the labels: residuals of at most this size count as squared. Small ones are
        nearer to the quantile loss, and take more steps.

    Notes
    -----
    The quantile loss is the limit of :math:`\mu \to 0`. It is above this one by at most
    :math:`\tfrac{\mu}{2} \max(q, 1 - q)^2`, and the objectives of both differ by no more per task. scikit-learn's
    ``QuantileRegressor`` minimises the limit by linear programming, of one task with absolute
    coefficients as penalty.

    References
    ----------
    Koenker and Bassett, "Regression quantiles", Econometrica 1978.
    Nesterov, "Smooth minimization of non-smooth functions", Mathematical Programming 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Quantile
    >>> Quantile(q=0.9, width=0.1).loss(np.array([-1.0, 0.0, 1.0]), np.zeros(3))
    array([0.8595, 0.    , 0.0995])
    """

    q: float = 0.5
    width: float = 0.05

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "q": Interval(float, 0.0, 1.0, closed="neither"),
        "width": Interval(float, 0.0, closed="neither"),
    }

    @property
    def curvature(self) -> float:  # type: ignore[override] # it follows from the width
        """One over the width."""
        return 1.0 / self.width

    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """Quadratic near 0, then linear."""
        slopes = self.slope(scores, labels)
        return slopes * (scores - labels - 0.5 * self.width * slopes)

    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """The difference over the width, from −q to 1 − q."""
        return np.clip((scores - labels) / self.width, -self.q, 1 - self.q)

    def conjugate(self, slopes: Cells, labels: Cells) -> Cells:
        """µu²/2 + u y, of slopes from −q to 1 − q."""
        allowed = (slopes >= -self.q * (1 + 1e-12)) & (slopes <= (1 - self.q) * (1 + 1e-12))
        return np.where(allowed, slopes * (0.5 * self.width * slopes + labels), np.inf)
