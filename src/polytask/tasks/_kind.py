"""The contract of a kind: what a target is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float32, Shaped

from polytask.tasks._fitted_target import FittedTarget

__all__ = ["Columns", "Kind"]

Columns = Sequence[Shaped[np.ndarray, " n"]]
"""Target columns as the user gave them: float64 with NaN, or object with None where missing."""


_MOST_SCORES = 10_000


class Kind(ABC):
    """What a target is: its type, its size, its checks, and raw score → response.

    Subclasses are frozen dataclasses; tasks of equal `block_key` form one block. Losses and metrics
    declare the kinds they serve; nothing else looks at a kind's name.

    Attributes
    ----------
    name : str
        The name users write.
    counts_cells : bool
        Whether each cell of a row is a label of its own (multilabel) or the row is.
    """

    name: ClassVar[str]
    counts_cells: ClassVar[bool] = False

    @property
    def block_key(self) -> Hashable:
        """What tasks of one block have in common: everything, unless `response` ignores it."""
        return self

    @abstractmethod
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn classes or scaling from the training rows' target columns.

        Parameters
        ----------
        owner : str
            The task's name, for errors.
        columns : mapping of str to array
            Target columns by name; missing cells are NaN or None.

        Raises
        ------
        DataError
            If kind and column disagree, or nothing is observed.
        OneClassError
            If classes are to be told apart and only one is observed.
        """

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with class counts of these rows alone; of no effect without classes.

        For tasks that share what is learned, of which one may hold a single class.
        """
        del columns
        return fitted

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether `fit` could have given this; asked of targets that were read from a file.

        Kinds of your own may refuse more: what is accepted must not fail in the other methods.
        """
        return (
            1 <= fitted.size <= _MOST_SCORES
            and len(fitted.columns) == len(set(fitted.columns)) > 0
            and {len(fitted.center), len(fitted.scale)} <= {0, len(fitted.columns)}
            and all(map(math.isfinite, fitted.center))
            and all(math.isfinite(scale) and scale > 0 for scale in fitted.scale)
            and all(math.isfinite(count) and count >= 0 for count in fitted.class_counts)
            and len(set(fitted.classes)) == len(fitted.classes)
        )

    @abstractmethod
    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Codes or scaled values that losses compare with raw scores; NaN where missing.

        A class that was not seen in training is missing too.
        """

    @abstractmethod
    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """What metrics compare responses with: user's units or class codes, float64, NaN missing.

        Shape (n,) or (n, n_columns), as that of one-column or multilabel responses. A class that
        was not seen in training is no missing label: among several exclusive classes it has the
        code ``len(fitted.classes)``, which is never predicted and so counts as wrong.
        """

    @abstractmethod
    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Turn raw scores into user's units or probabilities.

        Returns (n,) for one-column regression and binary targets (probability of the positive
        class), (n, c) otherwise.
        """

    @abstractmethod
    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Turn a response back into raw scores, so that any model can be scored alike."""

    @abstractmethod
    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The single best answer in the user's own labels or units."""

    def mask(self, encoded: Float32[np.ndarray, "n c"]) -> Bool[np.ndarray, "n c"]:
        """Which cells are labelled."""
        return np.isfinite(encoded)
