"""Abstract base class of column encoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._naming import suggestion
from polytask._validation import Constraint, describe
from polytask.data.cells import NESTED, family
from polytask.data.readers import fault
from polytask.exceptions import DataError

__all__ = ["Column"]


@dataclass(frozen=True)
class Column(ABC):
    """A fitted encoder of one input column; plain data for JSON.

    Parameters
    ----------
    name : str
        The column's name in the table.

    Attributes
    ----------
    encoder : str
        Name of the encoder in saved schemas.
    one_value_per_code : bool
        Whether each of its codes stands for one value, so that none is shared.
    usual_steps : int
        The most steps that fitting reads of a cell unless they are declared; 0 for cells of a
        single value.
    parameter_constraints : mapping of field to Constraint
        Constraints of the fields, checked for columns that were read from a file.
    """

    name: str

    encoder: ClassVar[str]
    one_value_per_code: ClassVar[bool] = True
    usual_steps: ClassVar[int] = 0
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {}

    @classmethod
    @abstractmethod
    def fit(cls, series: pl.Series) -> Column:
        """Learn from a (training) column with at least one observed cell."""

    @property
    @abstractmethod
    def part(self) -> str:
        """``"numeric"``, ``"categorical"``, or a part of its own: ``"tensor:NAME"`` or the like."""

    @property
    def role(self) -> str:
        """Role of its part."""
        return self.part

    @property
    @abstractmethod
    def family(self) -> str:
        """Type of the cells in fitting, as `polytask.data.cells.family` names it."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """Types that the column may have in new tables."""
        return (self.family,)

    @property
    def width(self) -> int:
        """Number of numeric columns that it fills."""
        return 0

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of codes, including unknown, of each column of codes that it fills."""
        return ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a part of its own per row."""
        return ()

    @property
    def n_codes(self) -> int:
        """Number of codes of a part of its own, including unknown; 0 unless it holds codes."""
        return 0

    @abstractmethod
    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Return its part and its array: (n, width), (n, c) codes, or (n, *shape)."""

    def series(self, inputs: pl.DataFrame) -> pl.Series:
        """The column of a table, whose type must be that of fitting.

        Raises
        ------
        DataError
            If it is absent or changed type; columns without values are accepted.
        """
        series = inputs.get_column(self.name, default=None)
        if series is None:
            sentence = (
                f"The table has no column {self.name!r}, which was an input when the model was "
                f"fitted. {suggestion(self.name, inputs.columns)}"
            )
            raise DataError(sentence)
        holds = family(series)
        if holds not in self.accepted and series.null_count() < len(series):
            raise DataError(self._changed(series, holds))
        return series

    def _changed(self, series: pl.Series, holds: str | None) -> str:
        row = int(series.is_not_null().arg_max() or 0)
        cell = series[row].to_list() if isinstance(series[row], pl.Series) else series[row]
        sentence = (
            f"Column {self.name!r} held {self.family} when the model was fitted, and holds "
            f"{holds or series.dtype} now ({describe(cell)} in row {row}). "
            f"Give it {self.family} again, or fit a new model."
        )
        return sentence if holds in NESTED else f"{sentence} {fault(series)}".rstrip()
