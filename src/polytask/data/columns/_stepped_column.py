from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
import polars as pl

from polytask._validation import Constraint, Interval, Satisfies
from polytask.data.cells import MOST_STEPS
from polytask.data.columns._column import Column
from polytask.data.columns._step_codes import MOST_WORDS, StepCounts, step_codes, step_counts

__all__ = ["STEPS_CONSTRAINTS", "SteppedColumn"]

STEPS_CONSTRAINTS: Mapping[str, Constraint] = {
    "vocabulary": Satisfies(
        lambda texts: len(set(texts)) == len(texts) <= MOST_WORDS,
        f"at most {MOST_WORDS:,} distinct texts",
    ),
    "steps": Interval(int, 1, MOST_STEPS),
}
"""Constraints of the fields of a `SteppedColumn`."""


class SteppedColumn(Column):
    """Encoder of rows of several words or tokens as a code for each step.

    A subclass is a dataclass with the fields `vocabulary` and `steps`.

    Attributes
    ----------
    vocabulary : tuple of str
        Known steps, whose codes are 2, 3, …
    steps : int
        Steps of a row that are read; later ones are left out.
    """

    vocabulary: tuple[str, ...]
    steps: int

    @classmethod
    def fit(cls, series: pl.Series) -> SteppedColumn:
        """Learn from a column with at least one observed cell."""
        return cls.of(series, cls.usual_steps, trimmed=True)

    @classmethod
    @abstractmethod
    def of(cls, series: pl.Series, steps: int, *, trimmed: bool = False) -> SteppedColumn:
        """Learn from the first steps of every row, as many of which are read of new rows.

        With `trimmed` no more of them are read than the longest of these rows has.
        """

    @abstractmethod
    def lists(self, series: pl.Series) -> pl.Series:
        """Cells as lists of text; null where a cell is missing."""

    @property
    def role(self) -> str:
        """The encoder's name."""
        return self.encoder

    @property
    def part(self) -> str:
        """``"text:NAME"`` or ``"tokens:NAME"``."""
        return f"{self.role}:{self.name}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of steps."""
        return (self.steps,)

    @property
    def n_codes(self) -> int:
        """Codes of a step: none, unknown, and the vocabulary."""
        return 2 + len(self.vocabulary)

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Codes (n, steps), int32: 0 after the last step, 1 for an unknown one."""
        series = self.series(inputs)
        return self.part, step_codes(series, self.lists, self.vocabulary, self.steps)

    def counts(self, inputs: pl.DataFrame) -> StepCounts:
        """Steps that are read, unknown ones among them, and rows that have more."""
        series = self.series(inputs)
        return step_counts(series, self.lists, self.vocabulary, self.steps)
