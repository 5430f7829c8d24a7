"""Scores of ascending quantiles, in numpy and torch alike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from jaxtyping import Float64

__all__ = ["mean_quantile_scores", "normal_quantile_scores", "quantile_scores", "quantiles"]

Array = Any
"""Of numpy, or a tensor of torch."""

_LEAST_GAP = 1e-30
"""Between quantiles that are equal; its score is a number."""


def normal_quantile_scores(levels: Sequence[float]) -> Float64[np.ndarray, " n_levels"]:
    """Scores of a standard normal distribution's quantiles, which are added to those of a model.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._quantile_scores import normal_quantile_scores, quantiles
    >>> quantiles(normal_quantile_scores((0.1, 0.5, 0.9))[None]).round(3) + 0.0
    array([[-1.282,  0.   ,  1.282]])
    """
    ranks = [NormalDist().inv_cdf(level) for level in levels]
    gaps = [above - below for below, above in itertools.pairwise(ranks)]
    return np.array([ranks[0], *(gap + math.log(-math.expm1(-gap)) for gap in gaps)])


def quantiles(scores: Array) -> Array:
    r"""Ascending numbers (…, n_levels) of as many scores.

    :math:`q_1 = s_1` and :math:`q_k = q_{k-1} + \log(1 + e^{s_k})`.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._quantile_scores import quantiles
    >>> quantiles(np.array([[1.0, -100.0, 2.0]])).round(3)
    array([[1.   , 1.   , 3.127]])
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(scores)
    first, rest = scores[..., :1], scores[..., 1:]
    above = xp.cumulative_sum(xp.logaddexp(xp.zeros_like(rest), rest), axis=-1)
    return xp.concat([first, first + above], axis=-1)


def quantile_scores(values: Array) -> Array:
    """The scores of numbers, the inverse of `quantiles`; a number below the one before is moved up.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._quantile_scores import quantile_scores
    >>> quantile_scores(np.array([[1.0, 3.127]])).round(3)
    array([[1., 2.]])
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(values)
    gaps = xp.clip(values[..., 1:] - values[..., :-1], _LEAST_GAP, None)
    return xp.concat([values[..., :1], gaps + xp.log(-xp.expm1(-gaps))], axis=-1)


def mean_quantile_scores(raw: Array, levels: Sequence[float]) -> Array:
    """Scores (n, n_levels) of the mean quantiles of members' scores (members, n, n_levels).

    All are differences from those of the normal distribution, as a model gives them.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._quantile_scores import mean_quantile_scores
    >>> raw = np.array([[[2.0, 0.5]], [[-2.0, 0.5]]], dtype=np.float32)
    >>> mean_quantile_scores(raw, (0.1, 0.9)).round(6) + 0.0
    array([[0. , 0.5]], dtype=float32)
    """
    import array_api_compat  # not needed to read a table

    xp = array_api_compat.array_namespace(raw)
    scores = xp.astype(raw, xp.float64)
    origin = xp.zeros_like(scores[0, :1]) + xp.asarray(
        normal_quantile_scores(levels), device=array_api_compat.device(scores)
    )
    mean = xp.mean(quantiles(scores + origin), axis=0)
    return xp.astype(quantile_scores(mean) - origin, raw.dtype)
