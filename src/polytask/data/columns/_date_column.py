from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Constraint, Finite, Interval, Satisfies
from polytask.data.cells import numbers
from polytask.data.columns._column import Column
from polytask.data.columns._standardize import center_and_scale, standardize

__all__ = ["DateColumn"]

_YEAR = 365.2425
_SEASON_FROM, _WEEK_FROM = 180.0, 14.0
"""Days that training rows must span for these parts to differ from the elapsed time."""
_WIDTHS = {"elapsed": 1, "season": 2, "weekday": 7, "hour": 2}


@dataclass(frozen=True)
class DateColumn(Column):
    """Encoder of dates as elapsed time and the parts of the calendar that training rows cover.

    Elapsed time has mean 0 and standard deviation 1 on the training rows. Season (if rows span half
    a year) and hour (if times of day differ) are a sine and a cosine each, the day of the week (if
    rows span two weeks) is seven indicators. A missing cell becomes 0 in all columns. If some were
    missing in training, a further column indicates missing cells. A column of one moment becomes 0
    whatever new rows hold.

    Parameters
    ----------
    name : str
    center, scale : float
        Mean and standard deviation of the observed training cells, in days since 1970.
    parts : tuple of str
        Parts in use, of ``"elapsed"``, ``"season"``, ``"weekday"`` and ``"hour"``.
    missing : bool
        Whether a missing indicator follows.
    zone : str, optional
        Time zone in which parts are taken.
    constant : bool
        Whether all observed training cells had one value.
    """

    center: float
    scale: float
    parts: tuple[str, ...]
    missing: bool = False
    zone: str | None = None
    constant: bool = False

    encoder: ClassVar[str] = "date"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "center": Finite,
        "scale": Interval(float, 0.0, closed="neither"),
        "parts": Satisfies(
            lambda parts: 0 < len(parts) == len(_WIDTHS.keys() & set(parts)), "parts of a date"
        ),
        "zone": Satisfies(lambda zone: zone is None or _is_zone(zone), "a time zone"),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> DateColumn:
        """Learn from a column with at least one observed cell."""
        zone = _zone(series)
        days = numbers(_wall_clock(series, zone))
        observed = days[~np.isnan(days)]
        center, scale = center_and_scale(observed)
        return cls(
            series.name,
            center=center,
            scale=scale or 1.0,
            parts=_parts(observed),
            missing=len(observed) < len(days),
            zone=zone,
            constant=not scale,
        )

    @property
    def part(self) -> str:
        """``"numeric"``."""
        return "numeric"

    @property
    def family(self) -> str:
        """Dates."""
        return "dates"

    @property
    def width(self) -> int:
        """Number of columns of all parts, with the missing indicator if there is one."""
        return sum(_WIDTHS[part] for part in self.parts) + self.missing

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """The parts side by side, with the missing indicator if there is one."""
        days = numbers(_wall_clock(self.series(inputs), self.zone))
        unknown = np.isnan(days)
        known = np.where(unknown, self.center, days)
        blocks = [self._encoded(part, known) for part in self.parts]
        unlearned = unknown | self.constant
        encoded = np.where(unlearned[:, None], 0.0, np.concatenate(blocks, axis=1))
        if self.missing:
            encoded = np.column_stack([encoded, unknown])
        return self.part, encoded.astype(np.float32)

    def _encoded(self, part: str, days: np.ndarray) -> np.ndarray:
        match part:
            case "season":
                return _circle(days / _YEAR)
            case "weekday":
                return np.eye(7)[_weekday(days)]
            case "hour":
                return _circle(days)
            case _:
                return standardize(days, self.center, self.scale)[:, None]


def _parts(days: np.ndarray) -> tuple[str, ...]:
    span = float(np.ptp(days))
    used = {
        "elapsed": True,
        "season": span >= _SEASON_FROM,
        "weekday": span >= _WEEK_FROM and len(np.unique(_weekday(days))) > 1,
        "hour": bool(np.ptp(days % 1.0) > 0.0),
    }
    return tuple(part for part, use in used.items() if use)


def _weekday(days: np.ndarray) -> np.ndarray:
    """0 for Monday; the first of January 1970 was a Thursday."""
    return (np.floor(days).astype(np.int64) + 3) % 7


def _circle(phase: np.ndarray) -> np.ndarray:
    angle = 2.0 * np.pi * phase
    return np.column_stack([np.sin(angle), np.cos(angle)])


def _is_zone(name: str) -> bool:
    try:
        pl.Series([0]).cast(pl.Datetime).dt.replace_time_zone(name)
    except pl.exceptions.PolarsError:
        return False
    return True


def _zone(series: pl.Series) -> str | None:
    return getattr(series.dtype, "time_zone", None)


def _wall_clock(series: pl.Series, zone: str | None) -> pl.Series:
    """Local times of the zone; a column without a zone is assumed to be in it."""
    if _zone(series) is None:
        return series
    local = series if zone is None else series.dt.convert_time_zone(zone)
    return local.dt.replace_time_zone(None)
