from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

from polytask._listing import count
from polytask._validation import Constraint, Interval, Satisfies
from polytask.data.cells import (
    MOST_STEPS,
    family,
    no_infinity,
    step_numbers,
    step_positions,
    steps_of,
)
from polytask.data.columns._column import Column
from polytask.data.columns._standardize import center_and_scale, standardize
from polytask.exceptions import DataError

__all__ = ["SequenceColumn"]

_MOST_CHANNELS = 1024


@dataclass(frozen=True)
class SequenceColumn(Column):
    """Encoder of lists of numbers, or of arrays of one length, which may have any number of steps.

    Each channel has mean 0 and standard deviation 1 over the steps of the training rows; one of a
    single value is 0 whatever new rows hold. A missing number within a step becomes 0, which is the
    mean. A missing or empty list has no steps.

    Parameters
    ----------
    name : str
    steps : int
        Steps that are read of a row, the first ones. Unless they are declared, fitting chooses the
        length of the longest training row, at most 1024.
    channels : tuple of (float, float)
        Mean and standard deviation of every channel; deviation 0 for a constant.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns import SequenceColumn
    >>> column = SequenceColumn.fit(pl.Series("pulse", [[60.0, 62.0], [64.0], []]))
    >>> column.steps, len(column.channels)
    (2, 1)
    >>> column.encode(pl.DataFrame({"pulse": [[62.0, None], [62.0]]}))[1][:, :, 0].tolist()
    [[0.0, 0.0], [0.0, nan]]
    """

    steps: int
    channels: tuple[tuple[float, float], ...]

    encoder: ClassVar[str] = "sequence"
    usual_steps: ClassVar[int] = 1024
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "steps": Interval(int, 1, MOST_STEPS),
        "channels": Satisfies(
            lambda channels: (
                0 < len(channels) <= _MOST_CHANNELS
                and all(abs(center) < np.inf and 0 <= scale < np.inf for center, scale in channels)
            ),
            f"a mean and a deviation for each of 1 to {_MOST_CHANNELS:,} channels",
        ),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> SequenceColumn:
        """Learn from a column with at least one observed cell."""
        return cls.of(series, cls.usual_steps, trimmed=True)

    @classmethod
    def of(cls, series: pl.Series, steps: int, *, trimmed: bool = False) -> SequenceColumn:
        """Learn from the first steps of every row, as many of which are read of new rows."""
        lengths, values = _numbers(series, steps)
        if values.shape[1] > _MOST_CHANNELS:
            sentence = (
                f"Column {series.name!r} holds sequences of {values.shape[1]:,} numbers per step. "
                f"Give at most {_MOST_CHANNELS:,}, or drop it."
            )
            raise DataError(sentence)
        channels = tuple(_center_and_scale(channel) for channel in values.T)
        longest = max(int(lengths.max(initial=0)), 1)
        return cls(series.name, longest if trimmed else steps, channels)

    @property
    def role(self) -> str:
        """``"sequence"``."""
        return "sequence"

    @property
    def part(self) -> str:
        """``"sequence:NAME"``."""
        return f"sequence:{self.name}"

    @property
    def family(self) -> str:
        """Number lists."""
        return "number lists"

    @property
    def accepted(self) -> tuple[str, ...]:
        """Tensors and numbers too, which is what lists of one length are read as."""
        of_one_channel = ("numbers", "booleans") if len(self.channels) == 1 else ()
        return ("number lists", "tensors", "empty lists", *of_one_channel)

    @property
    def shape(self) -> tuple[int, ...]:
        """Steps and channels."""
        return (self.steps, len(self.channels))

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Standardised numbers (n, steps, channels), float32; NaN in all channels after the last."""
        series = self.series(inputs)
        array = np.full((len(series), *self.shape), np.nan, dtype=np.float32)
        lengths, values = _numbers(series, self.steps)
        if len(values):
            array[step_positions(lengths)] = self._scaled(values)
        return self.part, array

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        if values.shape[1] != len(self.channels):
            sentence = (
                f"Column {self.name!r} held {count(len(self.channels), 'number')} per step when the model "
                f"was fitted, and holds {values.shape[1]} now. Give it as many again, or fit a new "
                "model."
            )
            raise DataError(sentence)
        scaled = np.zeros_like(values)
        for channel, (center, scale) in enumerate(self.channels):
            if scale:
                scaled[:, channel] = standardize(values[:, channel], center, scale)
        return np.nan_to_num(scaled, nan=0.0, copy=False)


def _numbers(
    series: pl.Series, steps: int
) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, "m k"]]:
    """Lengths of the rows and numbers of their first steps; raise if one is infinite."""
    lists = _as_lists(series)
    lengths, cells = steps_of(lists, steps)
    values = step_numbers(cells)
    if np.isinf(values).any():
        no_infinity(lists)
    return lengths, values


def _as_lists(series: pl.Series) -> pl.Series:
    """Lists of numbers or of arrays; a number is a list of one."""
    if family(series) == "empty lists":
        return series.cast(pl.List(pl.Float64))
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        cell = pl.col(series.name)
        one = pl.when(cell.is_not_null()).then(pl.concat_list(cell.cast(pl.Float64)))
        return series.to_frame().select(one.alias(series.name)).to_series()
    return series.arr.to_list() if isinstance(series.dtype, pl.Array) else series


def _center_and_scale(channel: np.ndarray) -> tuple[float, float]:
    observed = channel[~np.isnan(channel)]
    return center_and_scale(observed) if len(observed) else (0.0, 0.0)
