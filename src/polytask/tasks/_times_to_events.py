"""Base class of kinds of times to an event, some of which are censored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real, Shaped

from polytask._row_shares import shares_of_largest
from polytask._validation import Constraint, Interval, Optional, check_parameters
from polytask.tasks._calibration import Calibration, calibrated_curve
from polytask.tasks._estimator_answers import gives_probabilities, predicted_probabilities
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns, Kind
from polytask.tasks._survival_cells import check_survival, labelled_survival, survival_of
from polytask.tasks._survival_curves import (
    censoring_curve,
    curves_at,
    event_cuts,
    kaplan_meier,
    places_in,
    restricted_means,
    spans_of,
    values_at,
)

__all__ = ["MOST_INTERVALS", "TimesToEvents", "estimated_hazards", "hazards_of"]

MOST_INTERVALS = 1000
_MOST_STEPS = 513
_LEAST = 1e-300
"""Smallest share of survivors whose logarithm is taken."""
_SURE = 1e-6
"""Distance from 0 and 1 of the hazards that estimators give."""


@dataclass(frozen=True)
class TimesToEvents(Kind):
    """The time to an event, which may be censored; the response is a survival curve at cut times.

    Parameters
    ----------
    n_intervals : int, optional
        Number of cuts; by default the root of the number of events in the training rows, rounded
        up, and at most 20; fewer where events share times.
    """

    n_intervals: int | None = None

    numeric: ClassVar[bool] = True
    whole_rows: ClassVar[bool] = True
    joint_outputs: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_intervals": Optional(Interval(int, 1, MOST_INTERVALS)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn the cuts, the curve of all rows, and how rows are censored."""
        times, happened = labelled_survival(owner, columns, self.name)
        cuts = event_cuts(times[happened], self.n_intervals)
        at, survived = kaplan_meier(times, happened, np.ones(len(times)))
        steps, uncensored = censoring_curve(times, happened)
        if not steps or steps[0] > 0:  # a row may be censored at time 0
            steps, uncensored = (0.0, *steps), (1.0, *uncensored)
        learned = {
            "cuts": cuts,
            "survival": tuple(values_at(np.array(cuts), at, survived).tolist()),
            "censoring_times": steps,
            "uncensored": uncensored,
        }
        return FittedTarget(tuple(columns), learned=learned)

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise for times below 0, events other than 0 and 1, and one without the other."""
        if len(columns) == 2:
            check_survival(owner, columns)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there are ascending cuts, and curves of survival and censoring that fall."""
        names = {"cuts", "survival", "censoring_times", "uncensored"}
        if len(fitted.columns) != 2 or fitted.classes or set(fitted.learned) != names:
            return False
        cuts, survival, steps, uncensored = (
            np.array(fitted.learned[name])
            for name in ("cuts", "survival", "censoring_times", "uncensored")
        )
        return (
            1 <= len(cuts) == len(survival) <= (self.n_intervals or MOST_INTERVALS)
            and 1 <= len(steps) == len(uncensored) <= _MOST_STEPS
            and super().accepts(fitted)
            and bool((np.diff(cuts, prepend=0.0) > 0).all() and 1e-30 <= cuts[-1] <= 1e30)
            and bool((np.diff(steps) > 0).all() and steps[0] >= 0)
            and all(
                (np.diff(curve) <= 0).all() and 0 <= curve[-1] <= curve[0] <= 1
                for curve in (survival, uncensored)
            )
        )

    # ── labels ────────────────────────────────────────────────────────────────
    def truth(self, columns: Columns, fitted: FittedTarget) -> np.ndarray:
        """Times, and 1 for an event or 0."""
        return np.stack(survival_of(fitted.columns, columns), axis=1)

    def events(
        self, truth: Float[np.ndarray, "n two"], fitted: FittedTarget
    ) -> Float64[np.ndarray, " n"]:
        """1 for rows with the event and 0 for censored ones."""
        del fitted
        return np.where(np.isnan(truth).any(axis=1), np.nan, truth[:, 1]).astype(np.float64)

    # ── scores ────────────────────────────────────────────────────────────────
    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """Mean times up to the last cut."""
        return restricted_means(response.astype(np.float64), fitted.learned["cuts"])

    def labels(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """Events at the mean times; where fewer than a third have one, rows last seen at the end."""
        happened = response[:, -1] <= 2 / 3
        times = np.where(happened, self.decide(response, fitted), fitted.learned["cuts"][-1])
        return np.stack([times, happened], axis=1)

    def mean_response(
        self,
        truth: Float[np.ndarray, "n two"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " t"]:
        """The Kaplan–Meier estimate at the cuts."""
        known = ~np.isnan(truth).any(axis=1) & (weight > 0)
        times, events = truth[known].astype(np.float64).T
        at, survived = kaplan_meier(times, events == 1, shares_of_largest(weight[known]))
        return values_at(np.array(fitted.learned["cuts"]), at, survived)

    # ── estimators ────────────────────────────────────────────────────────────
    def accepts_estimator(self, estimator: Any) -> bool:
        """Whether it is a classifier with probabilities."""
        return gives_probabilities(estimator)

    def estimator_counts(self, fitted: FittedTarget) -> Collection[int]:
        """One for each span of intervals."""
        return {len(spans_of(len(fitted.learned["cuts"])))}

    def estimator_labels(
        self, columns: Columns, fitted: FittedTarget, *, standardized: bool
    ) -> tuple[Float64[np.ndarray, "n outputs"], Float64[np.ndarray, " n"] | None]:
        """Whether the event happens in each span, NaN for rows that are not at risk of it."""
        del standardized
        times, events = survival_of(fitted.columns, columns)
        cuts = np.array(fitted.learned["cuts"])
        ends = cuts[spans_of(len(cuts))]
        place, span = places_in(times, ends)[:, None], np.arange(len(ends))
        happened = events[:, None] == 1
        inside = happened & (np.maximum(np.ceil(place), 1) == span + 1)
        survived = np.where(happened, np.ceil(place) > span + 1, place >= span + 0.5)
        known = (inside | survived) & ~np.isnan(times + events)[:, None]
        return np.where(known, inside, np.nan).astype(np.float64), None

    # ── tables and reports ──────────────────────────────────────────────────────
    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """The mean time, the risk of an event up to the last cut, and the curve."""
        by_cut = zip(_written(fitted.learned["cuts"]), response.T, strict=True)
        return [
            (name, self.decide(response, fitted)),
            (f"{name}_risk", 1 - response[:, -1]),
            *((f"{name}_survival_{cut}", values) for cut, values in by_cut),
        ]

    def calibration(
        self,
        truth: np.ndarray,
        response: np.ndarray,
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Calibration | None:
        """Mean predicted survival beside the Kaplan–Meier estimate, at the cut times."""
        seen = np.isfinite(truth).all(axis=1)
        cuts, times = np.array(fitted.learned["cuts"]), truth[seen, 0]
        own = weight[seen].astype(np.float64)
        at, survived = kaplan_meier(times, truth[seen, 1] == 1, own)
        risk = own @ (times[:, None] >= cuts)
        known = risk > 0
        if not known.any():
            return None
        shares = values_at(cuts, at, survived)[known]
        stated = (own @ response[seen] / own.sum())[known]
        rows = risk[known] / np.maximum(shares, _LEAST)
        labels = ("mean predicted survival at the cuts", "Kaplan–Meier estimate")
        return calibrated_curve(stated, shares, rows, labels, "Wilson, over rows at risk")

    def restated(
        self, response: np.ndarray, fitted: FittedTarget, common: FittedTarget
    ) -> np.ndarray:
        """Curves at other cuts."""
        return curves_at(common.learned["cuts"], response, fitted.learned["cuts"])

    def summary(self, columns: Columns, fitted: FittedTarget) -> dict[str, Any]:
        """How many rows have the event, and how many are censored."""
        times, events = survival_of(fitted.columns, columns)
        known = ~np.isnan(times + events)
        n_events = int(np.sum(events[known] == 1))
        counts = [n_events, int(known.sum()) - n_events]
        return {"classes": ["event", "censored"], "counts": counts, "overlapping": False}

    def note(self, fitted: FittedTarget, column: str, *, inferred: bool) -> str:
        """At which times curves are predicted, and what the decision is."""
        del fitted, column, inferred
        return (
            "curves at quantiles of the events' times in the training rows; decisions are mean times "
            "up to the last"
        )

    def examples(self) -> Sequence[Mapping[str, Shaped[np.ndarray, " n"]]]:
        """Times, a third of them censored."""
        generator = np.random.default_rng(0)
        times, ends = generator.exponential(5.0, 40), generator.exponential(10.0, 40)
        happened = (times <= ends).astype(np.float64)
        times = np.minimum(times, ends)
        times[3] = happened[3] = np.nan
        return ({"y": times, "z": happened},)


def hazards_of(curves: np.ndarray) -> Float64[np.ndarray, "n t"]:
    """Cumulative hazards of survival curves."""
    return -np.log(np.maximum(curves.astype(np.float64), _LEAST))


def estimated_hazards(
    estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
) -> Float64[np.ndarray, "n t"]:
    """Cumulative hazards at the cuts, by classifiers of the spans that `estimator_labels` gives.

    Those of a span are shared among its intervals as in the training rows.
    """
    hazards = [predicted_probabilities(each, inputs, 2)[:, 1] for each in estimators]
    drops = -np.log1p(-np.clip(np.stack(hazards, axis=1), _SURE, 1 - _SURE))
    spans = spans_of(len(fitted.learned["cuts"]))
    means = -np.log(np.maximum(np.append(1.0, fitted.learned["survival"]), _SURE))
    steps = np.diff(means) + _SURE
    span = np.searchsorted(spans, np.arange(len(steps)))
    share = steps / np.bincount(span, steps)[span]
    return np.asarray(np.cumsum(drops[:, span] * share, axis=1))


def _written(cuts: Sequence[float]) -> list[str]:
    """Cuts with as few digits, of at least 4, as tell them apart."""
    for digits in range(4, 17):
        texts = [f"{cut:.{digits}g}" for cut in cuts]
        if len(set(texts)) == len(texts):
            return texts
    return [repr(cut) for cut in cuts]
