"""Proportional hazards: curves of scores, scores of curves, and the baseline of a trained model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64

__all__ = ["FARTHEST", "log_baseline", "nearest_scores", "proportional_curves"]

FARTHEST = 1e4
"""Largest absolute score."""
_NEVER = -2 * FARTHEST
"""Logarithm of a hazard of 0."""
_CERTAIN = 700.0
_LEAST = 1e-300

Numbers = Float64[np.ndarray, " n"]


def proportional_curves(
    scores: Numbers, logs: Sequence[float] | np.ndarray
) -> Float64[np.ndarray, "n t"]:
    r"""Survival curves :math:`\exp(-e^{b_k + s})` of scores s, with a baseline of logarithms b.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._proportional_hazards import proportional_curves
    >>> proportional_curves(np.array([0.0, np.log(2)]), np.log([0.1, 0.5])).round(3)
    array([[0.905, 0.607],
           [0.819, 0.368]])
    """
    hazards = np.clip(scores, -FARTHEST, FARTHEST)[:, None] + np.array(logs)
    return np.asarray(np.exp(-np.exp(np.minimum(hazards, _CERTAIN))))


def nearest_scores(
    hazards: Float64[np.ndarray, "n t"], logs: Sequence[float] | np.ndarray
) -> Numbers:
    r"""Scores of the proportional curves that are nearest to some curves, by their likelihood.

    Of the times that a curve S gives, the expected likelihood of proportional hazards is largest at

    .. math:: e^s = \frac{1 - S(t_T)}{\int_0^{t_T} S(t) \, dH_0(t)}

    which is the score itself where the curve is proportional to the baseline H₀.

    Parameters
    ----------
    hazards : array of shape (n, t)
        Cumulative hazards of the curves at the cuts.
    logs : sequence of float
        Logarithms of those of the baseline.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._proportional_hazards import nearest_scores
    >>> nearest_scores(np.array([[0.2, 1.0], [0.1, 1.1]]), np.log([0.1, 0.5])).round(3)
    array([0.693, 0.722])
    """
    shares = np.diff(np.exp(np.array(logs) - logs[-1]), prepend=0.0)  # hazards may be beyond floats
    before = np.concatenate([np.zeros((len(hazards), 1)), hazards[:, :-1]], axis=1)
    steps = np.maximum(hazards - before, _LEAST)
    exposure = (shares * np.exp(-before) * -np.expm1(-steps) / steps).sum(axis=1)
    happened = -np.expm1(-hazards[:, -1])
    logarithms = np.log(np.maximum(happened, _LEAST)) - np.log(np.maximum(exposure, _LEAST))
    return np.asarray(logarithms - logs[-1])


def log_baseline(
    times: Numbers,
    happened: Bool[np.ndarray, " n"],
    scores: Numbers,
    weight: Numbers,
    cuts: Sequence[float],
) -> Float64[np.ndarray, " t"] | None:
    r"""Logarithms of Breslow's estimate of the baseline cumulative hazard at the cuts.

    .. math:: H_0(t) = \sum_{t_i \le t} \frac{w_i e_i}{\sum_{t_j \ge t_i} w_j e^{s_j}}

    with times t, events e, scores s and weights w of rows. None without an event.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._proportional_hazards import log_baseline
    >>> times, happened = np.array([1.0, 2.0, 2.0]), np.array([True, True, False])
    >>> np.exp(log_baseline(times, happened, np.zeros(3), np.ones(3), (1.0, 2.0))).round(3)
    array([0.333, 0.833])
    """
    counted = (weight > 0) & np.isfinite(scores)
    times, happened, scores, weight = (x[counted] for x in (times, happened, scores, weight))
    if not happened.any():
        return None
    order = np.argsort(-times, kind="stable")
    risks = np.clip(scores, -FARTHEST, FARTHEST) + np.log(weight)
    at_risk = np.logaddexp.accumulate(risks[order])
    distinct, place = np.unique(times[happened], return_inverse=True)
    events = np.log(np.bincount(place, weight[happened]))
    last = np.searchsorted(-times[order], -distinct, side="right") - 1
    hazards = np.logaddexp.accumulate(events - at_risk[last])
    return np.append(_NEVER, hazards)[np.searchsorted(distinct, cuts, side="right")]
