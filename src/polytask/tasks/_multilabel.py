"""Multilabel targets: several yes-or-no columns per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.exceptions import DataError
from polytask.tasks._averages import in_any_library, mean_log_odds
from polytask.tasks._calibration import Calibration, calibrated_shares
from polytask.tasks._classes import codes, observed_classes
from polytask.tasks._estimator_answers import gives_probabilities, predicted_probabilities
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind, Scores
from polytask.tasks._threshold import above_thresholds, accepts_thresholds, with_thresholds

__all__ = ["Multilabel"]


@dataclass(frozen=True)
class Multilabel(Kind):
    """Any subset of several labels, one 0/1 (or false/true) column each; cells are counted.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Multilabel
    >>> kind = Multilabel()
    >>> cat, dog = np.array([1.0, 0.0, np.nan]), np.array([True, None, False], dtype=object)
    >>> kind.truth([cat, dog], kind.fit("animals", {"cat": cat, "dog": dog}))
    array([[ 1.,  1.],
           [ 0., nan],
           [nan,  0.]])
    """

    name: ClassVar[str] = "multilabel"
    counts_cells: ClassVar[bool] = True
    scores: ClassVar[Scores | None] = "events"
    takes_threshold: ClassVar[bool] = True

    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Check that every column is 0/1 or false/true and has an observed cell."""
        positives = []
        for name, values in columns.items():
            labels, counts = observed_classes(owner, name, values)
            strange = next((label for label in labels if label not in {0, 1}), None)
            if strange is not None:
                sentence = (
                    f"Task {owner!r} is multilabel, but column {name!r} holds {strange!r}. "
                    "Give columns of 0 and 1 or of false and true."
                )
                raise DataError(sentence)
            positives.append(float(counts[[bool(label) for label in labels]].sum()))
        return FittedTarget(tuple(columns), (0, 1), {"positives": tuple(positives)})

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there is a score and a count for every column."""
        return (
            super().accepts(fitted)
            and fitted.classes == (0, 1)
            and set(with_thresholds(fitted, ()).learned) == {"positives"}
            and accepts_thresholds(fitted)
            and len(fitted.learned["positives"]) == len(fitted.columns)
            and min(fitted.learned["positives"]) >= 0
        )

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """The log-odds of each column."""
        return (len(fitted.columns),)

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with the positives of these rows alone."""
        positives = np.nansum(self.truth(columns, fitted), axis=0)
        return replace(fitted, learned={"positives": tuple(positives.tolist())})

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """0 for an absent label, 1 for a present one."""
        return self.truth(columns, fitted).astype(np.float32)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """0 for an absent label, 1 for a present one, (n, n_columns)."""
        return np.stack([codes(column, fitted.classes) for column in columns], axis=1)

    def class_codes(
        self, truth: Float[np.ndarray, "n c"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "n c"]:
        """The truth itself."""
        del fitted
        return truth.astype(np.float64, copy=False)

    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Probability of each label (n, n_columns)."""
        del fitted
        from scipy.special import expit  # heavy, and not needed to read a table

        return np.asarray(expit(raw.astype(np.float64)))

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Log-odds of the probabilities."""
        del fitted
        from scipy.special import logit  # heavy, and not needed to read a table

        return np.asarray(logit(np.clip(response, 1e-15, 1 - 1e-15))).astype(np.float32)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Log-odds of the mean probability."""
        return mean_log_odds(raw)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """1 in every column whose probability is above its threshold, which is ½ by default."""
        return above_thresholds(response, fitted).astype(int)

    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a classifier that gives probabilities."""
        return gives_probabilities(estimator)

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Log-odds of the probabilities, of one classifier for each column."""
        positive = [
            predicted_probabilities(classifier, inputs, 2)[:, 1] for classifier in estimators
        ]
        return self.raw(np.column_stack(positive), fitted)

    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """Every column, each with its probability."""
        del name
        decision = self.decide(response, fitted)
        return [
            pair
            for position, column in enumerate(fitted.columns)
            for pair in (
                (column, decision[:, position]),
                (f"{column}_probability", response[:, position]),
            )
        ]

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Share of present labels beside their probabilities, over all columns."""
        del fitted
        row, column = np.nonzero(np.isfinite(truth))
        labels = ("stated probability", "share of present labels")
        present = truth[row, column] == 1
        return calibrated_shares(response[row, column], present, weight[row], labels, row=row)

    def decided_codes(
        self, response: np.ndarray, fitted: FittedTarget
    ) -> Real[np.ndarray, "n cells"]:
        """1 for a label that is decided for."""
        return self.decide(response, fitted)

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """How often each column is present; one row may have several."""
        present = np.nansum(self.truth(columns, fitted), axis=0)
        counts = [int(count) for count in present]
        return {"classes": list(fitted.columns), "counts": counts, "overlapping": True}
