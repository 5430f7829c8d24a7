"""Standard errors of shares and means whose labels are several per row, of which only rows are independent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int, Int64, Real

__all__ = ["Clustered", "clustered"]

_LEVEL = 0.975


class Clustered(NamedTuple):
    """A ratio in each bin, and how well its rows determine it.

    Attributes
    ----------
    ratio : array of shape (n_bins,)
    error : array of shape (n_bins,)
        Its standard error over rows; NaN in a bin of one row.
    quantile : array of shape (n_bins,)
        By how many errors an interval at 95 % reaches to either side.
    n_rows : array of shape (n_bins,)
        How many rows have a label in the bin, weighted.
    """

    ratio: Float64[np.ndarray, " b"]
    error: Float64[np.ndarray, " b"]
    quantile: Float64[np.ndarray, " b"]
    n_rows: Float64[np.ndarray, " b"]


def clustered(
    bins: Int64[np.ndarray, " n"],
    row: Int[np.ndarray, " n"],
    weight: Real[np.ndarray, " n"],
    above: Real[np.ndarray, " n"],
    below: Real[np.ndarray, " n"] | None = None,
) -> Clustered:
    r"""Sums of `above` divided by those of `below`, with errors from the sums of each row.

    With the sums a and b of row i in a bin, the ratio is :math:`r = \sum_i w_i a_i / \sum_i w_i b_i`,
    and its variance that of the ratio estimator,
    :math:`\frac{n}{n - 1} \sum_i w_i (a_i - r b_i)^2 / (\sum_i w_i b_i)^2`, however the labels of one
    row depend on each other. Intervals take the t distribution with the degrees of freedom of
    Satterthwaite, :math:`2 n / (k - 1)` with the kurtosis k of the rows' residuals, at most n - 1:
    a variance that few rows make is known badly.

    Parameters
    ----------
    bins : array of shape (n,)
        The bin of each label, from 0.
    row : array of shape (n,)
        The number of its row, from 0.
    weight : array of shape (n,)
        How many rows its row counts as.
    above, below : array of shape (n,)
        By default `below` is 1 for each label.

    References
    ----------
    Cochran, "Sampling Techniques", 1977, chapter 6. Satterthwaite, Biometrics Bulletin 1946.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._row_clusters import clustered
    >>> bins, row = np.zeros(6, dtype=np.int64), np.repeat([0, 1, 2], 2)
    >>> clustered(bins, row, np.ones(6), np.array([1, 1, 0, 0, 1, 0])).ratio
    array([0.5])
    """
    from scipy.special import stdtrit  # heavy, and not needed to read a table

    _, rows = np.unique(row, return_inverse=True)
    shape = int(rows.max()) + 1, int(bins.max()) + 1
    cell = rows * shape[1] + bins

    def sums(values: np.ndarray | None) -> np.ndarray:
        return np.bincount(cell, values, minlength=shape[0] * shape[1]).reshape(shape)

    count = sums(None)
    weights = sums(weight) / np.maximum(count, 1)
    top, bottom = sums(above), count if below is None else sums(below)
    total = (weights * bottom).sum(axis=0)
    ratio = (weights * top).sum(axis=0) / total
    residual = np.where(count > 0, top - ratio * bottom, 0.0)
    largest = np.abs(residual).max(axis=0)
    scaled = residual / np.where(largest > 0, largest, 1.0)
    n = (weights * (count > 0)).sum(axis=0)
    squares, fourth = ((weights * scaled**power).sum(axis=0) for power in (2, 4))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(n > 1, largest * np.sqrt(squares * n / (n - 1)) / total, np.nan)
        freedom = 2 * n / (n * fourth / squares**2 - 1)
    most = np.maximum(n - 1, 1.0)
    freedom = np.where(freedom > 0, np.clip(freedom, 1.0, most), most)
    return Clustered(ratio, error, stdtrit(freedom, _LEVEL), n)
