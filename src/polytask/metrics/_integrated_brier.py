"""Integrated Brier score of survival curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask._row_shares import shares_of_largest
from polytask.metrics._metric import Part
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.metrics._survival_answers import check_survival_answers, survival_parts
from polytask.tasks import FittedTarget, Kind, ProportionalSurvival, Survival, value_before

__all__ = ["IntegratedBrier"]

_LEAST = 0.05
"""Smallest share of uncensored rows that is divided by."""


@dataclass(frozen=True)
class IntegratedBrier(RowwiseMetric):
    r"""Mean squared error of survival curves over time, with rows weighted for censoring.

    .. math:: \frac{1}{t_T} \int_0^{t_T} \frac1n \sum_i \left(
              \frac{[y_i \le t] \, e_i}{G(y_i^-)} S_i(t)^2
              + \frac{[y_i > t \text{ or } y_i = t, e_i = 0]}{G(t^-)} (1 - S_i(t))^2 \right) dt

    with times y, events e (1, or 0 for censored rows), predicted curves S, and the probability G of
    not being censored before a time, the Kaplan–Meier estimate of the training rows. The integral
    runs to the last cut of the kind, by the trapezoidal rule over the cuts and from 0 at time 0.
    It is 0 for sure and right predictions; 0.25 for S = 0.5 throughout.

    References
    ----------
    Graf, Schmoor, Sauerbrei & Schumacher, "Assessment and comparison of prognostic classification
    schemes for survival data", Statistics in Medicine 1999.

    Notes
    -----
    G comes from the training rows, not from those that are scored, so that a row's part does not
    depend on the others, and censoring is taken to be independent of the inputs. G counts as 0.05
    where it is smaller, which bounds a row's weight by 20; it has at most 512 steps. An event comes
    before censoring at the same time: a row that is censored at a cut has survived it, and counts,
    where Graf et al. leave it out and divide by G(t). Both agree unless rows are censored at a cut; at
    the end of a study, where all rows that are left are censored, theirs would have no survivors.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import IntegratedBrier
    >>> from polytask.tasks import Survival
    >>> columns = {"time": np.array([1.0, 2.0, 3.0, 4.0]), "event": np.ones(4)}
    >>> target = Survival().fit("relapse", columns)
    >>> target.learned["cuts"]
    (2.0, 3.0)
    >>> truth, response = np.array([[1.0, 1.0], [4.0, 1.0]]), np.full((2, 2), 0.5)
    >>> round(IntegratedBrier().score(truth, response, target).value, 4)  # 0 at time 0
    0.1667
    """

    name: ClassVar[str] = "integrated_brier"
    label: ClassVar[str] = "integrated Brier"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Survival, ProportionalSurvival)
    default_for: ClassVar[tuple[type[Kind], ...]] = (Survival, ProportionalSurvival)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """Times and events together."""
        return survival_parts(truth, response, fitted)

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless there are times, events and curves."""
        check_survival_answers("IntegratedBrier.score", truth, response, fitted)

    def rowwise(
        self,
        truth: Float64[np.ndarray, "n two"],
        response: Float64[np.ndarray, "n t"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """The integral of each row's weighted squared error."""
        gone, there = _weights(truth, fitted)
        errors = gone * np.square(response) + there * np.square(1 - response)
        return errors @ _steps(fitted)

    def constant(
        self,
        mean: Float64[np.ndarray, " t"],
        truth: Float[np.ndarray, "n two"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " t"]:
        """At each cut the weighted share that is there: nearly the Kaplan–Meier estimate."""
        known = ~np.isnan(truth).any(axis=1) & (weight > 0)
        gone, there = _weights(truth[known].astype(np.float64), fitted)
        shares = shares_of_largest(weight[known])
        gone, there = shares @ gone, shares @ there
        total = gone + there
        curve = np.where(total > 0, there / np.where(total > 0, total, 1.0), mean)
        return np.asarray(np.minimum.accumulate(curve))


def _weights(
    truth: Float64[np.ndarray, "n two"], fitted: FittedTarget
) -> tuple[Float64[np.ndarray, "n t"], Float64[np.ndarray, "n t"]]:
    """Weight of each row at each cut, for an event until then, and for being there."""
    times, happened = truth[:, :1], truth[:, 1:] == 1
    cuts = np.array(fitted.learned["cuts"])
    curve = fitted.learned["censoring_times"], fitted.learned["uncensored"]
    before = np.maximum(value_before(times, *curve), _LEAST)
    before_cuts = np.maximum(value_before(cuts, *curve), _LEAST)
    survived = (times > cuts) | ((times == cuts) & ~happened)
    return (happened & (times <= cuts)) / before, survived / before_cuts


def _steps(fitted: FittedTarget) -> Float64[np.ndarray, " t"]:
    """Part of each cut in the mean over time, by the trapezoidal rule."""
    knots = np.append(0.0, fitted.learned["cuts"])
    after = np.append(knots[2:], knots[-1])
    return (after - knots[:-1]) / 2 / knots[-1]
