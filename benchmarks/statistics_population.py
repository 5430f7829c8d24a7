"""Many small tasks, drawn: what is said of the population they come from."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from statistics_batches import amounts_of_difference, measured
from statistics_draws import draw, generator

from polytask.evaluation.judging._population import population
from polytask.metrics import MAE, RMSE, Metric
from polytask.statistics import Paired
from polytask.statistics._spread import of_units, tailed

__all__ = ["SETTINGS", "Setting", "count_population"]

_ALPHA = 0.05


@dataclass(frozen=True)
class Setting:
    """A population of tasks: how many, their rows, and how far their true gains differ."""

    metric: Metric
    n_tasks: int
    rows: tuple[int, int]
    spread: float

    @property
    def column(self) -> str:
        """In words."""
        return f"{self.n_tasks} tasks, {self.rows[0]} to {self.rows[1]} rows, spread {self.spread}"


SETTINGS = tuple(
    Setting(metric, n_tasks, rows, spread)
    for metric in (MAE(), RMSE())
    for n_tasks in (13, 30, 139)
    for rows in ((1, 4), (5, 19))
    for spread in (0.0, 0.1)
)


def count_population(setting: Setting, rng: np.random.Generator, studies: int) -> dict[str, float]:
    """Draw exchangeable models, move each task's difference by its true gain, and count."""
    metric, rows = setting.metric, np.arange(setting.rows[0], setting.rows[1] + 1)
    sizes = np.resize(rows, setting.n_tasks)
    level = _level(metric, sizes)
    gains = rng.normal(0, setting.spread, (studies, setting.n_tasks + 1))
    tasks = [
        _tasks(metric, int(n), studies, gains[:, place] * level, rng)
        for place, n in enumerate(sizes)
    ]
    found = [_judged(setting, [task[study] for task in tasks], level) for study in range(studies)]
    called = sum(one.p is not None and one.p <= _ALPHA for one in found)
    new = gains[:, -1]
    numbers = {
        "studies": float(studies),
        "called": float(called),
        "covered": float(sum(one.interval[0] <= 0 <= one.interval[1] for one in found)),
    }
    ends = [one.prediction for one in found]
    inside = [end is not None and end[0] <= x <= end[1] for end, x in zip(ends, new, strict=True)]
    numbers["predicted"] = float(sum(inside))
    numbers["share"] = float(sum(one.share_gaining for one in found))
    return numbers


def _level(metric: Metric, sizes: np.ndarray) -> float:
    """The baseline's mean metric."""
    rng, plain = np.random.default_rng(3), generator("exchangeable", metric, None)
    values = []
    for n in sizes:
        drawn = draw(rng, plain, (2000, int(n)), None)
        values.append(measured(metric, drawn.truth, drawn.theirs[0], np.ones(2000, bool))[0].mean())
    return float(np.mean(values))


def _tasks(
    metric: Metric, n: int, studies: int, gain: np.ndarray, rng: np.random.Generator
) -> list[Paired]:
    """One task in all studies; errors sink by its gain."""
    drawn = draw(rng, generator("exchangeable", metric, None), (studies, n), None)
    every = np.ones(studies, dtype=np.bool_)
    values = [measured(metric, drawn.truth, one[0], every)[0] for one in (drawn.ours, drawn.theirs)]
    amounts = amounts_of_difference(metric, drawn.truth, drawn.ours[0], drawn.theirs[0], every)
    spread = tailed(of_units(amounts), amounts)
    return [
        Paired(
            float(value),
            n_units=n,
            standard_error=float(error) if known else None,
        )
        for value, error, known in zip(
            values[0] - values[1] - gain, spread.error, spread.known, strict=True
        )
    ]


def _judged(setting: Setting, tasks: list[Paired], level: float) -> Any:
    names = [str(place) for place in range(len(tasks))]
    context = SimpleNamespace(
        many_small=True,
        tasks=SimpleNamespace(primary=SimpleNamespace(names=names)),
        constant_in_training={},
        headline=lambda _task: setting.metric,
    )
    baseline = SimpleNamespace(mean=lambda _task, _metric: level, answers=dict.fromkeys(names, ()))
    found = population(
        dict(zip(names, tasks, strict=True)), cast("Any", baseline), cast("Any", context)
    )
    assert found is not None
    return found
