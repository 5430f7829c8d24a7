"""Quadratic functions that touch a loss from above, which boosting lowers in place of it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from polytask.datafits import Datafit, Logistic

__all__ = ["working_labels"]

_Cells = Float64[np.ndarray, " cells"]


def working_labels(loss: Datafit, scores: _Cells, labels: _Cells) -> tuple[_Cells, _Cells]:
    r"""The step from each score to the minimum of its quadratic, and the curvature of the latter.

    .. math:: \ell(s + d) \le \ell(s) + \ell'(s)\, d + \tfrac{h}{2} d^2 \quad \text{for all } d,
        \qquad z = -\ell'(s) / h

    with the constant curvature of the loss, but for the logistic loss :math:`h = \tanh(s / 2) / 2s`, the
    least that is possible (Jaakkola and Jordan, Statistics and Computing 2000).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Squared
    >>> from polytask.tree_models._majorant import working_labels
    >>> working_labels(Squared(), np.array([1.0]), np.array([3.0]))
    (array([2.]), array([1.]))
    """
    curvature = np.full(len(scores), loss.curvature)
    if isinstance(loss, Logistic):
        away = np.abs(scores) > 1e-4
        safe = np.where(away, scores, 1.0)
        curvature = np.where(away, np.tanh(safe / 2) / (2 * safe), loss.curvature)
    return -loss.slope(scores, labels) / curvature, curvature
