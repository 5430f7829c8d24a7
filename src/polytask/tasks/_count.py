"""Targets that are counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask._naming import fold
from polytask._validation import Choice, Constraint, check_parameters, message
from polytask.exceptions import DataError, ParameterError
from polytask.tasks._averages import in_any_library, mean_log_rates, mixed_counts
from polytask.tasks._calibration import Calibration, calibrated_means
from polytask.tasks._count_cells import check_counts, counts_of, labelled_counts
from polytask.tasks._count_limits import FARTHEST, WIDEST
from polytask.tasks._estimator_answers import (
    gives_numbers,
    learns_loss,
    predicted_numbers,
    with_loss,
)
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._means import weighted_means

__all__ = ["Count"]

_FAMILIES = ("poisson", "negative_binomial")
_LEAST_ANSWER = 1e-3
"""Smallest answer of an estimator, as a factor of the mean rate; some give 0 or less."""


@dataclass(frozen=True)
class Count(Kind):
    r"""Numbers of events: whole numbers of at least 0, of which the expected number is predicted.

    Counts are Poisson distributed given the inputs, or negative binomial,

    .. math:: y \sim \mathrm{Poisson}(e \mu) \quad\text{or}\quad
              \operatorname{E} y = e \mu, \;
              \operatorname{Var} y = e \mu + \alpha (e \mu)^2, \qquad
              \mu = \bar\mu \, e^{s_1}, \; \alpha = e^{s_2}

    with the count y, its exposure e (1 without a second target column), the rate
    :math:`\mu`, the mean rate of the training rows :math:`\bar\mu = \sum y / \sum e`, the
    dispersion :math:`\alpha`, and the scores :math:`s_1` and, for the negative binomial,
    :math:`s_2`.

    The response is the rate: the expected count per unit of exposure, (n,); for the negative
    binomial rate and dispersion, (n, 2). The decision is the rate. A target of two columns has the
    exposure second, such as the months insured: rows with three claims in six months and six claims
    in twelve say the same of the rate, the second with twice the weight. New rows need no exposure.

    Parameters
    ----------
    family : {"poisson", "negative_binomial"}, default "poisson"
        On the command line ``claims:count`` or ``claims:count:negative_binomial``; with exposure
        ``claims=claims,months:count``. Means are unbiased under either; the negative binomial also
        predicts how widely counts spread, and weighs rows of large counts less.

    References
    ----------
    Cameron and Trivedi, "Regression analysis of count data", 2013 (the second negative binomial
    model, NB2, with a dispersion that depends on the inputs).

    Notes
    -----
    Rates are limited to factors of e³⁰ around the mean rate and dispersions to e⁻¹⁰ … e¹⁰.
    Ensembles average rates, not logarithms; for the negative binomial the dispersion is that of the
    mixture of the members' distributions. Estimators learn rates over the mean rate, rows weighted by
    exposure; answers below a thousandth of the mean rate count as that, and the dispersion beside
    them is that of the training rows around the mean rate.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Count
    >>> columns = {"claims": np.array([0.0, 3.0, np.nan]), "months": np.array([6.0, 12.0, 1.0])}
    >>> target = Count().fit("claims", columns)
    >>> target.learned
    {'mean_count': (1.5,), 'mean_exposure': (9.0,)}
    >>> Count().response(np.log(np.array([[1.0], [2.0]], dtype=np.float32)), target).round(3)
    array([0.167, 0.333])
    """

    family: Literal["poisson", "negative_binomial"] = "poisson"

    name: ClassVar[str] = "count"
    numeric: ClassVar[bool] = True
    whole_rows: ClassVar[bool] = True
    takes_text: ClassVar[bool] = True
    joint_outputs: ClassVar[bool] = False
    weighted_outputs: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"family": Choice(_FAMILIES)}

    def __post_init__(self) -> None:
        check_parameters(self)

    @classmethod
    def from_text(cls, text: str) -> Count:
        """The family in any spelling, such as ``negative_binomial``."""
        for family in _FAMILIES:
            if fold(text) == fold(family):
                return cls(family)  # type: ignore[arg-type]
        expected = "poisson or negative_binomial, to the end of the target"
        raise ParameterError(message("kind count", "family", expected, text))

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn the mean count, and the mean exposure if there is one."""
        counts, exposures = labelled_counts(owner, columns)
        if not counts.any():
            sentence = (
                f"Task {owner!r}: column {next(iter(columns))!r} holds no count above 0 in the "
                "training rows, from which no rate can be learned. Check the split or drop the task."
            )
            raise DataError(sentence)
        learned = {"mean_count": (float(counts.mean()),)}
        if len(columns) == 2:
            learned["mean_exposure"] = (float(exposures.mean()),)
        if self._spreads:
            rate = counts.sum() / exposures.sum()
            dispersion = _dispersion(counts, exposures * rate, np.ones(len(counts)))
            learned["dispersion"] = (dispersion,)
        return FittedTarget(tuple(columns), learned=learned)

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise for counts that are negative or no whole numbers, and for exposures of 0 or less."""
        if len(columns) in {1, 2}:
            check_counts(owner, columns)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are one or two columns with positive means, and a dispersion in range."""
        names = {"mean_count", *(["mean_exposure"] if len(fitted.columns) == 2 else [])}
        names |= {"dispersion"} if self._spreads else set()
        return (
            super().accepts(fitted)
            and len(fitted.columns) in {1, 2}
            and not fitted.classes
            and fitted.learned_counts == dict.fromkeys(names, 1)
            and all(1e-30 <= numbers[0] <= 1e30 for numbers in fitted.learned.values())
            and 1e-15 <= fitted.learned["mean_count"][0] <= 1e15
        )

    @property
    def _spreads(self) -> bool:
        return self.family == "negative_binomial"

    # ── labels ────────────────────────────────────────────────────────────────
    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """The log-rate, and the log-dispersion of a negative binomial."""
        del fitted
        return (2,) if self._spreads else (1,)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """The count over the mean count, and the logarithm of the exposure over the mean exposure."""
        counts, exposures = counts_of(fitted.columns, columns)
        cells = [counts / fitted.learned["mean_count"][0]]
        if len(fitted.columns) == 2:
            cells.append(np.log(exposures / fitted.learned["mean_exposure"][0]))
        return np.stack(cells, axis=1).astype(np.float32)

    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """The counts, and the exposures if there are some."""
        counts, exposures = counts_of(fitted.columns, columns)
        return np.stack([counts, exposures], axis=1) if len(fitted.columns) == 2 else counts

    # ── scores ────────────────────────────────────────────────────────────────
    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """The rate, and the dispersion of a negative binomial."""
        scores = raw.astype(np.float64)
        rate = np.exp(np.clip(scores[:, 0], -FARTHEST, FARTHEST)) * _mean_rate(fitted)
        if not self._spreads:
            return rate
        return np.stack([rate, np.exp(np.clip(scores[:, 1], -WIDEST, WIDEST))], axis=1)

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Logarithms of the rate over the mean rate, and of the dispersion."""
        table = response.reshape(len(response), -1).astype(np.float64)
        factors = np.maximum(table[:, 0] / _mean_rate(fitted), np.exp(-FARTHEST))
        scores = [np.minimum(np.log(factors), FARTHEST)]
        if self._spreads:
            scores.append(np.log(np.clip(table[:, 1], np.exp(-WIDEST), np.exp(WIDEST))))
        return np.stack(scores, axis=1).astype(np.float32)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Log of the mean rate; for the negative binomial mean and dispersion of the mixture."""
        return mixed_counts(raw) if self._spreads else mean_log_rates(raw)

    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The rate."""
        del fitted
        return response[:, 0] if self._spreads else response

    def labels(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """Rates rounded to whole numbers, for exposures of 1."""
        counts = np.round(self.decide(response, fitted))
        if len(fitted.columns) == 1:
            return counts
        return np.stack([counts, np.ones(len(counts))], axis=1)

    def mean_response(
        self,
        truth: Float[np.ndarray, " n *columns"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " *outputs"]:
        """All counts over all exposures, and the dispersion around that rate."""
        del fitted
        table = truth.reshape(len(truth), -1)
        known = ~np.isnan(table).any(axis=1) & (weight > 0)
        counts, shares = table[known, 0], weight[known].astype(np.float64)
        exposures = table[known, 1] if table.shape[1] == 2 else np.ones(len(counts))
        rate = float(weighted_means(counts, shares) / weighted_means(exposures, shares))
        if not self._spreads:
            return np.asarray(rate)
        return np.array([rate, _dispersion(counts, rate * exposures, shares)])

    # ── estimators ────────────────────────────────────────────────────────────
    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a regressor."""
        return gives_numbers(estimator)

    def estimator_rank(self, estimator: Any) -> int:
        """2 for regressors with a Poisson loss, 1 for others."""
        return int(gives_numbers(estimator)) * (1 + learns_loss(estimator, "poisson"))

    def suited(self, estimator: Any) -> Any:
        """With a Poisson loss in place of the squared error, if the estimator has one."""
        return with_loss(estimator, "poisson")

    def estimator_counts(self, fitted: FittedTarget) -> Collection[int]:
        """One."""
        del fitted
        return {1}

    def estimator_outputs(self, fitted: FittedTarget) -> int:
        """One, of rates."""
        del fitted
        return 1

    def estimator_labels(
        self, columns: Columns, fitted: FittedTarget, *, standardized: bool
    ) -> tuple[Float64[np.ndarray, "n outputs"], Float64[np.ndarray, " n"] | None]:
        """Rates over the mean rate, and the exposures, by which rows are weighted."""
        del standardized
        counts, exposures = counts_of(fitted.columns, columns)
        rates = (counts / exposures / _mean_rate(fitted))[:, None]
        return rates, exposures if len(fitted.columns) == 2 else None

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Logarithms of the answers."""
        answers = predicted_numbers(estimators[:1], inputs)[:, 0].astype(np.float64)
        rate = np.clip(answers, _LEAST_ANSWER, np.exp(FARTHEST)) * _mean_rate(fitted)
        if not self._spreads:
            return self.raw(rate, fitted)
        dispersion = np.full_like(rate, fitted.learned["dispersion"][0])
        return self.raw(np.stack([rate, dispersion], axis=1), fitted)

    # ── tables and reports ──────────────────────────────────────────────────────
    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The rate, and the dispersion of a negative binomial."""
        rate = (name, self.decide(response, fitted))
        return [rate, (f"{name}_dispersion", response[:, 1])] if self._spreads else [rate]

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration:
        """Observed rates beside expected ones; the error is a share of the mean rate."""
        table = truth.reshape(len(truth), -1)
        seen = np.isfinite(table).all(axis=1)
        counts, exposures = table[seen, 0], table[seen, -1] if table.shape[1] > 1 else None
        units = np.ones(len(counts)) if exposures is None else exposures
        rate = float(weight[seen] @ counts / (weight[seen] @ units))
        per = f" per unit of {fitted.columns[1]}" if exposures is not None else ""
        return calibrated_means(
            self.decide(response, fitted)[seen],
            counts,
            weight[seen],
            (f"expected count{per}", f"observed count{per}"),
            exposure=exposures,
            size=rate,
            error_label=f"mean distance, as a share of the mean {'rate' if per else 'count'}",
        )

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """That predictions are per unit of exposure."""
        del column, inferred
        if len(fitted.columns) == 1:
            return ""
        return f"predictions are per unit of {fitted.columns[1]!r}, the exposure"

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n"]]]:
        """Counts alone, and with an exposure."""
        generator = np.random.default_rng(0)
        exposures = generator.uniform(0.5, 2.0, 40)
        counts = generator.poisson(4.0 * exposures * generator.gamma(2.0, 0.5, 40)).astype(float)
        counts[3] = np.nan
        return {"y": counts}, {"y": counts, "z": exposures}


def _mean_rate(fitted: FittedTarget) -> float:
    return fitted.learned["mean_count"][0] / fitted.learned.get("mean_exposure", (1.0,))[0]


def _dispersion(
    counts: Float64[np.ndarray, " n"], means: Float64[np.ndarray, " n"], weight: np.ndarray
) -> float:
    """By how much squared errors exceed the means, over the squares of these; limited."""
    shares = weight / weight.max()
    excess = shares @ (np.square(counts - means) - means)
    squares = shares @ np.square(means)
    most = np.exp(WIDEST)
    return float(np.clip(excess / squares, 1 / most, most)) if squares > 0 else 1.0
