"""Targets of which a normal distribution is predicted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.exceptions import DataError
from polytask.tasks._averages import in_any_library, mixed_normals
from polytask.tasks._calibration import Calibration, calibrated_levels
from polytask.tasks._classes import only_column
from polytask.tasks._count_limits import WIDEST
from polytask.tasks._estimator_answers import (
    gives_deviations,
    gives_numbers,
    predicted_numbers,
    with_loss,
)
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._means import weighted_means
from polytask.tasks._numbers import center_and_scale, number_column, observed_numbers
from polytask.tasks._quantile_estimators import QUANTILE, level_setting
from polytask.tasks._standardised import FARTHEST, check_range, is_in_range, standardised

__all__ = ["Distribution"]

_BELOW, _ABOVE = 0.15865525393145707, 0.8413447460685429
"""Levels of a normal distribution's quantiles one deviation below and above its mean."""

_LEAST_SPREAD = 1e-3
"""Smallest deviation that quantiles of estimators give, in those of the training rows."""


@dataclass(frozen=True)
class Distribution(Kind):
    r"""A real number, of which a normal distribution is predicted: its mean and its deviation.

    .. math:: y \sim \mathcal{N}(\mu, \sigma^2), \qquad
              \mu = \bar y + \bar\sigma \, s_1, \quad \sigma = \bar\sigma \, e^{s_2}

    with the mean :math:`\bar y` and the standard deviation :math:`\bar\sigma` of the training rows
    and the scores s. The response is :math:`(\mu, \sigma)`, (n, 2), in the user's units; the
    decision is the mean. On the command line ``price:distribution``.

    References
    ----------
    Nix and Weigend, "Estimating the mean and variance of the target probability distribution",
    ICNN 1994.

    Notes
    -----
    There is no transform for skewed numbers, which would come back as no normal distribution;
    `Quantile` has one.

    Deviations are limited to factors of e⁻¹⁰ … e¹⁰ around that of the training rows. Ensembles
    answer with mean and deviation of the equal mixture of their members' distributions: where
    members disagree on the mean, the deviation is wider than any of theirs. Of estimators, those
    answer that predict a deviation (``return_std``), such as Bayesian ridge regression; and those
    of quantiles, such as boosting, one of which learns the mean, and two the quantiles one deviation
    below and above it, whose half distance, of at least a thousandth of that of the training rows,
    is the deviation.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Distribution
    >>> target = Distribution().fit("price", {"price": np.array([1.0, 3.0, np.nan])})
    >>> Distribution().response(np.log(np.array([[1.0, 2.0]], dtype=np.float32)), target).round(3)
    array([[2., 2.]])
    """

    name: ClassVar[str] = "distribution"
    numeric: ClassVar[bool] = True
    joint_outputs: ClassVar[bool] = False

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn the column's mean and standard deviation, which must not be 0."""
        column, values = only_column(owner, columns, self.name)
        observed = observed_numbers(owner, column, values, self.name)
        if observed.min() == observed.max():
            sentence = (
                f"Task {owner!r}: column {column!r} holds one value only, {observed[0]:g}, in the "
                "training rows, so that no spread can be learned. Choose the kind regression, or "
                "drop the task."
            )
            raise DataError(sentence)
        check_range(owner, column, observed, constant=False)
        center, scale = center_and_scale(observed)
        return FittedTarget((column,), learned={"center": (center,), "scale": (scale,)})

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are a mean and a deviation of one column, in the range of `fit`."""
        return (
            super().accepts(fitted)
            and len(fitted.columns) == 1
            and not fitted.classes
            and fitted.learned_counts == {"center": 1, "scale": 1}
            and is_in_range(fitted)
        )

    # ── labels ────────────────────────────────────────────────────────────────
    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """The standardised mean and the log-deviation."""
        del fitted
        return (2,)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """Standardised values."""
        return standardised(self.truth(columns, fitted)[:, None], fitted)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """The values as given."""
        return number_column(fitted.columns[0], columns[0], self.name)

    def units(self, fitted: FittedTarget) -> tuple[float, ...]:
        """Standard deviation of the column."""
        return fitted.learned.get("scale", ())

    # ── scores ────────────────────────────────────────────────────────────────
    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Mean and deviation in the user's units, (n, 2)."""
        scores, scale = raw.astype(np.float64), fitted.learned["scale"][0]
        mean = scores[:, 0] * scale + fitted.learned["center"][0]
        return np.stack([mean, np.exp(np.clip(scores[:, 1], -WIDEST, WIDEST)) * scale], axis=1)

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """The standardised mean and the log-deviation, limited."""
        mean = standardised(response[:, :1], fitted)[:, 0]
        return _scores(mean, response[:, 1].astype(np.float64) / fitted.learned["scale"][0])

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Mean and deviation of the mixture of the members' distributions."""
        return mixed_normals(raw)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The mean."""
        del fitted
        return response[:, 0]

    def mean_response(
        self,
        truth: Float[np.ndarray, " n"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " two"]:
        """Mean and standard deviation of the labelled rows."""
        mean = weighted_means(truth, weight)
        distances = (truth - mean) / fitted.learned["scale"][0]
        variance = float(weighted_means(np.square(distances), weight))
        deviation = max(np.sqrt(variance), np.exp(-WIDEST)) * fitted.learned["scale"][0]
        return np.array([float(mean), deviation])

    # ── estimators ────────────────────────────────────────────────────────────
    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a regressor that predicts deviations or, as boosting, quantiles."""
        return gives_numbers(estimator) and (
            gives_deviations(estimator) or bool(level_setting(with_loss(estimator, QUANTILE)))
        )

    def estimator_rank(self, estimator: Any) -> int:
        """2 for regressors that predict deviations, 1 for those of quantiles."""
        return int(self.accepts_estimator(estimator)) * (1 + gives_deviations(estimator))

    def accepts_fitted(self, estimator: Any) -> bool:
        """Whether it is a regressor; a saved one may not say what it learned."""
        return gives_numbers(estimator)

    def estimators(self, estimator: Any, fitted: FittedTarget) -> Sequence[Any]:
        """The estimator alone if it predicts deviations; else of the mean and of two quantiles."""
        del fitted
        if gives_deviations(estimator):
            return (estimator,)
        from sklearn.base import clone  # heavy, and not needed to read a table

        quantile = with_loss(estimator, QUANTILE)
        setting = level_setting(quantile)
        below, above = (
            clone(quantile).set_params(**{setting: level}) for level in (_BELOW, _ABOVE)
        )
        alike = quantile is estimator  # made for quantiles: the median in place of the mean
        return (clone(estimator).set_params(**{setting: 0.5} if alike else {}), below, above)

    def estimator_counts(self, fitted: FittedTarget) -> Collection[int]:
        """One, or those of the mean and of two quantiles."""
        del fitted
        return {1, 3}

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Mean and log-deviation from the answers."""
        del fitted
        if len(estimators) == 1 and gives_deviations(estimators[0]):
            means, deviations = estimators[0].predict(inputs, return_std=True)
            return _scores(np.clip(means, -FARTHEST, FARTHEST), deviations)
        answers = predicted_numbers(estimators, inputs).astype(np.float64)
        spread = np.ones(len(answers))  # that of the training rows, if there are no quantiles
        if answers.shape[1] > 2:
            spread = np.maximum(np.abs(answers[:, 2] - answers[:, 1]) / 2, _LEAST_SPREAD)
        return _scores(np.clip(answers[:, 0], -FARTHEST, FARTHEST), spread)

    # ── tables and reports ──────────────────────────────────────────────────────
    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The mean, and the standard deviation as ``price_std``."""
        del fitted
        return [(name, response[:, 0]), (f"{name}_std", response[:, 1])]

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Share of rows below the quantile of each of nine levels."""
        del fitted
        from scipy.special import ndtri  # heavy, and not needed to read a table

        seen, levels = np.isfinite(truth), np.arange(1, 10) / 10
        quantiles = response[seen, :1] + response[seen, 1:] * ndtri(levels)
        labels = ("level", "share of rows below its quantile")
        below = truth[seen, None] <= quantiles
        return calibrated_levels(levels.tolist(), below, weight[seen], labels)


def _scores(mean: np.ndarray, deviation: np.ndarray) -> Float32[np.ndarray, "n 2"]:
    """Standardised means, and logarithms of deviations in those of the training rows."""
    limited = np.clip(deviation.astype(np.float64), np.exp(-WIDEST), np.exp(WIDEST))
    return np.stack([mean.astype(np.float64), np.log(limited)], axis=1).astype(np.float32)
