"""Targets that are times to an event, some of which are censored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32

from polytask.exceptions import ParameterError
from polytask.tasks._averages import in_any_library
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind import Columns
from polytask.tasks._proportional_survival import ProportionalSurvival
from polytask.tasks._survival_cells import survival_of
from polytask.tasks._survival_curves import places_in
from polytask.tasks._survival_scores import mean_survival_scores, survival_logs, survival_scores
from polytask.tasks._times_to_events import (
    MOST_INTERVALS,
    TimesToEvents,
    estimated_hazards,
    hazards_of,
)

__all__ = ["Survival"]


@dataclass(frozen=True)
class Survival(TimesToEvents):
    r"""The time to an event, which may be censored; of which a survival curve is predicted.

    A target has two columns: a time of at least 0, and whether the event happened then, 1 or true,
    or the row was last seen without it, 0 or false. Time is cut into T intervals that hold about as
    many events of the training rows each. With the hazard :math:`h_k`, the probability of the event
    in interval k of a row that has survived those before,

    .. math:: S(t_k) = \prod_{j \le k} (1 - h_j), \qquad
              h_j = \sigma(s_j - \log T)

    is the probability of surviving the end :math:`t_k` of interval k, where s are the scores. The
    response is this curve at the T cut times, (n, T); it falls for every score. The decision is the
    mean time up to the last cut, :math:`\int_0^{t_T} S(t) \, dt`, with straight lines between the
    cuts. On the command line ``relapse=months,relapsed:survival``; ``…:survival:cox`` is
    `ProportionalSurvival`, the model of Cox.

    Parameters
    ----------
    n_intervals : int, optional
        T. By default the root of the number of events in the training rows, rounded up, and at most
        20; fewer where events share times. On the command line ``…:survival:12``.

    References
    ----------
    Gensheimer & Narasimhan, "A scalable discrete-time survival model for neural networks", PeerJ
    2019. Kvamme & Borgan, "Continuous and discrete-time survival prediction with neural networks",
    Lifetime Data Analysis 2021. Craig, Zhong & Tibshirani, "Survival stacking", 2021 (estimators).

    Notes
    -----
    Hazards are free in each interval: they need not be proportional. The cuts are quantiles of the
    times of events, and as many events as in an interval come after the last one, where hardly any
    row is at risk; those count as survivors of all. A row that is censored in the second half of an
    interval counts as a survivor of it, one that is censored before as no part of it (Gensheimer &
    Narasimhan). Ensembles answer with the mean of their members' curves.

    Estimators are classifiers, one for each of at most 4 spans of intervals, which learn whether
    the event happens in the span, from the rows that are at risk of it, censored ones as above;
    within a span hazards are proportional to those of the training rows.

    The censoring of the training rows is learned as well, for metrics that weight by it.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import Survival
    >>> columns = {"months": np.array([1.0, 2.0, 4.0, 5.0]), "died": np.array([1.0, 0.0, 1.0, 1.0])}
    >>> target = Survival().fit("death", columns)
    >>> target.learned["cuts"]
    (1.0, 4.0)
    >>> curve = Survival().response(np.zeros((1, 2), dtype=np.float32), target)
    >>> curve.round(3)
    array([[0.667, 0.444]])
    >>> Survival().decide(curve, target)  # (1 + 0.667) / 2 · 1 + (0.667 + 0.444) / 2 · 3
    array([2.5])
    """

    name: ClassVar[str] = "survival"
    takes_text: ClassVar[bool] = True

    @classmethod
    def from_text(cls, text: str) -> TimesToEvents:
        """The number of intervals, such as ``12``; or ``cox``, ``cox,12``: `ProportionalSurvival`."""
        model, comma, number = text.partition(",")
        kind: type[TimesToEvents] = cls
        if model.strip() == "cox":
            kind = ProportionalSurvival
            if not comma:
                return kind()
        else:
            number = text
        number = number.strip()
        if (
            not number.isascii()
            or not number.isdigit()
            or not 1 <= int(number[:9]) <= MOST_INTERVALS
        ):
            sentence = (
                f"The kind {cls.name} takes a number of intervals, from 1 to {MOST_INTERVALS}, as in "
                f"{cls.name}:12, or the model of Cox, as in {cls.name}:cox and {cls.name}:cox,12. "
                f"Got {text!r} instead."
            )
            raise ParameterError(sentence)
        return kind(int(number))

    # ── labels ────────────────────────────────────────────────────────────────
    def score_shape(self, fitted: FittedTarget) -> tuple[int, ...]:
        """A score for each interval."""
        return (len(fitted.learned["cuts"]),)

    def encode(self, columns: Columns, fitted: FittedTarget) -> Float32[np.ndarray, "n c"]:
        """How many intervals have passed at the time, with shares of one; and the event."""
        times, events = survival_of(fitted.columns, columns)
        places = places_in(times, fitted.learned["cuts"])
        return np.stack([places, events], axis=1).astype(np.float32)

    # ── scores ────────────────────────────────────────────────────────────────
    def response(self, raw: Float32[np.ndarray, "n size"], fitted: FittedTarget) -> np.ndarray:
        """Probabilities of surviving each cut, (n, T)."""
        del fitted
        return np.asarray(np.exp(survival_logs(raw.astype(np.float64))))

    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, "n size"]:
        """Scores of the curves."""
        del fitted
        return np.asarray(survival_scores(-hazards_of(response))).astype(np.float32)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Scores of the mean curve."""
        return mean_survival_scores(raw)

    def from_estimator(
        self, estimators: Sequence[Any], inputs: Any, fitted: FittedTarget
    ) -> Float32[np.ndarray, "n size"]:
        """Scores of the hazards of the spans, shared among their intervals as in training."""
        hazards = estimated_hazards(estimators, inputs, fitted)
        return np.asarray(survival_scores(-hazards)).astype(np.float32)
