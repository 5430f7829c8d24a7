from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Constraint, Interval
from polytask.data.cells import numbers
from polytask.data.columns._column import Column

__all__ = ["BooleanColumn"]


@dataclass(frozen=True)
class BooleanColumn(Column):
    """Encoder of booleans as 0 and 1.

    A missing cell becomes the training share of true. If some were missing in training, a second
    column indicates missing cells. A column of one value keeps it whatever new rows hold, since
    training cannot tell what the other means.

    Parameters
    ----------
    name : str
    share : float
        Share of true among the observed training cells.
    missing : bool
        Whether a missing indicator follows the value.
    """

    share: float
    missing: bool = False

    encoder: ClassVar[str] = "boolean"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "share": Interval(float, 0.0, 1.0),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> BooleanColumn:
        """Learn from a column with at least one observed cell."""
        values = numbers(series)
        return cls(
            series.name, share=float(np.nanmean(values)), missing=bool(np.isnan(values).any())
        )

    @property
    def part(self) -> str:
        """``"numeric"``."""
        return "numeric"

    @property
    def family(self) -> str:
        """Booleans."""
        return "booleans"

    @property
    def width(self) -> int:
        """1, or 2 with the missing indicator."""
        return 2 if self.missing else 1

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Values 0 and 1, with the missing indicator if there is one."""
        values = numbers(self.series(inputs))
        unknown = np.isnan(values)
        constant = self.share in {0.0, 1.0}
        filled = np.where(unknown | constant, self.share, values)
        columns = [filled, unknown] if self.missing else [filled]
        return self.part, np.stack(columns, axis=1, dtype=np.float32, casting="unsafe")
