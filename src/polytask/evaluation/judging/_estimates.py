"""Records of values and relative gains with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from polytask.statistics import Paired, PairedGain, Single

__all__ = ["DeltaMEstimate", "Estimate", "delta_m_estimate", "estimate"]

_MOST_OF_ALL = 0.5
_OF_TWO, _OF_MORE = 0.5, 0.1


@dataclass(frozen=True)
class Estimate:
    """A mean over runs, with its interval; or the reason why there is none.

    Attributes
    ----------
    value : float or None
    interval : (low, high) or None
    per_run : tuple of float or None
    spread : float or None
        Standard deviation over runs, from two runs on.
    undefined : str or None
        Why there is no value, or in how many runs there is none.
    left_out : tuple of str
        Columns or classes that the mean leaves out in some run, each with its reason.
    n_units : int
        Test rows (or groups) that carry the value; for classes those of the rarer one.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    per_run: tuple[float | None, ...] = ()
    spread: float | None = None
    undefined: str | None = None
    left_out: tuple[str, ...] = ()
    n_units: int = 0


@dataclass(frozen=True)
class DeltaMEstimate:
    """Δm with its interval.

    Attributes
    ----------
    value : float or None
        The arithmetic mean of the tasks' relative gains, a fraction.
    interval : (low, high) or None
    p : float or None
        None where test units are too few.
    geometric : float or None
        The geometric mean of the tasks' ratios, minus 1.
    geometric_interval : (low, high) or None
    dominant : str or None
        The task that carries more than half of the sum of absolute gains, where its gain is
        large enough for the two means to part.
    tasks : tuple of str
        The tasks counted.
    left_out : mapping of task to str
        The other primary tasks, each with its reason.
    """

    value: float | None
    interval: tuple[float, float] | None = None
    p: float | None = None
    geometric: float | None = None
    geometric_interval: tuple[float, float] | None = None
    dominant: str | None = None
    tasks: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def estimate(measured: Single | Paired) -> Estimate:
    """Record of one metric's estimate, with its spread over runs."""
    defined = [value for value in measured.per_run if value is not None]
    return Estimate(
        value=measured.value,
        interval=measured.interval,
        per_run=measured.per_run,
        spread=float(np.std(defined, ddof=1)) if len(defined) > 1 else None,
        undefined=measured.undefined,
        left_out=measured.left_out,
        n_units=measured.n_units,
    )


def delta_m_estimate(gain: PairedGain, left_out: Mapping[str, str]) -> DeltaMEstimate:
    """Record of Δm, with the tasks that were left out before or by the estimate."""
    return DeltaMEstimate(
        value=gain.value,
        interval=gain.interval,
        p=gain.p,
        geometric=gain.geometric,
        geometric_interval=gain.geometric_interval,
        dominant=_dominant(gain.gains),
        tasks=tuple(gain.gains),
        left_out={**left_out, **gain.left_out},
    )


def _dominant(gains: Mapping[str, float]) -> str | None:
    """Task whose gain outweighs those of all other tasks together.

    Small gains leave the two means alike, and one of two tasks nearly always outweighs the other.
    """
    if len(gains) < 2:
        return None
    least = _OF_TWO if len(gains) == 2 else _OF_MORE
    largest = max(gains, key=lambda task: abs(gains[task]))
    share = abs(gains[largest]) / max(sum(map(abs, gains.values())), 1e-300)
    return largest if share > _MOST_OF_ALL and abs(gains[largest]) > least else None
