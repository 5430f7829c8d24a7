"""A number for each step of a sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.exceptions import DataError
from polytask.tasks._averages import in_any_library, mean_scores
from polytask.tasks._calibrated_cells import calibrated_cells
from polytask.tasks._calibration import Calibration
from polytask.tasks._classes import only_column
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._numbers import center_and_scale
from polytask.tasks._standardised import check_range, is_in_range
from polytask.tasks._steps import NO_STEP
from polytask.tasks._tags import LIST_SEPARATOR, tags_of

__all__ = ["StepNumbers"]

_MOST_STEPS = 4096
_FARTHEST = -NO_STEP - 1
"""Deviations from the mean that are told from an absent step, which is farther."""


@dataclass(frozen=True)
class StepNumbers(Kind):
    r"""A number for each step of a row: loads by the hour, speeds along a track, ratings of words.

    A target column holds lists of numbers, or texts of numbers with blanks between. The k-th number
    belongs to the k-th step of the row's column of numbers, tokens or text; rows may have fewer
    numbers than steps, and steps without one, NaN or null in a list, are not labelled. Numbers are
    learned in deviations from the mean over all labelled steps. The response is a number for each
    step in the user's units, NaN at steps that a row does not have; the decision is a text of
    numbers with blanks between.

    Notes
    -----
    Steps count up to the longest labelled training row; later ones are neither learned, predicted
    nor measured.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import StepNumbers
    >>> kind, column = StepNumbers(), np.array(["1 5 3", "3", None], dtype=object)
    >>> target = kind.fit("load", {"load": column})
    >>> target.learned["center"], target.learned["steps"]
    ((3.0,), (3.0,))
    >>> kind.truth([column], target)
    array([[ 1.,  5.,  3.],
           [ 3., nan, nan],
           [nan, nan, nan]])
    """

    name: ClassVar[str] = "step_numbers"
    form: ClassVar = "sequence"
    counts_cells: ClassVar[bool] = True

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn the mean and the deviation over all steps, and the most steps."""
        column, values = only_column(owner, columns, self.name)
        rows = _rows(owner, column, values)
        numbers = np.array([number for row in rows for number in row])
        observed = numbers[~np.isnan(numbers)]
        if not observed.size:
            sentence = f"Task {owner!r}: column {column!r} has no observed label to learn from."
            raise DataError(sentence)
        n_steps = max(map(len, rows))
        if n_steps > _MOST_STEPS:
            sentence = (
                f"Task {owner!r}: column {column!r} holds a row of {n_steps:,} numbers; at most "
                f"{_MOST_STEPS:,} can be learned. Split such rows."
            )
            raise DataError(sentence)
        check_range(owner, column, observed, constant=bool(observed.min() == observed.max()))
        center, scale = center_and_scale(observed)
        learned = {"steps": (float(n_steps),), "center": (center,), "scale": (scale,)}
        return FittedTarget((column,), learned=learned)

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise for the first cell that holds anything but numbers."""
        column, values = only_column(owner, columns, self.name)
        _rows(owner, column, values)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are steps, a mean and a deviation."""
        return (
            fitted.learned_counts == {"steps": 1, "center": 1, "scale": 1}
            and not fitted.classes
            and len(fitted.columns) == 1
            and fitted.learned["steps"][0] in range(1, _MOST_STEPS + 1)
            and is_in_range(fitted)
        )

    # ── shapes ────────────────────────────────────────────────────────────────
    def target_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One cell for each step."""
        return (int(fitted.learned["steps"][0]),)

    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each step."""
        return (*self.target_shape(fitted), 1)

    # ── labels ────────────────────────────────────────────────────────────────
    def truth(self, columns: Columns, fitted: FittedTarget) -> Float64[np.ndarray, "n l"]:
        """Numbers (n, n_steps) in the user's units, NaN where there is none."""
        (n_steps,) = self.target_shape(fitted)
        numbers = np.full((len(columns[0]), n_steps), np.nan)
        for row, own in enumerate(_rows("", fitted.columns[0], columns[0])):
            numbers[row, : len(own)] = own[:n_steps]
        return numbers

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n l"]:
        """Numbers in deviations from the mean."""
        return self._scaled(self.truth(columns, fitted), fitted)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(
        self, raw: Float32[np.ndarray, "n l 1"], fitted: FittedTarget
    ) -> Float64[np.ndarray, "n l"]:
        """Numbers (n, n_steps) in the user's units, NaN at steps that a row does not have."""
        scores = raw[..., 0].astype(np.float64)
        scores = np.where(scores == NO_STEP, np.nan, np.clip(scores, -_FARTHEST, _FARTHEST))
        return np.asarray(scores * fitted.learned["scale"][0] + fitted.learned["center"][0])

    def raw(
        self, response: Float[np.ndarray, "n l"], fitted: FittedTarget
    ) -> Float32[np.ndarray, "n l 1"]:
        """Numbers in deviations from the mean."""
        scores = self._scaled(response, fitted)
        return np.where(np.isnan(scores), np.float32(NO_STEP), scores)[..., None]

    def decide(self, response: Float[np.ndarray, "n l"], fitted: FittedTarget) -> np.ndarray:
        """The numbers of the steps that a row has, with blanks between."""
        del fitted
        texts = [" ".join(f"{number:.10g}" for number in row[~np.isnan(row)]) for row in response]
        return np.array(texts, dtype=object)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Means over the members; those of an absent step agree on that."""
        return mean_scores(raw)

    def mean_response(
        self,
        truth: Float[np.ndarray, "n l"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " l"]:
        """The mean over all steps, the same for each."""
        shares = np.where(np.isnan(truth), 0.0, np.asarray(weight, dtype=np.float64)[:, None])
        total = shares.sum()
        mean = (shares * np.nan_to_num(truth)).sum() / total if total > 0 else np.nan
        center = fitted.learned["center"][0]
        return np.full(truth.shape[1], mean if np.isfinite(mean) else center)

    # ── tables and reports ──────────────────────────────────────────────────────
    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration | None:
        """Observed means beside predictions, over all steps; the error is in deviations."""
        moments = [(fitted.learned["center"][0], fitted.learned["scale"][0])]
        return calibrated_cells(truth, response, weight, "steps", moments)

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """Mean and deviation over all labelled steps."""
        truth = self.truth(columns, fitted)
        known = truth[~np.isnan(truth)]
        mean, deviation = (known.mean(), known.std()) if known.size else (0.0, 0.0)
        return {"mean": [float(mean)], "std": [float(deviation)]}

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n"]]]:
        """Numbers of a few rows, and lists with steps that are not labelled."""
        texts = ["1 -2.5 3 0", "4 0.5", "7", None, "2 2.5 -4 3.5"] * 5
        rows = (
            ("1e3", "2e3", "", "3e3"),
            ("", "5e2", "nan", "1e3"),
            ("4e3", "", "1e3"),
            ("2e3", "1", "5e3"),
        )
        lists = [LIST_SEPARATOR.join([*row, ""]) for row in rows] * 6
        return [{"load": np.array(column, dtype=object)} for column in (texts, lists)]

    @staticmethod
    def _scaled(
        numbers: Float[np.ndarray, "n l"], fitted: FittedTarget
    ) -> Float32[np.ndarray, "n l"]:
        center, scale = fitted.learned["center"][0], fitted.learned["scale"][0]
        scaled = (numbers.astype(np.float64) - center) / scale
        return np.clip(scaled, -_FARTHEST, _FARTHEST).astype(np.float32)


def _rows(owner: str, column: str, values: Shaped[np.ndarray, " n"]) -> list[list[float]]:
    """The numbers of every row, NaN where a step has none; nothing of a missing one.

    Raises
    ------
    DataError
        For the first cell that holds anything else.
    """
    rows: list[list[float]] = []
    for cell in values.tolist():
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            rows.append([])
            continue
        texts = tags_of(cell) if isinstance(cell, str) else [str(cell)]
        rows.append([_number(owner, column, text) for text in texts])
    return rows


def _number(owner: str, column: str, text: str) -> float:
    try:
        number = float(text) if text else math.nan
    except ValueError:
        number = math.inf
    if math.isinf(number):
        sentence = (
            f"Task {owner!r}: column {column!r} must hold lists of numbers, or texts of numbers with "
            f"blanks between, a number for each step. Got {text!r}."
        )
        raise DataError(sentence)
    return number
