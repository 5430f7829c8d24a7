"""Targets with two classes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask._listing import first_names
from polytask._validation import Constraint, InstanceOf, Optional, check_parameters, message
from polytask.exceptions import DataError, OneClassError
from polytask.tasks._averages import in_any_library, mean_log_odds
from polytask.tasks._calibration import Calibration, calibrated_shares
from polytask.tasks._classes import (
    class_summary,
    codes,
    counted,
    has_class_counts,
    observed_classes,
    only_column,
)
from polytask.tasks._estimator_answers import gives_probabilities, predicted_probabilities
from polytask.tasks._fitted_target import FittedTarget, Label
from polytask.tasks._kind import Columns, Kind, Scores
from polytask.tasks._multilabel import Multilabel
from polytask.tasks._threshold import above_thresholds, accepts_thresholds, with_thresholds

__all__ = ["Binary"]

_POSITIVE_WORDS = {"true", "t", "yes", "y", "positive", "pos", "+", "present"}


@dataclass(frozen=True)
class Binary(Kind):
    """Two classes, of which one is the positive one.

    Parameters
    ----------
    positive : label, optional
        The class whose probability is predicted. By default true, “yes” and the like; else the
        later of the two in sorted order, such as 1 of 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Binary
    >>> Binary().fit("bought", {"bought": np.array([0.0, 1.0, np.nan])}).classes
    (0, 1)
    >>> answers = np.array(["spam", "ham", None], dtype=object)
    >>> Binary(positive="ham").fit("mail", {"mail": answers}).classes
    ('spam', 'ham')
    """

    positive: Label | None = None
    name: ClassVar[str] = "binary"
    scores: ClassVar[Scores | None] = "event"
    takes_threshold: ClassVar[bool] = True

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "positive": Optional(InstanceOf((str, int, float, bool))),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def block_key(self) -> Hashable:
        """All binary tasks are alike, whichever class is positive."""
        return type(self)

    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Find the two classes and which is positive."""
        column, values = only_column(owner, columns, self.name)
        labels, counts = observed_classes(owner, column, values)
        if len(labels) == 1:
            sentence = (
                f"Task {owner!r}: column {column!r} holds only one class, {labels[0]!r}, in the "
                "training rows. A binary task needs both; check the split or drop the task."
            )
            raise OneClassError(sentence, labels[0])
        if len(labels) > 2:
            shown = first_names(map(repr, labels), 4)
            text = any(isinstance(label, str) for label in labels)
            sentence = (
                f"Task {owner!r} is binary, but column {column!r} holds {len(labels)} distinct "
                f"values ({shown}). Choose the kind multiclass{'' if text else ' or regression'}."
            )
            raise DataError(sentence)
        positive = self._positive(owner, labels)
        order = sorted(range(2), key=lambda code: labels[code] == positive)
        return FittedTarget(
            (column,),
            classes=tuple(labels[code] for code in order),
            learned={"class_counts": tuple(float(counts[code]) for code in order)},
        )

    def _positive(self, owner: str, labels: tuple[Label, ...]) -> Label:
        if self.positive is not None:
            for label in labels:
                if label == self.positive or str(label) == str(self.positive):
                    return label
            expected = f"{labels[0]!r} or {labels[1]!r}, the classes of its column"
            raise DataError(message(f"task {owner!r}", "positive", expected, self.positive))
        likely = [label for label in labels if str(label).strip().casefold() in _POSITIVE_WORDS]
        return likely[0] if len(likely) == 1 else labels[-1]

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are two classes of one column."""
        return (
            super().accepts(fitted)
            and len(fitted.columns) == 1
            and len(fitted.classes) == 2
            and accepts_thresholds(fitted)
            and has_class_counts(with_thresholds(fitted, ()))
        )

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """The log-odds of the positive class."""
        del fitted
        return (1,)

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with class counts of these rows alone."""
        return counted(columns[0], fitted)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """1 for the positive class, 0 for the other."""
        return codes(columns[0], fitted.classes)[:, None].astype(np.float32)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """1 for the positive class, 0 for the other."""
        return codes(columns[0], fitted.classes)

    def class_codes(
        self, truth: Float[np.ndarray, " n"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "n 1"]:
        """The truth itself."""
        del fitted
        return truth[:, None].astype(np.float64, copy=False)

    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Probability of the positive class."""
        del fitted
        from scipy.special import expit  # heavy, and not needed to read a table

        return np.asarray(expit(raw[:, 0].astype(np.float64)))

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Log-odds of the probability."""
        del fitted
        probability = np.clip(response.astype(np.float64), 1e-15, 1 - 1e-15)
        from scipy.special import logit  # heavy, and not needed to read a table

        return np.asarray(logit(probability))[:, None].astype(np.float32)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Log-odds of the mean probability."""
        return mean_log_odds(raw)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The positive class where its probability is above the threshold, which is ½ by default."""
        codes = above_thresholds(response, fitted).astype(int)
        return np.array(fitted.classes, dtype=object)[codes]

    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a classifier that gives probabilities."""
        return gives_probabilities(estimator)

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Log-odds of the probability of the positive class."""
        return self.raw(predicted_probabilities(estimators[0], inputs, 2)[:, 1], fitted)

    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The class, and the probability of the positive one."""
        return [(name, self.decide(response, fitted)), (f"{name}_probability", response)]

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Share of positive rows beside the probability of the positive class."""
        del fitted
        seen = np.isfinite(truth)
        labels = ("stated probability", "share of positive rows")
        return calibrated_shares(response[seen], truth[seen] == 1, weight[seen], labels)

    def decided_codes(
        self, response: np.ndarray, fitted: FittedTarget
    ) -> Real[np.ndarray, "n cells"]:
        """1 for the positive class."""
        return above_thresholds(response, fitted).astype(np.int64)[:, None]

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """How often each class occurs."""
        return class_summary(self.truth(columns, fitted), fitted)

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """Sentence that names the positive class."""
        del column, inferred
        return f"positive class {fitted.classes[1]!r}"

    def of_several(self) -> tuple[Kind, str]:
        """Multilabel, for several columns of two values."""
        return Multilabel(), "2 values"
