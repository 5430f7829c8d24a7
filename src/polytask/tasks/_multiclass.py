"""Targets with several exclusive classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float32, Shaped

from polytask.exceptions import DataError, OneClassError
from polytask.tasks._classes import codes, counted, missing, observed_classes, only_column
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind

__all__ = ["Multiclass"]

_MOST_CLASSES = 1000


@dataclass(frozen=True)
class Multiclass(Kind):
    """One of several exclusive classes; the response is a probability for each.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Multiclass
    >>> kind, column = Multiclass(), np.array(["b", "c", "a", None], dtype=object)
    >>> target = kind.fit("letter", {"letter": column})
    >>> target.classes
    ('a', 'b', 'c')
    >>> kind.truth([column], target)
    array([ 1.,  2.,  0., nan])
    """

    name: ClassVar[str] = "multiclass"

    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Find the classes, in sorted order."""
        column, values = only_column(owner, columns, self.name)
        found, counts = observed_classes(owner, column, values)
        if len(found) == 1:
            sentence = (
                f"Task {owner!r}: column {column!r} holds only one class, {found[0]!r}, in the "
                "training rows. Check the split or drop the task."
            )
            raise OneClassError(sentence, found[0])
        if len(found) > _MOST_CLASSES:
            sentence = (
                f"Task {owner!r} is multiclass, but column {column!r} holds {len(found)} distinct "
                f"values; at most {_MOST_CLASSES} classes can be learned. Merge rare ones, or "
                "choose another kind or target."
            )
            raise DataError(sentence)
        fraction = next((label for label in found if isinstance(label, float)), None)
        if fraction is not None:
            sentence = (
                f"Task {owner!r} is multiclass, but column {column!r} holds fractions such as "
                f"{fraction!r}. Choose the kind regression."
            )
            raise DataError(sentence)
        return FittedTarget(
            (column,), len(found), classes=found, class_counts=tuple(float(n) for n in counts)
        )

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there is a score and a count for every class of one column."""
        return (
            super().accepts(fitted)
            and len(fitted.columns) == 1
            and fitted.size == len(fitted.classes) == len(fitted.class_counts) > 1
        )

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with class counts of these rows alone."""
        return counted(columns[0], fitted)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Class codes."""
        return codes(columns[0], fitted.classes)[:, None].astype(np.float32)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """Class codes; one more for all classes that were not seen in training."""
        found = codes(columns[0], fitted.classes)
        unseen = np.isnan(found) & ~missing(columns[0])
        return np.where(unseen, float(len(fitted.classes)), found)

    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Class probabilities (n, n_classes)."""
        del fitted
        from scipy.special import softmax  # heavy, and not needed to read a table

        return np.asarray(softmax(raw.astype(np.float64), axis=1))

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Log-probabilities: scores up to a constant a row."""
        del fitted
        return np.log(np.clip(response, 1e-15, 1.0)).astype(np.float32)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The likeliest class."""
        return np.array(fitted.classes, dtype=object)[response.argmax(axis=1)]
