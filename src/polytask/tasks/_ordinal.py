"""Targets with ordered classes."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask._listing import first_and_more
from polytask._validation import Constraint, Satisfies, check_parameters
from polytask.exceptions import DataError, OneClassError, ParameterError
from polytask.tasks._averages import in_any_library
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
from polytask.tasks._fitted_target import FittedTarget, Label
from polytask.tasks._grade_order import (
    MOST_GRADES,
    check_sortable,
    grades_of,
    is_order,
    strange_grade,
    written_grades,
)
from polytask.tasks._grade_scores import (
    grade_log_probabilities,
    grade_scores,
    mean_grade_scores,
    median_grades,
    uniform_grade_scores,
)
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._means import weighted_means

__all__ = ["Ordinal"]


@dataclass(frozen=True)
class Ordinal(Kind):
    r"""One of several grades that have an order, such as low < mid < high.

    A model gives K − 1 scores for K grades, from which

    .. math:: P(y > k) = \sigma(a_k), \quad a_1 = t_1, \quad a_k = a_{k-1} - \log(1 + e^{t_k}),
              \quad t = s + o

    with scores s and constants o for which scores of 0 make all grades equally likely. The
    probabilities P(y > k) fall with k for every score. The response is a probability for each
    grade, the decision its median, which has the smallest expected error in grades.

    Parameters
    ----------
    order : tuple of labels, default ()
        The grades, from the lowest to the highest, by text or number. By default those of the
        training rows in ascending order, which must be whole numbers.

    Notes
    -----
    The thresholds :math:`a_1 - a_k` of the cumulative logit model of McCullagh are the same for all
    rows (proportional odds); here each is a score of its own and may depend on the inputs (partial
    proportional odds, Peterson & Harrell). A model whose scores :math:`s_2, s_3, …` are constant is
    McCullagh's.

    Of grades without an `order`, one that the training rows lack counts as one above all others.
    With an `order`, any other label is an error.

    References
    ----------
    McCullagh, "Regression models for ordinal data", JRSS B 1980. Peterson & Harrell, "Partial
    proportional odds models for ordinal response variables", JRSS C 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Ordinal
    >>> kind = Ordinal(("low", "mid", "high"))
    >>> column = np.array(["mid", "low", None, "mid"], dtype=object)
    >>> target = kind.fit("risk", {"risk": column})
    >>> target.classes, target.learned
    (('low', 'mid', 'high'), {'class_counts': (1.0, 2.0, 0.0)})
    >>> response = kind.response(np.zeros((1, 2), dtype=np.float32), target)
    >>> response.round(6)
    array([[0.333333, 0.333333, 0.333333]])
    >>> kind.decide(response, target)
    array(['mid'], dtype=object)
    """

    order: Sequence[Label] = ()
    name: ClassVar[str] = "ordinal"
    takes_text: ClassVar[bool] = True

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "order": Satisfies(
            is_order,
            "a tuple of at least 2 different labels from the lowest to the highest, at most "
            f"{MOST_GRADES}, or ()",
        ),
    }

    def __post_init__(self) -> None:
        if isinstance(self.order, list):
            object.__setattr__(self, "order", tuple(self.order))
        check_parameters(self)

    @property
    def block_key(self) -> Hashable:
        """All ordinal tasks are alike, whatever their grades are called."""
        return type(self)

    @classmethod
    def from_text(cls, text: str) -> Ordinal:
        """The grades from the lowest to the highest, as in ``low<mid<high``."""
        grades = tuple(grade.strip() for grade in text.split("<"))
        if not is_order(grades):
            sentence = (
                f"The kind {cls.name} takes at least 2 different grades from the lowest to the "
                f"highest, at most {MOST_GRADES}, with < between them, as in "
                f"{cls.name}:low<mid<high. Got {text!r} instead."
            )
            raise ParameterError(sentence)
        return cls(grades)

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Find the grades in order, and how often each occurs."""
        column, values = only_column(owner, columns, self.name)
        labels, _ = observed_classes(owner, column, values)
        if self.order:
            grades = grades_of(owner, column, tuple(self.order), labels)
            strange = [label for label in labels if label not in grades]
            if strange:
                raise DataError(strange_grade(f"Task {owner!r}:", column, strange[0], grades))
        else:
            check_sortable(owner, column, labels)
            grades = labels
        if len(labels) == 1:
            sentence = (
                f"Task {owner!r}: column {column!r} holds only one grade, {labels[0]!r}, in the "
                "training rows. Check the split or drop the task."
            )
            raise OneClassError(sentence, labels[0])
        return counted(values, FittedTarget((column,), grades))

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise for the first grade that is not in the `order`, if there is one."""
        column, values = only_column(owner, columns, self.name)
        if not self.order or missing(values).all():
            return
        labels, _ = observed_classes(owner, column, values)
        grades = grades_of(owner, column, tuple(self.order), labels)
        unknown = np.flatnonzero(np.isnan(codes(values, grades)) & ~missing(values))
        if len(unknown):
            row = int(unknown[0])
            label = values[row : row + 1].tolist()[0]
            start = f"Task {owner!r}: row {row} of"
            raise DataError(strange_grade(start, column, label, grades))

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are grades in the kind's order, and a count for every grade."""
        return (
            super().accepts(fitted)
            and len(fitted.columns) == 1
            and 1 < len(fitted.classes) <= MOST_GRADES
            and has_class_counts(fitted)
            and self._orders(fitted)
        )

    def _orders(self, fitted: FittedTarget) -> bool:
        """Whether these are the grades of the order or, without one, ascending whole numbers."""
        grades = fitted.classes
        if not self.order:
            whole = all(isinstance(grade, int) for grade in grades)
            return whole and all(low < high for low, high in itertools.pairwise(grades))  # type: ignore[operator]
        if len({isinstance(grade, str) for grade in grades}) > 1:
            return False
        try:
            return grades_of("", fitted.columns[0], tuple(self.order), grades) == grades
        except DataError:
            return False

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with counts of these rows alone."""
        return counted(columns[0], fitted)

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each grade but the last."""
        return (max(len(fitted.classes) - 1, 1),)

    # ── labels ────────────────────────────────────────────────────────────────
    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Positions of the grades; NaN for one that was not seen in training."""
        return self._codes(columns, fitted)[:, None].astype(np.float32)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """Positions of the grades; their number for one that was not seen in training."""
        positions = self._codes(columns, fitted)
        unseen = np.isnan(positions) & ~missing(columns[0])
        return np.where(unseen, float(len(fitted.classes)), positions)

    def _codes(self, columns: Columns, fitted: FittedTarget) -> Float64[np.ndarray, " n"]:
        positions = codes(columns[0], fitted.classes)
        unseen = np.isnan(positions) & ~missing(columns[0])
        if self.order and unseen.any():
            label = columns[0][unseen].tolist()[0]
            raise DataError(strange_grade("The target", fitted.columns[0], label, fitted.classes))
        return positions

    def class_codes(
        self, truth: Float[np.ndarray, " n"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "n 1"]:
        """The truth itself."""
        del fitted
        return truth[:, None].astype(np.float64, copy=False)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Probabilities of the grades (n, n_grades)."""
        del fitted
        shifted = raw.astype(np.float64) + uniform_grade_scores(raw.shape[1] + 1)
        return np.asarray(np.exp(grade_log_probabilities(shifted)))

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Scores of these probabilities."""
        del fitted
        scores = grade_scores(response.astype(np.float64))
        return (scores - uniform_grade_scores(response.shape[1])).astype(np.float32)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Scores of the mean probabilities."""
        return mean_grade_scores(raw)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The median grade."""
        return np.array(fitted.classes, dtype=object)[median_grades(response)]

    def mean_response(
        self,
        truth: Float[np.ndarray, " n"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " n_grades"]:
        """Shares of the grades."""
        of_grade = truth[:, None] == np.arange(len(fitted.classes))
        return weighted_means(np.where(np.isnan(truth)[:, None], np.nan, of_grade), weight)

    # ── estimators ────────────────────────────────────────────────────────────
    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a classifier that gives probabilities."""
        return gives_probabilities(estimator)

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Scores of the probabilities of a classifier, which knows nothing of the order."""
        n_grades = len(fitted.classes)
        return self.raw(predicted_probabilities(estimators[0], inputs, n_grades), fitted)

    # ── tables and reports ──────────────────────────────────────────────────────
    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The median grade, and the probability of each grade."""
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
        """Share of rows above a grade beside the probability of that, over all grades but the last."""
        seen, n_grades = np.isfinite(truth), len(fitted.classes)
        above = 1 - np.cumsum(response[seen], axis=1)[:, :-1]
        happened = truth[seen, None] > np.arange(n_grades - 1)
        row = np.repeat(np.arange(int(seen.sum())), n_grades - 1)
        labels = ("stated probability of a higher grade", "share of rows with a higher grade")
        stated = above.clip(0, 1).ravel()
        return calibrated_shares(stated, happened.ravel(), weight[seen][row], labels, row=row)

    def decided_codes(
        self, response: np.ndarray, fitted: FittedTarget
    ) -> Real[np.ndarray, "n cells"]:
        """The median grade."""
        del fitted
        return median_grades(response)[:, None]

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """How often each grade occurs, in order."""
        return class_summary(self.truth(columns, fitted), fitted)

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """The grades in order, and those that no row has."""
        del column, inferred
        counts = fitted.learned["class_counts"]
        absent = [grade for grade, n in zip(fitted.classes, counts, strict=True) if not n]
        grades = f"grades {written_grades(fitted.classes)}"
        return f"{grades}; no row is {first_and_more(absent)}" if absent else grades
