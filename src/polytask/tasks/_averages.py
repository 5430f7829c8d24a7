"""Means over an ensemble's members, from scores to scores, in numpy and torch alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from polytask.tasks._count_limits import FARTHEST, WIDEST

__all__ = [
    "in_any_library",
    "mean_log_odds",
    "mean_log_probabilities",
    "mean_log_rates",
    "mean_scores",
    "mixed_counts",
    "mixed_normals",
]

Array = Any
"""Of numpy, or a tensor of torch."""


def in_any_library(average: Callable[..., Array]) -> Callable[..., Array]:
    """Mark a `Kind.average` that takes tensors as well, so that they stay on their device.

    One of a user's own kind has no mark, and gets arrays of numpy.
    """
    average.in_any_library = True  # type: ignore[attr-defined]
    return average


def mean_scores(raw: Array) -> Array:
    """Mean scores (n, …) of members' scores (members, n, …).

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mean_scores
    >>> mean_scores(np.array([[1.0, 2.0], [3.0, 6.0]], dtype=np.float32))
    array([2., 4.], dtype=float32)
    """
    xp, scores = _in_double(raw)
    return xp.astype(xp.mean(scores, axis=0), raw.dtype)


def mean_log_rates(raw: Array) -> Array:
    r"""Logarithms of the mean rates of counts, scores limited as in the response.

    .. math:: \log \frac{1}{M} \sum_m e^{s_m}

    Parameters
    ----------
    raw : array of shape (members, n, size)

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mean_log_rates
    >>> np.exp(mean_log_rates(np.log(np.array([[[1.0]], [[3.0]]], dtype=np.float32))))
    array([[2.]], dtype=float32)
    """
    xp, scores = _in_double(raw)
    rates = xp.clip(scores, -FARTHEST, FARTHEST)
    return xp.astype(_log_sum(xp, rates, axis=0) - math.log(raw.shape[0]), raw.dtype)


def mixed_counts(raw: Array) -> Array:
    r"""Log-mean and log-dispersion of the equal mixture of members' distributions of counts.

    The mean and the variance :math:`\mu + \alpha \mu^2` are those of the mixture:

    .. math:: \mu = \frac{1}{M} \sum_m \mu_m, \qquad
              1 + \alpha = \frac{1}{M} \sum_m (1 + \alpha_m) \frac{\mu_m^2}{\mu^2}

    with the members' means :math:`\mu_m` and dispersions :math:`\alpha_m`: where members disagree
    on the mean, counts are more dispersed than any of them says. Members' scores, and the dispersion
    of the mixture, are limited as in the response.

    Parameters
    ----------
    raw : array of shape (members, n, 2)
        Logarithms of mean and dispersion.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mixed_counts
    >>> members = np.log(np.array([[[1.0, 0.5]], [[3.0, 0.5]]], dtype=np.float32))
    >>> np.exp(mixed_counts(members))  # (1.5 · 1 + 1.5 · 9) / (2 · 4) − 1
    array([[2.   , 0.875]], dtype=float32)
    """
    xp, scores = _in_double(raw)
    means = xp.clip(scores[..., 0], -FARTHEST, FARTHEST)
    dispersions = xp.clip(scores[..., 1], -WIDEST, WIDEST)
    mean = _log_sum(xp, means, axis=0) - math.log(raw.shape[0])
    squares = 2 * means + xp.log1p(xp.exp(dispersions))
    excess = _log_sum(xp, squares, axis=0) - math.log(raw.shape[0]) - 2 * mean
    least = math.log1p(math.exp(-WIDEST))  # which rounding can undercut
    dispersion = xp.clip(xp.log(xp.expm1(xp.clip(excess, least, None))), -WIDEST, WIDEST)
    return xp.astype(xp.stack([mean, dispersion], axis=-1), raw.dtype)


def mixed_normals(raw: Array) -> Array:
    r"""Mean and log-deviation of the equal mixture of members' normal distributions.

    .. math:: \mu = \frac{1}{M} \sum_m \mu_m, \qquad
              \sigma^2 = \frac{1}{M} \sum_m \left( \sigma_m^2 + (\mu_m - \mu)^2 \right)

    with the members' means :math:`\mu_m` and deviations :math:`\sigma_m` (the law of total variance).
    Log-deviations, of members and of the mixture, are limited as in the response.

    Parameters
    ----------
    raw : array of shape (members, n, 2)
        Mean and log-deviation.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mixed_normals
    >>> members = np.array([[[-1.0, 0.0]], [[1.0, 0.0]]], dtype=np.float32)
    >>> np.exp(2 * mixed_normals(members)[..., 1])  # 1 + 1
    array([2.], dtype=float32)
    """
    xp, scores = _in_double(raw)
    mean = xp.mean(scores[..., 0], axis=0)
    apart = (scores[..., 0] - mean) ** 2
    within = xp.exp(2 * xp.clip(scores[..., 1], -WIDEST, WIDEST))
    log_deviation = xp.log(xp.mean(within + apart, axis=0)) / 2
    mixture = xp.stack([mean, xp.clip(log_deviation, -WIDEST, WIDEST)], axis=-1)
    return xp.astype(mixture, raw.dtype)


def mean_log_odds(raw: Array) -> Array:
    r"""Log-odds of the mean probability, without the loss of digits near 0 and 1.

    .. math:: \log \frac{\sum_m \sigma(s_m)}{\sum_m \sigma(-s_m)}

    Parameters
    ----------
    raw : array of shape (members, n, size)

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mean_log_odds
    >>> mean_log_odds(np.array([[[2.0]], [[-2.0]]], dtype=np.float32))
    array([[0.]], dtype=float32)
    """
    xp, scores = _in_double(raw)
    zeros = xp.zeros_like(scores)
    logs = (-xp.logaddexp(zeros, signed) for signed in (-scores, scores))  # of the sigmoids
    positive, negative = (_log_sum(xp, log, axis=0) for log in logs)
    return xp.astype(positive - negative, raw.dtype)


def mean_log_probabilities(raw: Array) -> Array:
    r"""Logarithms of the mean probabilities of exclusive classes.

    .. math:: \log \frac{1}{M} \sum_m \mathrm{softmax}(s_m)

    Parameters
    ----------
    raw : array of shape (members, n, size)

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._averages import mean_log_probabilities
    >>> same = np.array([[[1.0, 1.0]], [[3.0, 3.0]]], dtype=np.float32)
    >>> np.exp(mean_log_probabilities(same)).round(6)
    array([[0.5, 0.5]], dtype=float32)
    """
    xp, scores = _in_double(raw)
    logs = scores - xp.expand_dims(_log_sum(xp, scores, axis=-1), axis=-1)
    return xp.astype(_log_sum(xp, logs, axis=0) - math.log(raw.shape[0]), raw.dtype)


def _in_double(raw: Array) -> tuple[Any, Array]:
    """The array library, under the names of the array API, and the scores in double precision."""
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(raw)
    return xp, xp.astype(raw, xp.float64)


def _log_sum(xp: Any, logs: Array, *, axis: int) -> Array:
    """Logarithm of the sum of exponentials."""
    largest = xp.max(logs, axis=axis, keepdims=True)
    largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))  # ∞ - ∞ is no number
    with np.errstate(divide="ignore", over="ignore"):
        total = xp.log(xp.sum(xp.exp(logs - largest), axis=axis))
    return total + xp.squeeze(largest, axis=axis)
