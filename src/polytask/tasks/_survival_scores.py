"""Scores of hazards and the survival curves that they give, in numpy and torch alike."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["mean_survival_scores", "survival_logs", "survival_scores"]

Array = Any
"""Of numpy, or a tensor of torch."""

_FARTHEST = 30.0
"""Log-odds of the largest hazard over those of the hazards of scores of 0."""
_LEAST_DROP = 1e-30
"""Of the logarithm of a survival curve, in an interval in which nothing happens."""


def survival_logs(scores: Array) -> Array:
    r"""Logarithms of survival curves (…, T) of scores (…, T).

    .. math:: \log S_k = -\sum_{j \le k} \log(1 + e^{s_j - \log T})

    so that scores of 0 are hazards of 1 / (T + 1).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_scores import survival_logs
    >>> np.exp(survival_logs(np.zeros((1, 2)))).round(3)  # 2/3, (2/3)²
    array([[0.667, 0.444]])
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(scores)
    log_odds = xp.clip(scores, -_FARTHEST, _FARTHEST) - math.log(scores.shape[-1])
    return -xp.cumulative_sum(xp.logaddexp(xp.zeros_like(log_odds), log_odds), axis=-1)


def survival_scores(logs: Array) -> Array:
    """The scores of logarithms of survival curves, the inverse of `survival_logs`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_scores import survival_logs, survival_scores
    >>> survival_scores(survival_logs(np.array([[1.0, -2.0, 0.5]]))).round(6)
    array([[ 1. , -2. ,  0.5]])
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(logs)
    before = xp.concat([xp.zeros_like(logs[..., :1]), logs[..., :-1]], axis=-1)
    drops = xp.clip(before - logs, _LEAST_DROP, None)
    log_odds = xp.log(-xp.expm1(-drops)) + drops
    return xp.clip(log_odds + math.log(logs.shape[-1]), -_FARTHEST, _FARTHEST)


def mean_survival_scores(raw: Array) -> Array:
    """Scores (n, T) of the mean survival curves of members' scores (members, n, T).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_scores import mean_survival_scores, survival_logs
    >>> raw = np.array([[[-30.0, -30.0]], [[30.0, 30.0]]], dtype=np.float32)
    >>> np.exp(survival_logs(mean_survival_scores(raw))).round(4)  # one survives, one does not
    array([[0.5, 0.5]], dtype=float32)
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(raw)
    logs = survival_logs(xp.astype(raw, xp.float64))
    largest = xp.max(logs, axis=0, keepdims=True)
    mean = xp.log(xp.mean(xp.exp(logs - largest), axis=0)) + largest[0]
    return xp.astype(survival_scores(mean), raw.dtype)
