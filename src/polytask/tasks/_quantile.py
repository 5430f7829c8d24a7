"""Targets of which several quantiles are predicted."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask._row_shares import shares_of_largest
from polytask._validation import Choice, Constraint, Satisfies, check_parameters
from polytask.exceptions import ParameterError
from polytask.tasks._averages import in_any_library
from polytask.tasks._calibration import Calibration, calibrated_levels
from polytask.tasks._classes import only_column
from polytask.tasks._estimator_answers import gives_numbers, predicted_numbers, with_loss
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._numbers import number_column
from polytask.tasks._quantile_estimators import level_setting
from polytask.tasks._quantile_scores import (
    mean_quantile_scores,
    normal_quantile_scores,
    quantile_scores,
    quantiles,
)
from polytask.tasks._standardised import FARTHEST, standardised
from polytask.tasks._transformed import (
    accepts_numbers,
    check_domain,
    deviations,
    learn_numbers,
    transformed,
    untransformed,
)
from polytask.tasks._transforms import (
    TRANSFORM_NAMES,
    TRANSFORMS,
    TransformName,
    named_transform,
)

__all__ = ["Quantile"]

_MOST_LEVELS = 1000
_LEAST_GAP = 1e-6
"""Between levels: nearer ones have the same name in tables, or the same normal quantile."""
_SHOWN = 10
_ROUNDED = 1 - 1e-12
"""Shares whose sum is rounded down reach a level all the same."""


def _are_apart(below: float, above: float) -> bool:
    """Whether a level is above another, by a gap that may be rounded down, as 0.100001 - 0.1 is."""
    return round(above - below, 12) >= _LEAST_GAP


def _are_levels(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and 0 < len(value) <= _MOST_LEVELS
        and all(isinstance(level, int | float) and 0 < level < 1 for level in value)
        and all(_are_apart(below, above) for below, above in itertools.pairwise(value))
    )


@dataclass(frozen=True)
class Quantile(Kind):
    r"""A real number, of which quantiles at several levels are predicted, which never cross.

    A model gives as many scores as there are levels :math:`\tau_1 < … < \tau_Q`, from which

    .. math:: q_1 = t_1, \quad q_k = q_{k-1} + \log(1 + e^{t_k}), \quad t = s + o

    are the quantiles in deviations of the training rows from their mean, with scores s and
    constants o for which scores of 0 give the quantiles of a normal distribution. The response is
    a number for each level, in the user's units; the decision is that of the level nearest 0.5.

    Parameters
    ----------
    levels : tuple of float in (0, 1), default (0.1, 0.5, 0.9)
        Ascending, and at least 1e-6 apart.
    transform : {None, "log1p", "yeo_johnson", "quantile_normal"}, default None
        Map of the column before it is standardised, for skewed numbers, as in `Regression`; on the
        command line ``price:quantile:0.1,0.5,0.9,log1p``, or ``price:quantile:log1p``.

    Notes
    -----
    Quantiles ascend for every score, where those that are learned apart may cross and are sorted
    afterwards (Chernozhukov, Fernández-Val & Galichon); estimators, of which there is one per
    level, are sorted so. An ensemble answers with the means of its members' quantiles, on the scale
    of the transform if there is one.

    Transforms ascend, so that the quantiles of transformed numbers, transformed back, are those of
    the numbers themselves. Like those of `Regression`, responses then stay in the range of the
    training rows, widened by its own width on either side.

    References
    ----------
    Koenker & Bassett, "Regression quantiles", Econometrica 1978. Chernozhukov, Fernández-Val &
    Galichon, "Quantile and probability curves without crossing", Econometrica 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Quantile
    >>> kind = Quantile((0.25, 0.5, 0.75))
    >>> target = kind.fit("price", {"price": np.array([1.0, 3.0, np.nan])})
    >>> response = kind.response(np.zeros((1, 3), dtype=np.float32), target)
    >>> response.round(3)
    array([[1.326, 2.   , 2.674]])
    >>> kind.decide(response, target)
    array([2.])
    """

    levels: Sequence[float] = (0.1, 0.5, 0.9)
    transform: TransformName | None = field(default=None, metadata={"omit_default": True})

    name: ClassVar[str] = "quantile"
    numeric: ClassVar[bool] = True
    takes_text: ClassVar[bool] = True
    joint_outputs: ClassVar[bool] = False

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "levels": Satisfies(
            _are_levels,
            "a tuple of at least 1 level, each a float in (0, 1), in ascending order and at least "
            f"1e-6 apart, at most {_MOST_LEVELS}",
        ),
        "transform": Choice((None, *TRANSFORMS)),
    }

    def __post_init__(self) -> None:
        if isinstance(self.levels, list):
            object.__setattr__(self, "levels", tuple(self.levels))
        check_parameters(self)

    @classmethod
    def from_text(cls, text: str) -> Quantile:
        """Levels with commas between them, a transform after them, or either: ``0.1,0.9,log1p``."""
        *before, last = text.split(",")
        transform = named_transform(last)
        words = [*before, last] if transform is None else before
        try:
            levels = tuple(map(float, words)) or cls.levels
        except ValueError:
            levels = ()
        if not _are_levels(levels):
            sentence = (
                f"The kind {cls.name} takes levels between 0 and 1 in ascending order, with commas "
                f"between them, at least 1e-6 apart, as in {cls.name}:0.1,0.5,0.9, and after them "
                f"{TRANSFORM_NAMES}, if the numbers are to be transformed. Got {text!r} instead."
            )
            raise ParameterError(sentence)
        return cls(levels, transform)

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn the column's mean and standard deviation (1 for a constant column)."""
        column, _ = only_column(owner, columns, self.name)
        learned = learn_numbers(owner, columns, self.name, self.transform)
        levels = tuple(map(float, self.levels))
        return FittedTarget((column,), learned={**learned, "levels": levels})

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise for the first number that the transform does not take."""
        for name, values in columns.items():
            check_domain(owner, name, values, self.name, self.transform, rows=True)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are a mean, a deviation and these levels for one column."""
        return (
            super().accepts(fitted)
            and len(fitted.columns) == 1
            and not fitted.classes
            and fitted.learned.get("levels") == tuple(self.levels)
            and accepts_numbers(fitted, self.transform, besides={"levels"})
        )

    # ── labels ────────────────────────────────────────────────────────────────
    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score for each level."""
        del fitted
        return (len(self.levels),)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Standardised values, transformed before."""
        table = self.truth(columns, fitted)[:, None]
        return standardised(transformed(table, fitted, self.transform), fitted)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """The values as given."""
        return number_column(fitted.columns[0], columns[0], self.name)

    def units(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Standard deviation of the column; none with a transform, which depends on the unit."""
        return () if self.transform else self.deviations(fitted)

    def deviations(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Standard deviation of the column."""
        return deviations(fitted, self.transform)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Quantiles in the user's units (n, n_levels)."""
        ascending = quantiles(raw.astype(np.float64) + normal_quantile_scores(self.levels))
        table = ascending * fitted.learned["scale"][0] + fitted.learned["center"][0]
        cells = untransformed(table.reshape(-1, 1), fitted, self.transform)
        return np.asarray(cells.reshape(table.shape))

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Scores of these quantiles; one below the one before is moved up."""
        center, scale = fitted.learned["center"][0], fitted.learned["scale"][0]
        cells = response.astype(np.float64).reshape(-1, 1)
        table = transformed(cells, fitted, self.transform).reshape(response.shape)
        return self._raw((table - center) / scale)

    def _raw(self, values: Float64[np.ndarray, "n size"]) -> Float32[np.ndarray, "n size"]:
        scores = quantile_scores(np.clip(values, -FARTHEST, FARTHEST))
        return (scores - normal_quantile_scores(self.levels)).astype(np.float32)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Scores of the mean quantiles."""
        return mean_quantile_scores(raw, self.levels)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The median, between the quantiles of the levels below and above where there is none.

        If all levels are below or above 0.5, the quantile of the nearest one.
        """
        del fitted
        after = int(np.searchsorted(self.levels, 0.5))
        if after == 0 or after == len(self.levels) or self.levels[after] == 0.5:
            return response[:, min(after, len(self.levels) - 1)]
        low, high = self.levels[after - 1], self.levels[after]
        share = (0.5 - low) / (high - low)
        return (1 - share) * response[:, after - 1] + share * response[:, after]

    def mean_response(
        self,
        truth: Float[np.ndarray, " n"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " n_levels"]:
        """Quantiles of the labelled rows, each the smallest value that its level does not exceed.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask.tasks import FittedTarget, Quantile
        >>> truth, weight = np.array([1.0, 9.0, np.nan, 2.0]), np.array([1.0, 1.0, 5.0, 2.0])
        >>> Quantile((0.2, 0.5, 0.8)).mean_response(truth, FittedTarget(("y",)), weight)
        array([1., 2., 9.])
        """
        del fitted
        observed = np.isfinite(truth) & (weight > 0)
        order = np.argsort(truth[observed], kind="stable")
        ascending = truth[observed][order].astype(np.float64)
        reached = np.cumsum(shares_of_largest(weight[observed])[order])
        position = np.searchsorted(reached, np.array(self.levels) * (reached[-1] * _ROUNDED))
        return ascending[position]

    # ── estimators ────────────────────────────────────────────────────────────
    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a regressor of quantiles, such as boosting, whose level can be set."""
        return gives_numbers(estimator) and bool(level_setting(self.suited(estimator)))

    def suited(self, estimator: Any) -> Any:
        """With the pinball loss in place of the squared error, if the estimator has one."""
        return with_loss(estimator, self.name)

    def accepts_fitted(self, estimator: Any) -> bool:
        """Whether it is a regressor; a saved one may not say that it learned a quantile."""
        return gives_numbers(estimator)

    def estimators(self, estimator: Any, fitted: FittedTarget) -> Sequence[Any]:
        """One for each level."""
        from sklearn.base import clone  # heavy, and not needed to read a table

        setting = level_setting(estimator)
        return [clone(estimator).set_params(**{setting: level}) for level in self.levels]

    def estimator_counts(self, fitted: FittedTarget) -> Collection[int]:
        """One for each level."""
        del fitted
        return {len(self.levels)}

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Scores of the regressors' answers in ascending order."""
        del fitted
        answers = predicted_numbers(estimators, inputs).astype(np.float64)
        return self._raw(np.sort(answers, axis=1))

    # ── tables and reports ──────────────────────────────────────────────────────
    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The decision, and the quantile of each level, such as ``price_q0.1``."""
        by_level = zip(self.levels, response.T, strict=True)
        return [
            (name, self.decide(response, fitted)),
            *((f"{name}_q{level:.12g}", values) for level, values in by_level),
        ]

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Share of rows below the quantile of each level."""
        del fitted
        seen = np.isfinite(truth)
        below = truth[seen, None] <= response[seen]
        labels = ("level", "share of rows below its quantile")
        return calibrated_levels(self.levels, below, weight[seen], labels)

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """The levels, and the transform if there is one."""
        del fitted, column, inferred
        shown = ", ".join(f"{level:.12g}" for level in self.levels[:_SHOWN])
        levels = f"levels {shown}" + ", …" * (len(self.levels) > _SHOWN)
        if self.transform is None:
            return levels
        return f"{levels}; learned as its {self.transform}, predicted and measured in its own units"
