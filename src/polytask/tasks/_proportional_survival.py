"""Times to an event whose hazards are proportional: the model of Cox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Float32, Real, Shaped

from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns
from polytask.tasks._proportional_hazards import (
    FARTHEST,
    log_baseline,
    nearest_scores,
    proportional_curves,
)
from polytask.tasks._survival_cells import survival_of
from polytask.tasks._times_to_events import TimesToEvents, estimated_hazards, hazards_of

__all__ = ["ProportionalSurvival"]

_LEAST = 1e-6
"""Smallest share of survivors whose logarithm is taken."""
_BASELINE = "log_baseline"


@dataclass(frozen=True)
class ProportionalSurvival(TimesToEvents):
    r"""The time to an event, which may be censored, by the proportional hazards of Cox.

    Columns, response and decision are those of `Survival`: a survival curve at T cut times. A row
    has one score s, the logarithm of its hazard relative to a baseline that all rows share:

    .. math:: S(t_k) = \exp(-H_0(t_k) \, e^s)

    Networks learn scores from the order of events alone (`CoxLikelihood`). The baseline
    :math:`H_0` is then learned from the scores of the training rows, by Breslow's estimate:

    .. math:: H_0(t) = \sum_{t_i \le t} \frac{w_i e_i}{\sum_{t_j \ge t_i} w_j e^{s_j}}

    On the command line ``relapse=months,relapsed:survival:cox``, in Python also
    ``Task("relapse", "survival:cox", ("months", "relapsed"))``.

    Parameters
    ----------
    n_intervals : int, optional
        T; by default as in `Survival`. On the command line ``…:survival:cox,12``.

    References
    ----------
    Cox, "Regression models and life-tables", JRSS B 1972. Breslow, "Covariance analysis of censored
    survival data", Biometrics 1974. Katzman et al., "DeepSurv", BMC Medical Research Methodology
    2018 (networks).

    Notes
    -----
    Until a model is trained, the baseline is that of the Kaplan–Meier curve of the training rows, so
    that a score of 0 is everybody's curve. A curve that is not proportional to the baseline, such as
    one of estimators, has the score of the proportional curve that is nearest by its likelihood.
    Estimators are the classifiers of `Survival`. Ensembles answer with the means of their members'
    scores, so with geometric means of hazards. The training rows' labels keep the order of times as
    numbers of single precision; equal ones are tied.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import ProportionalSurvival
    >>> columns = {"months": np.array([1.0, 2.0, 4.0, 5.0]), "died": np.array([1.0, 0.0, 1.0, 1.0])}
    >>> kind = ProportionalSurvival()
    >>> target = kind.fit("death", columns)
    >>> target.learned["cuts"], target.learned["survival"]
    ((1.0, 4.0), (0.75, 0.375))
    >>> scores = np.array([[0.0], [1.0]], dtype=np.float32)
    >>> kind.response(scores, target).round(3)  # 0.75, 0.75^e
    array([[0.75 , 0.375],
           [0.457, 0.07 ]])
    """

    name: ClassVar[str] = "survival:cox"

    # ── what is learned ───────────────────────────────────────────────────────
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn the cuts, how rows are censored, and the Kaplan–Meier curve as baseline."""
        fitted = super().fit(owner, columns)
        return _with_baseline(fitted, _log_hazards(fitted))

    def refit(
        self,
        truth: Float[np.ndarray, "n two"],
        raw: Float32[np.ndarray, "n one"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> FittedTarget:
        """Learn the baseline of a trained model, by Breslow's estimate."""
        known = np.isfinite(truth).all(axis=1)
        times, events = truth[known].astype(np.float64).T
        scores, weight = (each[known].astype(np.float64) for each in (raw[:, 0], weight))
        logs = log_baseline(times, events == 1, scores, weight, fitted.learned["cuts"])
        return fitted if logs is None else _with_baseline(fitted, logs)

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether there is what `Survival` learns, and a baseline that rises."""
        learned = dict(fitted.learned)
        logs = np.array(learned.pop(_BASELINE, ()))
        return (
            super().accepts(replace(fitted, learned=learned))
            and len(logs) == len(learned["cuts"])
            and bool((np.abs(logs) <= 3 * FARTHEST).all() and (np.diff(logs) >= 0).all())
        )

    # ── labels ────────────────────────────────────────────────────────────────
    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """One score."""
        del fitted
        return (1,)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n two"]:
        """Time, and event."""
        return np.stack(survival_of(fitted.columns, columns), axis=1).astype(np.float32)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(self, raw: Float32[np.ndarray, "n one"], fitted: FittedTarget) -> np.ndarray:
        """Probabilities of surviving each cut, (n, T)."""
        return proportional_curves(raw[:, 0].astype(np.float64), fitted.learned[_BASELINE])

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n one"]:
        """Scores of the nearest proportional curves."""
        scores = nearest_scores(hazards_of(response), fitted.learned[_BASELINE])
        return scores[:, None].astype(np.float32)

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n one"]:
        """Scores of the proportional curves nearest to those of classifiers, as in `Survival`."""
        hazards = estimated_hazards(estimators, inputs, fitted)
        return nearest_scores(hazards, _log_hazards(fitted))[:, None].astype(np.float32)


def _log_hazards(fitted: FittedTarget) -> tuple[float, ...]:
    """Logarithms of the cumulative hazards of the training rows' curve."""
    survived = np.clip(fitted.learned["survival"], _LEAST, 1 - _LEAST)
    return tuple(np.log(-np.log(survived)).tolist())


def _with_baseline(fitted: FittedTarget, logs: Iterable[float]) -> FittedTarget:
    numbers = tuple(float(log) for log in logs)
    return replace(fitted, learned={**fitted.learned, _BASELINE: numbers})
