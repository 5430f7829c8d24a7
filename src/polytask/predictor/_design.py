"""Design matrices of estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
from scipy import sparse

from polytask.data import Part, Schema, Source
from polytask.predictor._image_columns import grid_width, image_grid
from polytask.predictor._step_columns import (
    sequence_statistics,
    statistics_width,
    word_counts,
    words_width,
)

__all__ = ["Design"]

_MOST_CODES = 254
"""Categories that histogram boosting distinguishes; one more number represents all others."""
_WIDEST_DENSE = 100


@dataclass(frozen=True)
class Design:
    """The layout of a source's encoded inputs as one matrix, fitted on training rows and frozen.

    Tensors are laid flat. Images have the means of a grid of 8 x 8 cells, and deviations. Text and tokens have a column for each known word, or for the 256 of most
    training rows if the matrix is dense, with the logarithms of 1 plus its counts; beside indicators
    those of a row have length 1. Sequences have statistics of each channel, and their lengths.

    Parameters
    ----------
    categorical : {"one_hot", "codes"}
        One indicator per known category (all 0 for an unknown one), or whole numbers with 0 for
        unknown ones.
    sparse : bool
        Whether the matrix is a scipy CSR array.
    tasks : tuple of str
        If the task of each row is an additional categorical column, the tasks in order of their
        codes; otherwise empty.
    frequent : tuple of (tuple of int or None)
        Per categorical column with too many codes, those that keep a number or an indicator of
        their own; the rest count as unknown. Empty if no column has too many.
    """

    categorical: Literal["one_hot", "codes"] = "one_hot"
    sparse: bool = False
    tasks: tuple[str, ...] = ()
    frequent: tuple[tuple[int, ...] | None, ...] = ()

    @classmethod
    def fit(
        cls,
        source: Source,
        schema: Schema,
        *,
        categorical: Literal["one_hot", "codes"] = "one_hot",
        accepts_sparse: bool = False,
        task_as_input: bool = False,
    ) -> Design:
        """Choose the layout from the fitted schema and the training rows."""
        tasks = source.tasks.names if task_as_input else ()
        if categorical == "codes":
            codes = schema.encode(source).get("categorical", _no_codes(source))
            frequent = tuple(_frequent(column) for column in codes.T)
            return cls("codes", tasks=tasks, frequent=frequent)
        hashed = schema.hashed
        if not accepts_sparse and any(hashed):
            columns = schema.encode(source)["categorical"].T
            frequent = tuple(
                _frequent(column) if many else None
                for column, many in zip(columns, hashed, strict=True)
            )
            return cls("one_hot", tasks=tasks, frequent=frequent)
        words = sum(part.cardinalities[0] for part in schema.parts if part.has_words)
        width = sum(schema.cardinalities) + words + len(tasks)
        return cls("one_hot", accepts_sparse and width > _WIDEST_DENSE, tasks)

    def matrix(self, source: Source, schema: Schema) -> Any:
        """The float64 matrix of a source's rows: numbers and other amounts, then categories."""
        encoded = schema.encode(source)
        parts = {part.name: part for part in schema.parts}
        amounts = [
            self._amounts(parts[part], array)
            for part, array in encoded.items()
            if part != "categorical"
        ]
        codes = self._folded(encoded.get("categorical", _no_codes(source)))
        cardinalities = self._cardinalities(schema)
        if self.tasks:
            codes = np.column_stack([codes, self._task_codes(source)])
            cardinalities = (*cardinalities, len(self.tasks) + 1)
        if self.categorical == "codes":
            return np.hstack([*amounts, codes.astype(np.float64)])
        if self.sparse:
            return sparse.csr_array(sparse.hstack([*amounts, _one_hot(codes, cardinalities)]))
        return np.hstack([*amounts, _one_hot(codes, cardinalities).toarray()])

    def width(self, schema: Schema) -> int:
        """Columns of the matrix."""
        tasks = (len(self.tasks),) if self.tasks else ()
        numbers = self._amounts_width(schema)
        if self.categorical == "codes":
            return numbers + len(schema.cardinalities) + len(tasks)
        return numbers + sum(size - 1 for size in self._cardinalities(schema)) + sum(tasks)

    def categorical_columns(self, schema: Schema) -> list[int]:
        """Columns of the matrix that hold codes rather than amounts."""
        if self.categorical == "one_hot":
            return []
        first = self._amounts_width(schema)
        task = 0 < len(self.tasks) <= _MOST_CODES
        return list(range(first, first + len(schema.cardinalities) + task))

    def _amounts(self, part: Part, array: np.ndarray) -> Any:
        """The columns of a part of numbers, tensors, images, words or sequences."""
        if part.has_pixels:
            return image_grid(array)
        if part.role == "sequence":
            return sequence_statistics(array)
        if part.has_words:
            counts = word_counts(
                array, self._width_of(part), normalized=self.categorical == "one_hot"
            )
            return counts if self.sparse else counts.toarray()
        return array.reshape(len(array), prod(part.shape)).astype(np.float64)

    def _width_of(self, part: Part) -> int:
        if part.has_pixels:
            return grid_width(part.shape)
        if part.role == "sequence":
            return statistics_width(part.shape[-1])
        if part.has_words:
            return words_width(part.cardinalities[0], in_sparse=self.sparse)
        return prod(part.shape)

    def _amounts_width(self, schema: Schema) -> int:
        return sum(self._width_of(part) for part in schema.parts if part.role != "categorical")

    def _cardinalities(self, schema: Schema) -> tuple[int, ...]:
        """Codes of every categorical column that are told apart, including unknown."""
        frequent = self.frequent or (None,) * len(schema.cardinalities)
        return tuple(
            size if kept is None else len(kept) + 1
            for kept, size in zip(frequent, schema.cardinalities, strict=True)
        )

    def _task_codes(self, source: Source) -> np.ndarray:
        if source.task_index is None:
            raise TypeError(f"The rows of source {source.name!r} belong to no single task.")
        codes = np.array([self.tasks.index(name) + 1 for name in source.tasks.names], np.int32)
        return codes[source.task_index]

    def _folded(self, codes: np.ndarray) -> np.ndarray:
        folded = codes.copy()
        for position, kept in enumerate(self.frequent):
            if kept is not None:
                table = np.zeros(
                    max(int(codes[:, position].max(initial=0)), *kept) + 1, codes.dtype
                )
                table[list(kept)] = np.arange(1, len(kept) + 1)
                folded[:, position] = table[codes[:, position]]
        return folded


def _no_codes(source: Source) -> np.ndarray:
    return np.zeros((source.n_rows, 0), dtype=np.int32)


def _frequent(codes: np.ndarray) -> tuple[int, ...] | None:
    values, counts = np.unique(codes[codes > 0], return_counts=True)
    if values.max(initial=0) <= _MOST_CODES:
        return None
    order = np.argsort(-counts, kind="stable")[:_MOST_CODES]
    return tuple(int(code) for code in np.sort(values[order]))


def _one_hot(codes: np.ndarray, cardinalities: Sequence[int]) -> sparse.csr_array:
    widths = np.array(cardinalities, dtype=np.int64) - 1
    offsets = np.concatenate([[0], np.cumsum(widths)])
    rows, columns = np.nonzero(codes)
    positions = offsets[columns] + codes[rows, columns] - 1
    shape = (len(codes), int(offsets[-1]))
    return sparse.csr_array((np.ones(len(rows)), (rows, positions)), shape=shape)
