from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Constraint, Finite, Interval
from polytask.data.cells import no_infinity, numbers
from polytask.data.columns._column import Column

__all__ = ["NumericColumn"]

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class NumericColumn(Column):
    """Encoder of numbers (or dates, as days), standardised on the training rows.

    A missing cell becomes 0, which is the mean. If some were missing in training, a second column
    indicates missing cells.

    Parameters
    ----------
    name : str
    center, scale : float
        Mean and standard deviation of the observed training cells; scale 1 for a constant.
    missing : bool
        Whether a missing indicator follows the value.
    dates : bool
        Whether the column holds dates or times.
    """

    center: float
    scale: float
    missing: bool = False
    dates: bool = False

    encoder: ClassVar[str] = "numeric"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "center": Finite,
        "scale": Interval(float, 0.0, closed="neither"),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> NumericColumn:
        """Learn from a column with at least one observed cell."""
        no_infinity(series)
        values = numbers(series)
        observed = values[~np.isnan(values)]
        # Divided by the largest, a constant column has deviation 0 exactly, and none overflows.
        largest = float(np.abs(observed).max()) or 1.0
        observed = observed / largest
        return cls(
            series.name,
            center=float(observed.mean()) * largest,
            scale=float(observed.std()) * largest or 1.0,
            missing=len(observed) < len(values),
            dates=series.dtype.is_temporal(),
        )

    @property
    def part(self) -> str:
        """``"numeric"``."""
        return "numeric"

    @property
    def family(self) -> str:
        """Numbers or dates."""
        return "dates" if self.dates else "numbers"

    @property
    def width(self) -> int:
        """1, or 2 with the missing indicator."""
        return 2 if self.missing else 1

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Standardised values, with the missing indicator if there is one."""
        series = self.series(inputs)
        no_infinity(series)
        values = numbers(series)
        unknown = np.isnan(values)
        scaled = np.clip((values - self.center) / self.scale, -_LARGEST, _LARGEST)
        scaled[unknown] = 0.0
        columns = [scaled, unknown] if self.missing else [scaled]
        return self.part, np.stack(columns, axis=1, dtype=np.float32, casting="unsafe")
