"""Drawn predictions of two learners on the same rows, many studies at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from polytask.metrics import Metric
from polytask.tasks import Binary, FittedTarget, Kind, Regression

__all__ = ["Drawn", "Generator", "draw", "generator", "kind_of", "population", "target_of"]

_SIGNAL = 1.5  # between the classes' mean scores, in standard deviations
_CORRELATION = 0.5  # of the two learners' noise
_WITHIN_GROUPS = 0.3


@dataclass(frozen=True)
class Generator:
    """How the two learners' predictions are drawn.

    The noise has unit variance. Numbers are predicted with an error of `bias` + `scale` × noise;
    classes by the score `signal` × class + `scale` × noise, made a probability as if signal and
    noise were those of the first learner.

    Attributes
    ----------
    ours, theirs : (float, float)
        (bias or signal, scale).
    noise : str
        "normal", "t5" (theirs has five degrees of freedom) or "lognormal" (both).
    """

    ours: tuple[float, float]
    theirs: tuple[float, float]
    noise: str = "normal"


@dataclass(frozen=True, eq=False)
class Drawn:
    """Predictions of many studies.

    Attributes
    ----------
    truth : array of shape (studies, n)
    ours, theirs : array of shape (runs, studies, n)
    starts : array or None
        Where each group of rows starts; None where rows are units.
    """

    truth: np.ndarray
    ours: np.ndarray
    theirs: np.ndarray
    starts: np.ndarray | None = None


def kind_of(metric: Metric) -> Kind:
    """Numbers or two classes."""
    return Regression() if Regression in metric.kinds else Binary()


def target_of(metric: Metric) -> FittedTarget:
    """A target of numbers or of two classes."""
    if Regression in metric.kinds:
        return FittedTarget(("y",))
    return FittedTarget(("y",), ("no", "yes"))


def draw(
    rng: np.random.Generator,
    made: Generator,
    shape: tuple[int, int],
    prevalence: float | None,
    *,
    runs: int = 1,
    seed_shift: float = 0.0,
    starts: np.ndarray | None = None,
) -> Drawn:
    """Draw studies.

    Parameters
    ----------
    rng, made
    shape : (studies, rows)
    prevalence : float or None
        Of the positive class; None for numbers.
    runs : int
        With several, half of each learner's own noise is new in every run.
    seed_shift : float
        Standard deviation over runs of a factor on our noise (numbers), or of our signal.
    starts : array, optional
        Where each group of rows starts, within which noise has a correlation of 0.3.
    """
    common = _normal(rng, shape, starts)
    noises = []
    for _ in range(2):
        kept = _normal(rng, shape, starts)
        new = [_normal(rng, shape, starts) for _ in range(runs)] if runs > 1 else []
        own = [(kept + fresh) / np.sqrt(2) for fresh in new] or [kept]
        mixed = [np.sqrt(_CORRELATION) * common + np.sqrt(1 - _CORRELATION) * one for one in own]
        noises.append(np.stack(mixed))
    if made.noise == "t5":
        noises[1] = noises[1] / np.sqrt(rng.chisquare(5, noises[1].shape) / 5)
    if made.noise == "lognormal":
        noises = [np.sign(one) * np.exp(one) for one in noises]
    shifts = rng.normal(0, 1, (runs, shape[0], 1)) * seed_shift
    if prevalence is None:
        truth = rng.normal(size=shape)
        ours = truth + made.ours[0] + made.ours[1] * (1 + shifts) * noises[0]
        return Drawn(truth, ours, truth + made.theirs[0] + made.theirs[1] * noises[1], starts)
    truth = (rng.random(shape) < prevalence).astype(np.float64)
    ours = (made.ours[0] + shifts) * truth + made.ours[1] * noises[0]
    theirs = made.theirs[0] * truth + made.theirs[1] * noises[1]
    return Drawn(truth, _probability(ours, prevalence), _probability(theirs, prevalence), starts)


def _normal(
    rng: np.random.Generator, shape: tuple[int, int], starts: np.ndarray | None
) -> np.ndarray:
    rows = rng.normal(size=shape)
    if starts is None:
        return rows
    groups = rng.normal(size=(shape[0], len(starts)))
    of_rows = np.repeat(groups, np.diff(np.append(starts, shape[1])), axis=1)
    return np.sqrt(_WITHIN_GROUPS) * of_rows + np.sqrt(1 - _WITHIN_GROUPS) * rows


def _probability(score: np.ndarray, prevalence: float) -> np.ndarray:
    return np.asarray(expit(logit(prevalence) + _SIGNAL * (score - _SIGNAL / 2)))


_PLAIN = {True: (_SIGNAL, 1.0), False: (0.0, 1.0)}
_BETTER = {True: (2.2, 1.0), False: (0.0, 0.8)}


@cache
def generator(name: str, metric: Metric, prevalence: float | None) -> Generator:
    """A generator by name; that of equal expected metrics is found on a million rows.

    "exchangeable"; "better" (ours); "twice" (theirs has twice the noise and more signal, or ours
    is biased instead); "t5" (theirs, scaled); "lognormal" (both).
    """
    classes = prevalence is not None
    plain = _PLAIN[classes]
    if name in {"exchangeable", "lognormal"}:
        return Generator(plain, plain, "lognormal" if name == "lognormal" else "normal")
    if name == "better":
        return Generator(_BETTER[classes], plain)

    def made(parameter: float) -> Generator:
        if name == "twice":
            return (
                Generator(plain, (parameter, 2.0))
                if classes
                else Generator((parameter, 1.0), (0.0, 2.0))
            )
        theirs = (parameter, 1.0) if classes else (0.0, parameter)
        return Generator(plain, theirs, "t5")

    def gap(parameter: float) -> float:
        ours, theirs = population(metric, made(parameter), prevalence, 1)
        return ours - theirs

    return made(brentq(gap, 0.1, 9.0, xtol=1e-4))


@cache
def population(
    metric: Metric, made: Generator, prevalence: float | None, millions: int = 4
) -> tuple[float, float]:
    """The two learners' metrics over millions of rows."""
    found = []
    for part in range(millions):
        one = draw(np.random.default_rng([1, part]), made, (1, 1_000_000), prevalence)
        weight = np.ones(1_000_000)
        found.append(
            [
                metric.measure(one.truth[0], side[0, 0], weight, target_of(metric)).value
                for side in (one.ours, one.theirs)
            ]
        )
    ours, theirs = np.mean(found, axis=0)
    return float(ours), float(theirs)
