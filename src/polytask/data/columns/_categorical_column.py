from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Constraint, Satisfies
from polytask.data.cells import family
from polytask.data.columns._category_labels import category_labels
from polytask.data.columns._coded_column import CodedColumn

__all__ = ["MOST_CATEGORIES", "CategoricalColumn"]

MOST_CATEGORIES = 10_000
"""Size of the largest vocabulary."""


@dataclass(frozen=True)
class CategoricalColumn(CodedColumn):
    """Encoder of text, or of declared categories, as codes.

    Code 0 is unknown, followed by the sorted training vocabulary. Missing has a further code if
    some cells were missing in training. Of more than 10 000 distinct texts that were declared to
    be categories, the most frequent are kept and the others are unknown.

    Parameters
    ----------
    name : str
    vocabulary : tuple of str
    missing : bool
        Whether missing has a code of its own.
    holds : str
        Type of the cells in fitting: text, or numbers or booleans declared to be categories.
    """

    vocabulary: tuple[str, ...]
    missing: bool = False
    holds: str = "text"

    encoder: ClassVar[str] = "categorical"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "vocabulary": Satisfies(lambda texts: len(set(texts)) == len(texts), "distinct texts"),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> CategoricalColumn:
        """Learn from a column with at least one observed cell."""
        counts = (
            category_labels(series)
            .drop_nulls()
            .rename("text")
            .value_counts(name="rows")
            .sort("rows", "text", descending=[True, False])
            .head(MOST_CATEGORIES)
        )
        return cls(
            series.name,
            vocabulary=tuple(counts["text"].sort().to_list()),
            missing=series.null_count() > 0,
            holds=family(series) or "text",
        )

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of codes: unknown, the vocabulary, and missing if it has a code."""
        return (1 + len(self.vocabulary) + self.missing,)

    def unseen(self, inputs: pl.DataFrame) -> pl.Series:
        """Labels unseen in fitting; none if only frequent ones were kept."""
        labels = self._read(self.series(inputs))
        known = labels.is_in(self.vocabulary) | (len(self.vocabulary) >= MOST_CATEGORIES)
        return labels.filter(~known & labels.is_not_null())

    def _read(self, series: pl.Series) -> pl.Series:
        return category_labels(series, numbers=self.holds == "numbers")

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Codes (n, 1), int32."""
        series = self.series(inputs)
        known = self._read(series).cast(pl.Enum(self.vocabulary), strict=False)
        codes = known.to_physical().cast(pl.Int32).fill_null(-1).to_numpy() + np.int32(1)
        if self.missing:
            codes[series.is_null().to_numpy()] = len(self.vocabulary) + 1
        return self.part, codes[:, None]
