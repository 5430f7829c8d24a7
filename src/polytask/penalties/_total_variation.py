"""Total variation along chains of tasks, and its proximal map."""

from __future__ import annotations

from polytask.penalties._arrays import namespace
from polytask.penalties._penalty import Array

__all__ = ["fuse"]


def fuse(values: Array, threshold: float) -> Array:
    r"""The minimiser x of :math:`\tfrac12\|x - v\|^2 + t \sum_k |x_{k+1} - x_k|` of each column.

    Parameters
    ----------
    values : array of shape (k, n_columns)
    threshold : float in [0, inf)

    Returns
    -------
    array of shape (k, n_columns)
        Neighbours that were fused are equal to the last bit.

    Notes
    -----
    Johnson's dynamic programme, for all columns at once. The derivative of what the first tasks cost,
    as a function of the last of them, is :math:`g_k(x) = x - v_k + \operatorname{clip}(g_{k-1}(x), -t, t)`;
    :math:`x_{k-1}` is :math:`x_k` clipped to where :math:`g_{k-1}` is -t and t. These roots are all that
    breaks :math:`g_k`, whose values are kept there. The time is in k² n_columns.

    References
    ----------
    Johnson, "A dynamic programming algorithm for the fused lasso and L0-segmentation", Journal of
    Computational and Graphical Statistics 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.penalties._total_variation import fuse
    >>> fuse(np.array([[0.0], [1.0], [5.0]]), 1.0).T
    array([[1., 1., 4.]])
    """
    n_tasks = values.shape[0]
    if n_tasks == 1 or threshold == 0:
        return values
    xp = namespace(values)
    ends = xp.min(values, axis=0) - 3 * threshold, xp.max(values, axis=0) + 3 * threshold
    limit = xp.full_like(values[0, :], threshold)
    low, high = values[0, :] - limit, values[0, :] + limit
    knots = xp.stack([*ends, low, high])
    slopes = xp.stack([-limit, limit, -limit, limit])
    bounds = [(low, high)]
    for task in range(1, n_tasks):
        slopes = knots - values[task, :] + xp.clip(slopes, -threshold, threshold)
        if task < n_tasks - 1:
            low, high = (_root(knots, slopes, level) for level in (-threshold, threshold))
            bounds.append((low, high))
            knots = xp.concat([knots, xp.stack([low, high])])
            slopes = xp.concat([slopes, xp.stack([-limit, limit])])
    fused = [_root(knots, slopes, 0.0)]
    for low, high in reversed(bounds):
        fused.append(xp.minimum(xp.maximum(fused[-1], low), high))
    return xp.stack(fused[::-1])


def _root(knots: Array, slopes: Array, level: float) -> Array:
    """Where rising functions, linear between knots of which the first two are the ends, have a value."""
    xp = namespace(knots)
    below = slopes <= level
    left = xp.max(xp.where(below, knots, knots[0, :]), axis=0)
    right = xp.min(xp.where(below, knots[1, :], knots), axis=0)
    lower = xp.max(xp.where(below, slopes, slopes[0, :]), axis=0)
    upper = xp.min(xp.where(below, slopes[1, :], slopes), axis=0)
    rise = upper - lower
    share = (level - lower) / xp.where(rise > 0, rise, xp.ones_like(rise))
    return left + xp.clip(share, 0.0, 1.0) * (right - left)
