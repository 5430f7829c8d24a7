"""Whether what a model states comes true: shares and means over bins of its statements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from polytask.tasks._row_clusters import clustered

__all__ = [
    "Calibration",
    "calibrated_curve",
    "calibrated_levels",
    "calibrated_means",
    "calibrated_shares",
]

_BINS = 10
_Z = 1.959963984540054
"""Of intervals at 95 %."""
_DIGITS = 5
_COUNTED = (("Wilson", "rows"), ("Wilson, over rows", "labels"))
"""How intervals of shares were made, and what was counted: of rows with one event, and with several."""


@dataclass(frozen=True)
class Calibration:
    """What a model stated and what happened, over bins of its statements.

    Attributes
    ----------
    stated, happened : tuple of float
        Mean statement of each bin, and what was observed of its rows.
    low, high : tuple of float
        Ends of an interval at 95 % for what is to be expected of such rows.
    rows : tuple of float
        Rows of each bin, the same in all where each row is in every bin; or its labels, where rows
        have several.
    labels : (str, str)
        Names of both, such as ``("stated probability", "share of positive rows")``.
    error : float
        Mean distance of what was stated from what happened, over rows.
    error_label : str
    intervals : str
        How intervals were made.
    unit : {"rows", "labels"}
        What `rows` counts.
    """

    stated: tuple[float, ...]
    happened: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rows: tuple[float, ...]
    labels: tuple[str, str]
    error: float
    error_label: str
    intervals: str
    unit: str = "rows"


def calibrated_shares(
    stated: Float[np.ndarray, " n"],
    happened: Bool[np.ndarray, " n"],
    weight: Real[np.ndarray, " n"],
    labels: tuple[str, str],
    *,
    row: Int[np.ndarray, " n"] | None = None,
) -> Calibration:
    """Shares of events beside their stated probabilities, in ten bins of equally many.

    Parameters
    ----------
    stated : array of shape (n,)
    happened : array of shape (n,)
    weight : array of shape (n,)
        How many rows each counts as.
    labels : (str, str)
    row : array of shape (n,), optional
        The number of each event's row, if rows have several, such as steps or pixels, which need not
        be independent. Intervals are then those of Wilson for as many events as would vary as much
        as the rows do.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import calibrated_shares
    >>> stated = np.repeat([0.2, 0.8], 50)
    >>> happened = np.tile([True, False, False, False, False], 20)
    >>> calibration = calibrated_shares(stated, happened, np.ones(100), ("stated", "happened"))
    >>> calibration.stated, calibration.happened, calibration.error
    ((0.2, 0.8), (0.2, 0.2), 0.3)
    """
    bins = _bins(stated, weight)
    mass = np.bincount(bins, weight)
    mean = np.bincount(bins, weight * stated) / mass
    share = np.bincount(bins, weight * happened) / mass
    low, high = _wilson(share, mass if row is None else _worth(bins, row, weight, happened, mass))
    return _calibration(
        (mean, share, low, high, mass),
        labels,
        ("mean distance, in tenths", *_COUNTED[row is not None]),
    )


def calibrated_means(
    stated: Float[np.ndarray, " n"],
    observed: Float[np.ndarray, " n"],
    weight: Real[np.ndarray, " n"],
    labels: tuple[str, str],
    *,
    exposure: Float[np.ndarray, " n"] | None = None,
    row: Int[np.ndarray, " n"] | None = None,
    size: float = 1.0,
    error_label: str = "mean distance, in tenths",
) -> Calibration:
    """Means of what was observed beside the stated means, in ten bins of equally many rows.

    Parameters
    ----------
    stated, observed : array of shape (n,)
        With an exposure, the stated rate and the observed count.
    weight : array of shape (n,)
        How many rows each counts as.
    labels : (str, str)
    exposure : array of shape (n,), optional
    row : array of shape (n,), optional
        The number of each statement's row, if rows have several, such as steps or pixels, which need
        not be independent.
    size : float, default 1.0
        The error is divided by it.
    error_label : str
    """
    units = np.ones(len(stated)) if exposure is None else exposure
    bins = _bins(stated, weight)
    mass = np.bincount(bins, weight)
    exposed = np.bincount(bins, weight * units)
    mean = np.bincount(bins, weight * units * stated) / exposed
    rate = np.bincount(bins, weight * observed) / exposed
    squares = np.bincount(bins, weight * np.square(observed - units * rate[bins])) / mass
    if row is None:
        spread = _Z * np.sqrt(squares / np.maximum(mass - 1, 1)) * mass / exposed
    else:
        by_row = clustered(bins, row, weight, observed, units)
        alone = np.sqrt(squares) * mass / exposed  # of one row, as if its labels were one
        spread = by_row.quantile * np.where(np.isnan(by_row.error), alone, by_row.error)
    columns = (mean, rate, rate - spread, rate + spread, mass)
    counted = ("normal", "rows") if row is None else ("t, over rows", "labels")
    return _calibration(columns, labels, (error_label, *counted), size)


def calibrated_levels(
    levels: Sequence[float],
    below: Bool[np.ndarray, "n levels"],
    weight: Real[np.ndarray, " n"],
    labels: tuple[str, str],
) -> Calibration:
    """Shares of labels below the predicted quantile of each level.

    Parameters
    ----------
    levels : sequence of float
    below : array of shape (n, n_levels)
    weight : array of shape (n,)
        How many rows each counts as.
    labels : (str, str)
    """
    share = weight @ below / weight.sum()
    mass = np.full(len(levels), weight.sum())
    low, high = _wilson(share, mass)
    columns = (np.array(levels, dtype=float), share, low, high, mass)
    return _calibration(columns, labels, ("mean distance from the levels", "Wilson", "rows"))


def calibrated_curve(
    stated: Float[np.ndarray, " m"],
    happened: Float[np.ndarray, " m"],
    rows: Float[np.ndarray, " m"],
    labels: tuple[str, str],
    intervals: str,
) -> Calibration:
    """Points of a mean stated curve beside those of an observed one.

    Parameters
    ----------
    stated, happened : array of shape (m,)
        Shares at the same m places.
    rows : array of shape (m,)
        How many rows each observed share is worth.
    labels : (str, str)
    intervals : str
        What the rows are, for readers.
    """
    low, high = _wilson(happened, rows)
    columns = (stated, happened, low, high, rows)
    calibration = _calibration(columns, labels, ("mean distance of the curves", intervals, "rows"))
    return replace(calibration, error=_rounded(float(np.abs(stated - happened).mean())))


def _bins(stated: np.ndarray, weight: np.ndarray) -> Int[np.ndarray, " n"]:
    """The bin of each statement; equal statements have one."""
    order = np.argsort(stated, kind="stable")
    reached = np.cumsum(weight[order])
    ends = np.searchsorted(reached, reached[-1] * np.arange(1, _BINS) / _BINS)
    edges = np.unique(stated[order][np.minimum(ends, len(order) - 1)])
    bins = np.searchsorted(edges, stated, side="left")
    _, dense = np.unique(bins, return_inverse=True)
    return np.asarray(dense)


def _worth(
    bins: np.ndarray, row: np.ndarray, weight: np.ndarray, happened: np.ndarray, mass: np.ndarray
) -> np.ndarray:
    """How many independent events would determine each share as well as its rows do."""
    by_row = clustered(bins, row, weight, happened.astype(np.float64))
    error = np.nan_to_num(by_row.error * by_row.quantile / _Z)
    with np.errstate(divide="ignore", invalid="ignore"):
        events = by_row.ratio * (1 - by_row.ratio) / error**2
    return np.where(error > 0, np.minimum(events, mass), by_row.n_rows)


def _wilson(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = np.maximum(n, 1e-9)
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _calibration(
    columns: tuple[np.ndarray, ...],
    labels: tuple[str, str],
    words: tuple[str, str, str],
    size: float = 1.0,
) -> Calibration:
    stated, happened, *_, mass = columns
    error = float(mass @ np.abs(stated - happened) / mass.sum()) / (size if size > 0 else 1.0)
    columns_of = [tuple(_rounded(value) for value in column.tolist()) for column in columns]
    stated_rounded, share, low, high, rows = columns_of
    return Calibration(stated_rounded, share, low, high, rows, labels, _rounded(error), *words)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else 0.0
