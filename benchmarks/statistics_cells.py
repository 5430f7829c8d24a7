"""The cells of the tables: what is drawn, and what is counted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from statistics_batches import amounts_of_difference, check, judge
from statistics_cell import ALPHA, METRICS, Cell, called
from statistics_coverage import coverage
from statistics_draws import Generator, draw, generator, population
from statistics_population import SETTINGS, Setting, count_population
from statistics_power import power

from polytask.metrics import Metric
from polytask.statistics import holm

__all__ = ["BOUNDS", "cells"]

SIZES = (2, 3, 5, 8, 10, 20, 50, 100, 500)
BOUNDS = {"a": 0.06, "b": 0.075, "c": 0.08, "d": 0.07, "e": 0.06}
N_TASKS = 10


def cells() -> Iterator[Cell]:
    """All cells, table by table."""
    for maker in (_null_a, _null_b, _null_c, _null_d, _null_e, power, coverage):
        for metric, prevalence in METRICS:
            yield from maker(metric, prevalence)
    for setting in SETTINGS:
        yield _drawn_population(setting)


def _drawn_population(setting: Setting) -> Cell:
    def count(rng: np.random.Generator, studies: int) -> dict[str, float]:
        return count_population(setting, rng, studies)

    return Cell("population", setting.metric, None, setting.column, count)


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
        return called(batch)

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
        return called(batch)

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
