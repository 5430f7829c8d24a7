from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask.data._column import Column

__all__ = ["CategoricalColumn"]

_MOST_CATEGORIES = 10_000


@dataclass(frozen=True)
class CategoricalColumn(Column):
    """Text as codes: 0 = unknown, then the training vocabulary in sorted order, then missing.

    Missing has a code of its own only where some cells were missing in training. Of more than
    10 000 distinct texts the most frequent are kept and the others are unknown.

    Parameters
    ----------
    name : str
    vocabulary : tuple of str
    missing : bool
        Whether missing has a code of its own.
    """

    vocabulary: tuple[str, ...]
    missing: bool = False

    encoder: ClassVar[str] = "categorical"

    @classmethod
    def fit(cls, series: pl.Series) -> CategoricalColumn:
        """Learn from a column with at least one observed cell."""
        counts = (
            series.cast(pl.String)
            .drop_nulls()
            .rename("text")
            .value_counts(name="rows")
            .sort("rows", "text", descending=[True, False])
            .head(_MOST_CATEGORIES)
        )
        return cls(
            series.name,
            vocabulary=tuple(counts["text"].sort().to_list()),
            missing=series.null_count() > 0,
        )

    @property
    def part(self) -> str:
        """``"categorical"``."""
        return "categorical"

    @property
    def family(self) -> str:
        """Text."""
        return "text"

    @property
    def cardinality(self) -> int:
        """Unknown, the vocabulary and, maybe, missing."""
        return 1 + len(self.vocabulary) + self.missing

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Codes (n, 1), int32."""
        series = self.series(inputs)
        known = series.cast(pl.String).cast(pl.Enum(self.vocabulary), strict=False)
        codes = known.to_physical().cast(pl.Int32).fill_null(-1).to_numpy() + np.int32(1)
        if self.missing:
            codes[series.is_null().to_numpy()] = len(self.vocabulary) + 1
        return self.part, codes[:, None]
