"""Targets with several exclusive classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.exceptions import DataError, OneClassError
from polytask.tasks._averages import in_any_library, mean_log_probabilities
from polytask.tasks._calibration import Calibration, calibrated_shares
from polytask.tasks._classes import (
    class_summary,
    codes,
    counted,
    has_class_counts,
    missing,
    observed_classes,
    only_column,
)
from polytask.tasks._estimator_answers import gives_probabilities, predicted_probabilities
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._means import weighted_means

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
        labels, counts = observed_classes(owner, column, values)
        if len(labels) == 1:
            sentence = (
                f"Task {owner!r}: column {column!r} holds only one class, {labels[0]!r}, in the "
                "training rows. Check the split or drop the task."
            )
            raise OneClassError(sentence, labels[0])
        if len(labels) > _MOST_CLASSES:
            sentence = (
                f"Task {owner!r} is multiclass, but column {column!r} holds {len(labels)} distinct "
                f"values; at most {_MOST_CLASSES} classes can be learned. Merge rare ones, or "
                "choose another kind or target."
            )
            raise DataError(sentence)
        fraction = next((label for label in labels if isinstance(label, float)), None)
        if fraction is not None:
            sentence = (
                f"Task {owner!r} is multiclass, but column {column!r} holds fractions such as "
                f"{fraction!r}. Choose the kind regression."
            )
            raise DataError(sentence)
        learned = {"class_counts": tuple(float(n) for n in counts)}
        return FittedTarget((column,), labels, learned)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there is a score and a count for every class of one column."""
        return (
            super().accepts(fitted)
            and len(fitted.columns) == 1
            and len(fitted.classes) > 1
            and has_class_counts(fitted)
        )

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each class."""
        return (len(fitted.classes),)

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with class counts of these rows alone."""
        return counted(columns[0], fitted)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Class codes."""
        return codes(columns[0], fitted.classes)[:, None].astype(np.float32)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """Class codes; one more for all classes that were not seen in training."""
        class_codes = codes(columns[0], fitted.classes)
        unseen = np.isnan(class_codes) & ~missing(columns[0])
        return np.where(unseen, float(len(fitted.classes)), class_codes)

    def class_codes(
        self, truth: Float[np.ndarray, " n"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "n 1"]:
        """The truth itself."""
        del fitted
        return truth[:, None].astype(np.float64, copy=False)

    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Class probabilities (n, n_classes)."""
        del fitted
        from scipy.special import softmax  # heavy, and not needed to read a table

        return np.asarray(softmax(raw.astype(np.float64), axis=1))

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Log-probabilities: scores up to a constant per row."""
        del fitted
        return np.log(np.clip(response, 1e-15, 1.0)).astype(np.float32)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Logarithms of the mean probabilities."""
        return mean_log_probabilities(raw)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The likeliest class."""
        return np.array(fitted.classes, dtype=object)[response.argmax(axis=1)]

    def mean_response(
        self,
        truth: Float[np.ndarray, " n"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " n_classes"]:
        """Shares of the classes.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask.tasks import FittedTarget, Multiclass
        >>> truth, target = np.array([0.0, 2.0, 1.0, 2.0]), FittedTarget(("y",), ("a", "b", "c"))
        >>> Multiclass().mean_response(truth, target, np.ones(4))
        array([0.25, 0.25, 0.5 ])
        """
        of_class = truth[:, None] == np.arange(len(fitted.classes))
        return weighted_means(np.where(np.isnan(truth)[:, None], np.nan, of_class), weight)

    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a classifier that gives probabilities."""
        return gives_probabilities(estimator)

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Log-probabilities of the classes."""
        n_classes = len(fitted.classes)
        return self.raw(predicted_probabilities(estimators[0], inputs, n_classes), fitted)

    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The class, and the probability of each."""
        probabilities = zip(fitted.classes, response.T, strict=True)
        return [
            (name, self.decide(response, fitted)),
            *((f"{name}_probability_{label}", values) for label, values in probabilities),
        ]

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Share of rows of the likeliest class beside its probability."""
        del fitted
        seen = np.isfinite(truth)
        right = response.argmax(axis=1)[seen] == truth[seen]
        labels = ("stated probability of the likeliest class", "share of rows where it is true")
        return calibrated_shares(response.max(axis=1)[seen], right, weight[seen], labels)

    def decided_codes(
        self, response: np.ndarray, fitted: FittedTarget
    ) -> Real[np.ndarray, "n cells"]:
        """The likeliest class."""
        del fitted
        return response.argmax(axis=1)[:, None]

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """How often each class occurs."""
        return class_summary(self.truth(columns, fitted), fitted)

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """What to write if whole numbers were taken for classes, and are none."""
        if not inferred or isinstance(fitted.classes[0], str):
            return ""
        return f"write {column}:regression for numbers"
