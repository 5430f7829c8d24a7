"""The cells of the tables: what is drawn, and what is counted."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from statistics_batches import Batch, amounts_of_difference, check, judge, measured
from statistics_draws import Drawn, Generator, draw, generator, population
from statistics_population import SETTINGS, Setting, count_population

from polytask.metrics import (
    F1,
    MAE,
    NMSE,
    RMSE,
    ROCAUC,
    Accuracy,
    AveragePrecision,
    BalancedAccuracy,
    Brier,
    LogLoss,
    Metric,
)
from polytask.statistics import holm

__all__ = ["BOUNDS", "Cell", "cells"]

NUMBERS = (MAE(), NMSE(), RMSE())
CLASSES = (
    Accuracy(), AveragePrecision(), BalancedAccuracy(), Brier(), F1(), LogLoss(), ROCAUC(),
)  # fmt: skip
METRICS: tuple[tuple[Metric, float | None], ...] = (
    *((metric, None) for metric in NUMBERS),
    *((metric, 0.5) for metric in CLASSES),
    (AveragePrecision(), 0.05),
    (ROCAUC(), 0.05),
)
SIZES = (2, 3, 5, 8, 10, 20, 50, 100, 500)
BOUNDS = {"a": 0.06, "b": 0.075, "c": 0.08, "d": 0.07, "e": 0.06}
N_TASKS = 10
ALPHA = 0.05
_AT_ONCE = 2000


@dataclass(frozen=True)
class Cell:
    """One number, or a few, of a table.

    Attributes
    ----------
    part : str
        The table.
    metric : Metric
    prevalence : float or None
    column : str
        What is drawn, in words.
    count : callable
        From a generator of random numbers and a number of studies to sums by name, of which
        "studies" says how many were counted.
    """

    part: str
    metric: Metric
    prevalence: float | None
    column: str
    count: Callable[[np.random.Generator, int], dict[str, float]] = field(repr=False)

    @property
    def row(self) -> str:
        """The metric, with the prevalence where it is not one half."""
        rare = self.prevalence not in {None, 0.5}
        return f"{self.metric.name} ({self.prevalence})" if rare else self.metric.name

    @property
    def key(self) -> str:
        """What the results are kept under."""
        return f"{self.part}/{self.row}/{self.column}"

    def run(self, studies: int) -> dict[str, float]:
        """Count in portions that memory holds."""
        rng = np.random.default_rng(zlib.crc32(self.key.encode()))
        total: dict[str, float] = {}
        left = studies
        while left > 0:
            size = min(left, _AT_ONCE)
            for name, value in self.count(rng, size).items():
                total[name] = total.get(name, 0.0) + value
            left -= size
        return total


def cells() -> Iterator[Cell]:
    """All cells, table by table."""
    for maker in (_null_a, _null_b, _null_c, _null_d, _null_e, _power, _coverage):
        for metric, prevalence in METRICS:
            yield from maker(metric, prevalence)
    for setting in SETTINGS:
        yield _drawn_population(setting)


def _drawn_population(setting: Setting) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        return count_population(setting, rng, studies)

    return Cell("population", setting.metric, None, setting.column, count)


def _called(batch: Batch) -> dict[str, float]:
    return {
        "studies": len(batch.p),
        "called": float((batch.p <= ALPHA).sum()),
        "tested": float(np.isfinite(batch.p).sum()),
    }


def _null(
    part: str,
    column: str,
    metric: Metric,
    prevalence: float | None,
    made: str,
    n: int,
    **how: np.ndarray,
) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        drawn = draw(rng, generator(made, metric, prevalence), (studies, n), prevalence, **how)
        batch = judge(metric, drawn, intervals=False)
        check(metric, drawn, batch, 1, 3)
        return _called(batch)

    return Cell(part, metric, prevalence, column, count)


def _null_a(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    for n in SIZES:
        yield _null("a", str(n), metric, prevalence, "exchangeable", n)


def _null_b(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    for made in ("twice", "t5"):
        for n in SIZES[4:]:
            yield _null("b", f"{made}, {n}", metric, prevalence, made, n)


def _null_c(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    for n in (20, 100):
        for runs in (3, 5):
            for multiple in (0.5, 1.0, 2.0):
                column = f"{n}, {runs} seeds, {multiple:g}"
                yield _shifted(column, metric, prevalence, n, runs, multiple)


def _shifted(
    column: str, metric: Metric, prevalence: float | None, n: int, runs: int, multiple: float
) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        shift = multiple * _unit_error(metric, prevalence, runs) / np.sqrt(n)
        plain = generator("exchangeable", metric, prevalence)
        drawn = draw(
            rng,
            plain,
            (studies, n),
            prevalence,
            runs=runs,
            seed_shift=shift / _slope(metric, prevalence),
        )
        batch = judge(metric, drawn, intervals=False)
        check(metric, drawn, batch, 1, 3)
        return _called(batch)

    return Cell("c", metric, prevalence, column, count)


@cache
def _unit_error(metric: Metric, prevalence: float | None, runs: int) -> float:
    """Standard deviation of what one unit says about the mean difference over runs."""
    plain = generator("exchangeable", metric, prevalence)
    n = 200_000
    drawn = draw(np.random.default_rng(2), plain, (1, n), prevalence, runs=runs)
    added = np.mean(
        [
            amounts_of_difference(metric, drawn.truth, *pair, np.array([True]))
            for pair in zip(drawn.ours, drawn.theirs, strict=True)
        ],
        axis=0,
    )
    return float(n * added.std())


@cache
def _slope(metric: Metric, prevalence: float | None) -> float:
    """How fast our metric changes with what differs between seeds."""
    plain = generator("exchangeable", metric, prevalence)
    step = 0.05
    place = 1 if prevalence is None else 0
    ends = []
    for sign in (1, -1):
        ours = list(plain.ours)
        ours[place] += sign * step
        ends.append(population(metric, Generator(tuple(ours), plain.theirs), prevalence, 1)[0])
    return abs(ends[0] - ends[1]) / (2 * step)


def _null_d(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    for groups in (5, 10, 30):
        sizes = np.tile([4, 16], groups)[:groups]
        starts = np.cumsum(sizes) - sizes
        how = {"starts": starts}
        column = f"{groups} groups"
        yield _null("d", column, metric, prevalence, "exchangeable", int(sizes.sum()), **how)


def _null_e(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    for n in SIZES:
        yield _family(metric, prevalence, n)


def _family(metric: Metric, prevalence: float | None, n: int) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        plain = generator("exchangeable", metric, prevalence)
        p = np.empty((N_TASKS, studies))
        for task in range(N_TASKS):
            drawn = draw(rng, plain, (studies, n), prevalence)
            batch = judge(metric, drawn, n_tasks=N_TASKS, intervals=False, seed=task)
            check(metric, drawn, batch, N_TASKS, 1)
            p[task] = batch.p
        some = [
            any(one is not None and one <= ALPHA for one in holm(_by_task(column)).values())
            for column in p.T
        ]
        return {
            "studies": studies,
            "called": sum(some),
            "tested": float(np.isfinite(p).any(0).sum()),
        }

    return Cell("e", metric, prevalence, str(n), count)


def _by_task(p: np.ndarray) -> dict[str, float | None]:
    return {str(task): None if np.isnan(one) else float(one) for task, one in enumerate(p)}


def _power(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    for n in (50, 200) if prevalence in {None, 0.5} else (200,):
        for wanted in (0.5, 0.8):
            yield _powered(metric, prevalence, n, wanted)


def _powered(metric: Metric, prevalence: float | None, n: int, wanted: float) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        made = _effect(metric, prevalence, n, wanted)
        drawn = draw(rng, made, (studies, n), prevalence)
        batch = judge(metric, drawn, intervals=False)
        reference = _reference(metric, drawn)
        return {**_called(batch), "reference": float((reference <= ALPHA).sum())}

    return Cell("power", metric, prevalence, f"{n}, {wanted}", count)


def _reference(metric: Metric, drawn: Drawn) -> np.ndarray:
    """P of the paired t test on row losses, or of DeLong's for metrics of ranks."""
    one, other = drawn.ours[0], drawn.theirs[0]
    if isinstance(metric, ROCAUC | AveragePrecision):
        defined = drawn.truth.min(axis=1) < drawn.truth.max(axis=1)
        sides = [measured(ROCAUC(), drawn.truth, side, defined) for side in (one, other)]
        added = sides[0][1] - sides[1][1]
        positives = drawn.truth.sum(axis=1)
        variance = np.zeros(len(added))
        for which, size in ((1, positives), (0, drawn.truth.shape[1] - positives)):
            squares = np.where(drawn.truth == which, np.square(added), 0).sum(axis=1)
            variance += squares * size / np.maximum(size - 1, 1)
        with np.errstate(all="ignore"):
            z = np.abs(sides[0][0] - sides[1][0]) / np.sqrt(variance)
        return np.where(np.isfinite(z), 2 * stats.norm.sf(z), 1.0)
    row_loss = {
        "rmse": NMSE(),
        "nmse": NMSE(),
        "mae": MAE(),
        "brier": Brier(),
        "log_loss": LogLoss(),
    }
    losses = row_loss.get(metric.name, Accuracy())
    differences = amounts_of_difference(
        losses, drawn.truth, one, other, np.ones(len(one), dtype=np.bool_)
    )
    with np.errstate(all="ignore"):
        p = stats.ttest_1samp(differences, 0, axis=1).pvalue
    return np.where(np.isfinite(p), p, 1.0)


@cache
def _effect(metric: Metric, prevalence: float | None, n: int, wanted: float) -> Generator:
    """Ours with so much less noise that the reference test has the power wanted."""
    plain = generator("exchangeable", metric, prevalence)

    def made(effect: float) -> Generator:
        mean = plain.ours[0]
        return Generator((mean, np.exp(-effect / 2)), (mean, np.exp(effect / 2)))

    def gap(effect: float) -> float:
        drawn = draw(np.random.default_rng(4), made(effect), (4000, n), prevalence)
        return float((_reference(metric, drawn) <= ALPHA).mean()) - wanted

    return made(brentq(gap, 0.01, 2.0, xtol=2e-3))


def _coverage(metric: Metric, prevalence: float | None) -> Iterator[Cell]:
    names = ["exchangeable", "better", "twice", "t5"]
    if prevalence is None:
        names.append("lognormal")
    for made in names:
        for n in SIZES[4:]:
            yield _covered(metric, prevalence, made, n)


def _covered(metric: Metric, prevalence: float | None, made: str, n: int) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        how = generator(made, metric, prevalence)
        ours, theirs = population(metric, how, prevalence)
        if made != "better":
            theirs = ours
        drawn = draw(rng, how, (studies, n), prevalence)
        batch = judge(metric, drawn)
        check(metric, drawn, batch, 1, 3)
        kept = batch.defined
        tiny = 1e-9
        difference = (batch.low <= ours - theirs + tiny) & (ours - theirs - tiny <= batch.high)
        alone = (batch.single_low <= ours + tiny) & (ours - tiny <= batch.single_high)
        inside = (batch.low <= batch.value + tiny) & (batch.value - tiny <= batch.high)
        inside &= (batch.single_low <= batch.single + tiny) & (
            batch.single - tiny <= batch.single_high
        )
        return {
            "studies": float(kept.sum()),
            "difference": float(difference[kept].sum()),
            "single": float(alone[kept].sum()),
            "inside": float(inside[kept].sum()),
            "width": float((batch.high - batch.low)[kept].sum()),
        }

    return Cell("coverage", metric, prevalence, f"{made}, {n}", count)
