"""Curves of times to an event: Kaplan–Meier estimates, censoring, intervals, means."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int64

__all__ = [
    "censoring_curve",
    "curves_at",
    "event_cuts",
    "kaplan_meier",
    "places_in",
    "restricted_means",
    "spans_of",
    "value_before",
    "values_at",
]

_MOST_INTERVALS = 20
_MOST_STEPS = 512
_MOST_SPANS = 4

Numbers = Float64[np.ndarray, " n"]


def kaplan_meier(
    times: Numbers, happened: Bool[np.ndarray, " n"], weight: Numbers
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    """Distinct times of events, and the share that survives each (Kaplan & Meier, JASA 1958).

    Rows that are censored at a time are at risk there.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import kaplan_meier
    >>> times, happened = np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, True])
    >>> kaplan_meier(times, happened, np.ones(4))
    (array([1., 2., 3.]), array([0.75, 0.5 , 0.  ]))
    """
    distinct, place = np.unique(times, return_inverse=True)
    leaving = np.bincount(place, weight, len(distinct))
    events = np.bincount(place, weight * happened, len(distinct))
    at_risk = np.cumsum(leaving[::-1])[::-1]
    step = events > 0
    survived = np.cumprod(1 - np.minimum(events[step] / at_risk[step], 1.0))
    return distinct[step], survived


def values_at(
    query: np.ndarray, times: Sequence[float] | np.ndarray, values: Sequence[float] | np.ndarray
) -> np.ndarray:
    """A step function that is 1 before the first time, at some points.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import values_at
    >>> values_at(np.array([0.5, 1.0, 3.0]), [1.0, 2.0], [0.7, 0.2])
    array([1. , 0.7, 0.2])
    """
    return np.append(1.0, values)[np.searchsorted(times, query, side="right")]


def value_before(
    query: np.ndarray, times: Sequence[float] | np.ndarray, values: Sequence[float] | np.ndarray
) -> np.ndarray:
    """As `values_at`, just before the points.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import value_before
    >>> value_before(np.array([0.5, 1.0, 3.0]), [1.0, 2.0], [0.7, 0.2])
    array([1. , 1. , 0.2])
    """
    return np.append(1.0, values)[np.searchsorted(times, query, side="left")]


def censoring_curve(
    times: Numbers, happened: Bool[np.ndarray, " n"]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Times of a step function, and the share of rows that are not censored up to each.

    Events come before censoring at the same time. At most 512 steps are kept, evenly spaced in the
    share.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import censoring_curve
    >>> censoring_curve(np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, True]))
    ((2.0,), (0.5,))
    """
    distinct, place = np.unique(times, return_inverse=True)
    leaving = np.bincount(place, minlength=len(distinct))
    events = np.bincount(place, happened, len(distinct))
    at_risk = np.cumsum(leaving[::-1])[::-1] - events
    step = leaving > events
    kept = np.cumprod(1 - (leaving - events)[step] / at_risk[step])
    steps = distinct[step]
    if len(steps) > _MOST_STEPS:
        levels = np.linspace(kept[0], kept[-1], _MOST_STEPS)
        chosen = np.unique(np.searchsorted(-kept, -levels))
        steps, kept = steps[chosen], kept[chosen]
    return tuple(steps.tolist()), tuple(kept.tolist())


def event_cuts(event_times: Numbers, n_intervals: int | None) -> tuple[float, ...]:
    """Ends of intervals that hold about as many events each; as many are left after the last.

    By default as many as the root of the number of events, rounded up, and at most 20.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import event_cuts
    >>> event_cuts(np.array([1.0, 2.0, 3.0, 4.0, 8.0, 9.0]), 2)
    (2.0, 4.0)
    """
    after_start = np.sort(event_times[event_times > 0])
    most = n_intervals or min(_MOST_INTERVALS, math.ceil(math.sqrt(len(after_start))))
    levels = np.arange(1, most + 1) / (most + 1)
    place = np.ceil(levels * len(after_start) - 1e-9).astype(np.int64) - 1
    return tuple(np.unique(after_start[place]).tolist())


def places_in(
    times: Float64[np.ndarray, " n"], ends: Sequence[float] | np.ndarray
) -> Float64[np.ndarray, " n"]:
    """In which interval each time is, and which share of it has passed; NaN where missing.

    A time in the middle of the second interval has the place 1.5, one at its end 2.0; those after
    the last of T intervals have T + 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import places_in
    >>> places_in(np.array([0.0, 2.0, 3.0, 9.0]), [2.0, 4.0])
    array([0. , 1. , 1.5, 2.5])
    """
    knots = np.append(0.0, ends)
    places = np.interp(times, knots, np.arange(len(knots)))
    return np.where(times > knots[-1], len(ends) + 0.5, places)


def restricted_means(
    curves: Float64[np.ndarray, "n t"], cuts: Sequence[float]
) -> Float64[np.ndarray, " n"]:
    """Mean times up to the last cut: areas under curves that are straight between the cuts.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import restricted_means
    >>> restricted_means(np.array([[0.5, 0.0]]), (2.0, 6.0))  # (1 + 0.5) / 2 · 2 + 0.5 / 2 · 4
    array([2.5])
    """
    ends = np.append(0.0, cuts)
    widths = np.diff(ends)
    before = np.concatenate([np.ones((len(curves), 1)), curves[:, :-1]], axis=1)
    return ((before + curves) / 2) @ widths


def curves_at(
    times: Sequence[float], curves: Float64[np.ndarray, "n t"], cuts: Sequence[float]
) -> Float64[np.ndarray, "n times"]:
    """Curves at other times, straight between their cuts and level after the last.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks._survival_curves import curves_at
    >>> curves_at((1.0, 4.0, 9.0), np.array([[0.5, 0.0]]), (2.0, 6.0))
    array([[0.75, 0.25, 0.  ]])
    """
    knots = np.append(0.0, cuts)
    parts = np.stack([np.interp(times, knots, knot) for knot in np.eye(len(knots))])
    return parts[0] + curves @ parts[1:]


def spans_of(n_intervals: int) -> Int64[np.ndarray, " spans"]:
    """The last interval of each of at most 4 spans of intervals, which estimators learn.

    Examples
    --------
    >>> from polytask.tasks._survival_curves import spans_of
    >>> spans_of(10)
    array([2, 4, 7, 9])
    """
    n_spans = min(_MOST_SPANS, n_intervals)
    return np.ceil(np.arange(1, n_spans + 1) * n_intervals / n_spans).astype(np.int64) - 1
