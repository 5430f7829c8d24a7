"""Huber's loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask.constraints import Constraint, Interval
from polytask.datafits._datafit import Datafit
from polytask.datafits._task_rows import Cells

__all__ = ["Huber"]


@dataclass(frozen=True)
class Huber(Datafit):
    r"""Half the squared error of small residuals, and the absolute error of large ones.

    .. math:: \ell(s, y) = \begin{cases} \tfrac12 r^2 & |r| \le \delta \\
        \delta |r| - \tfrac12 \delta^2 & |r| > \delta \end{cases}, \qquad r = s - y

    Parameters
    ----------
    delta : float in (0, inf), default 1.35
        The residual, in units of the labels, from which on the loss is linear. For labels of standard
        deviation 1 it makes outliers count little.

    References
    ----------
    Huber, "Robust estimation of a location parameter", The Annals of Mathematical Statistics 1964.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Huber
    >>> Huber(delta=1.0).loss(np.array([0.5, 3.0]), np.zeros(2))
    array([0.125, 2.5  ])
    """

    delta: float = 1.35

    curvature: ClassVar[float] = 1.0
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "delta": Interval(float, 0.0, closed="neither")
    }

    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """Quadratic near 0, then linear."""
        size = np.abs(scores - labels)
        near = np.minimum(size, self.delta)
        return near * (size - 0.5 * near)

    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """The difference, at most delta."""
        return np.clip(scores - labels, -self.delta, self.delta)

    def bend(self, scores: Cells, labels: Cells) -> Cells:
        """1 near 0."""
        return np.asarray(np.abs(scores - labels) < self.delta, dtype=float)

    def conjugate(self, slopes: Cells, labels: Cells) -> Cells:
        """u²/2 + u y, up to slopes of delta."""
        allowed = np.abs(slopes) <= self.delta * (1 + 1e-12)
        return np.where(allowed, slopes * (0.5 * slopes + labels), np.inf)
