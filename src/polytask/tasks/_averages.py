"""Means of probabilities, from scores to scores, without the loss of digits near 0 and 1."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32

__all__ = ["mean_log_odds", "mean_log_probabilities"]


def mean_log_odds(
    raw: Float32[np.ndarray, "members n size"],
) -> Float32[np.ndarray, "n size"]:
    r"""Log-odds of the mean probability.

    .. math:: \log \frac{\sum_m \sigma(s_m)}{\sum_m \sigma(-s_m)}

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mean_log_odds
    >>> mean_log_odds(np.array([[[2.0]], [[-2.0]]], dtype=np.float32))
    array([[0.]], dtype=float32)
    """
    from scipy.special import log_expit, logsumexp  # heavy, and not needed to read a table

    scores = raw.astype(np.float64)
    positive, negative = (logsumexp(log_expit(signed), axis=0) for signed in (scores, -scores))
    return np.asarray(positive - negative, dtype=np.float32)


def mean_log_probabilities(
    raw: Float32[np.ndarray, "members n size"],
) -> Float32[np.ndarray, "n size"]:
    r"""Logarithms of the mean probabilities of exclusive classes.

    .. math:: \log \frac{1}{M} \sum_m \mathrm{softmax}(s_m)

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mean_log_probabilities
    >>> same = np.array([[[1.0, 1.0]], [[3.0, 3.0]]], dtype=np.float32)
    >>> np.exp(mean_log_probabilities(same)).round(6)
    array([[0.5, 0.5]], dtype=float32)
    """
    from scipy.special import log_softmax, logsumexp  # heavy, and not needed to read a table

    logs = log_softmax(raw.astype(np.float64), axis=-1)
    return np.asarray(logsumexp(logs, axis=0) - math.log(len(raw)), dtype=np.float32)
