"""Scores of ordered grades and their probabilities, in numpy and torch alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

__all__ = [
    "grade_log_probabilities",
    "grade_scores",
    "mean_grade_scores",
    "median_grades",
    "uniform_grade_scores",
]

Array = Any
"""Of numpy, or a tensor of torch."""

_SMALLEST = 1e-15
_HALF = 0.5 - 1e-12
"""A share of one half that was rounded down."""


def uniform_grade_scores(n_grades: int) -> Float64[np.ndarray, " size"]:
    """Scores of grades that are all equally likely, which `Ordinal` adds to those of a model.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._grade_scores import grade_log_probabilities, uniform_grade_scores
    >>> np.exp(grade_log_probabilities(uniform_grade_scores(4)[None])).round(6)
    array([[0.25, 0.25, 0.25, 0.25]])
    """
    below = np.arange(1, n_grades - 1)
    middle = np.log(n_grades) - np.log(below) - np.log(n_grades - 1 - below)
    return np.concatenate([[np.log(n_grades - 1.0)], middle])


def grade_log_probabilities(scores: Array) -> Array:
    r"""Logarithms of the probabilities of K grades (…, K) from K − 1 scores (…, K − 1).

    With :math:`a_1 = s_1` and :math:`a_k = a_{k-1} - \log(1 + e^{s_k})` the probability of a grade
    above the k-th is :math:`\sigma(a_k)`, which falls with k for every score, and

    .. math:: \sigma(a_{k-1}) - \sigma(a_k) = \sigma(a_{k-1})\, \sigma(-a_k)\, \sigma(s_k)

    is without differences of nearly equal numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._grade_scores import grade_log_probabilities
    >>> np.exp(grade_log_probabilities(np.zeros((1, 2)))).round(3)
    array([[0.5  , 0.167, 0.333]])
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(scores)
    first, rest = scores[..., :1], scores[..., 1:]
    zeros = xp.zeros_like(scores)
    logits = xp.concat(
        [first, first - xp.cumulative_sum(xp.logaddexp(zeros[..., 1:], rest), axis=-1)], axis=-1
    )
    above, below = -xp.logaddexp(zeros, -logits), -xp.logaddexp(zeros, logits)
    gaps = -xp.logaddexp(zeros[..., 1:], -rest)
    middle = above[..., :-1] + below[..., 1:] + gaps
    return xp.concat([below[..., :1], middle, above[..., -1:]], axis=-1)


def grade_scores(probabilities: Array) -> Array:
    r"""The scores (…, K − 1) whose grades have these probabilities (…, K).

    The inverse of `grade_log_probabilities`: :math:`s_1` is the logarithm of
    :math:`P(y > 1) / P(y = 1)`, the others of :math:`P(y = k) / (P(y < k) P(y > k))`. A probability
    below 1e-15 counts as 1e-15.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._grade_scores import grade_scores
    >>> grade_scores(np.array([[0.5, 1 / 6, 1 / 3]])).round(6) + 0.0
    array([[0., 0.]])
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(probabilities)
    shares = xp.clip(probabilities, _SMALLEST, 1.0)
    shares = shares / xp.sum(shares, axis=-1, keepdims=True)
    logs = xp.log(shares)
    below = xp.log(xp.cumulative_sum(shares, axis=-1))
    above = xp.log(xp.flip(xp.cumulative_sum(xp.flip(shares, axis=-1), axis=-1), axis=-1))
    middle = logs[..., 1:-1] - below[..., :-2] - above[..., 2:]
    return xp.concat([above[..., 1:2] - logs[..., :1], middle], axis=-1)


def mean_grade_scores(raw: Array) -> Array:
    """Scores (n, K − 1) of the mean probabilities of members' scores (members, n, K − 1).

    All are differences from those of equally likely grades, as a model gives them.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._grade_scores import mean_grade_scores
    >>> mean_grade_scores(np.array([[[2.0]], [[-2.0]]], dtype=np.float32)).round(6) + 0.0
    array([[0.]], dtype=float32)
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(raw)
    scores = xp.astype(raw, xp.float64)
    origin = xp.zeros_like(scores[0, :1]) + xp.asarray(
        uniform_grade_scores(raw.shape[-1] + 1), device=array_api_compat.device(scores)
    )
    probabilities = xp.mean(xp.exp(grade_log_probabilities(scores + origin)), axis=0)
    return xp.astype(grade_scores(probabilities) - origin, raw.dtype)


def median_grades(probabilities: Float64[np.ndarray, "n n_grades"]) -> Int64[np.ndarray, " n"]:
    """Position of each row's median grade, the lowest that half the probability does not exceed.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import median_grades
    >>> median_grades(np.array([[0.4, 0.3, 0.3], [0.5, 0.0, 0.5]]))
    array([1, 0])
    """
    reached = np.cumsum(probabilities, axis=1)
    return (reached < _HALF * reached[:, -1:]).sum(axis=1)
