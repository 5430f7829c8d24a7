from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Constraint, Finite, Interval
from polytask.data.cells import no_infinity, numbers
from polytask.data.columns._column import Column
from polytask.data.columns._standardize import center_and_scale, standardize

__all__ = ["NumericColumn"]


@dataclass(frozen=True)
class NumericColumn(Column):
    """Encoder of numbers (or dates, as days), standardised on the training rows.

    A missing cell becomes 0, which is the mean. If some were missing in training, a second column
    indicates missing cells. A column of one value becomes 0 whatever new rows hold, since training
    cannot tell what another value means; and none is further than 1e9 deviations from the mean.

    Parameters
    ----------
    name : str
    center, scale : float
        Mean and standard deviation of the observed training cells; scale 1 for a constant.
    missing : bool
        Whether a missing indicator follows the value.
    dates : bool
        Whether the column holds dates or times.
    constant : bool
        Whether all observed training cells had one value.
    """

    center: float
    scale: float
    missing: bool = False
    dates: bool = False
    constant: bool = False

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
        center, scale = center_and_scale(observed)
        return cls(
            series.name,
            center=center,
            scale=scale or 1.0,
            missing=len(observed) < len(values),
            dates=series.dtype.is_temporal(),
            constant=not scale,
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
        scaled = standardize(values, self.center, self.scale)
        scaled[unknown | self.constant] = 0.0
        columns = [scaled, unknown] if self.missing else [scaled]
        return self.part, np.stack(columns, axis=1, dtype=np.float32, casting="unsafe")
