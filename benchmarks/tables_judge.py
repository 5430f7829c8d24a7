"""Judgement of the tables' benchmark: choice on validation rows, paired differences on test rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from tables_sets import Set

from polytask.statistics import Answers, paired, paired_gain


@dataclass(frozen=True)
class Run:
    """One learner with one seed: its record, and its responses to the test rows."""

    record: Mapping[str, Any]
    truth: np.ndarray
    response: np.ndarray
    rows: np.ndarray


def chosen(set_: Set, runs: Mapping[str, Sequence[Run]]) -> str | None:
    """The learner of the best mean validation figure, among those with the most seeds."""
    most = max(map(len, runs.values()), default=0)
    sign = 1 if set_.metric.greater_is_better else -1
    means = {
        name: sign * np.mean([_mean(run.record["validation"]) for run in each])
        for name, each in runs.items()
        if len(each) == most > 0
    }
    return max(means, key=lambda name: means[name], default=None)


def _mean(figures: Mapping[str, float]) -> float:
    return sum(figures.values()) / len(figures)


def test_figures(set_: Set, runs: Sequence[Run], tasks: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Figures on test rows, one per run."""
    each = [set_.figures(run.truth, run.response, tasks) for run in runs]
    return {name: np.array([figures[name] for figures in each]) for name in each[0]}


def by_seed(gains: np.ndarray) -> tuple[float, float, float]:
    """Mean and 95 % interval of Student's t over seeds."""
    mean = float(np.mean(gains))
    if len(gains) < 2:
        return mean, float("-inf"), float("inf")
    half = stats.t.ppf(0.975, len(gains) - 1) * np.std(gains, ddof=1) / np.sqrt(len(gains))
    return mean, mean - float(half), mean + float(half)


def over_rows(
    set_: Set, network: Sequence[Run], tree: Sequence[Run], tasks: tuple[str, ...]
) -> dict[str, tuple[float, float, float]]:
    """Differences and intervals that also count the chance of the test rows.

    Per task where every task has a figure, in its units; otherwise the mean relative gain of the
    metric (Δm) over all tasks.
    """
    ours, theirs = (_answers(set_, runs, tasks) for runs in (network, tree))
    ratio = len(network[0].rows) / network[0].record["n_train"]
    options = {"test_per_train": ratio} if len(next(iter(ours.values()))) > 1 else {}
    if set_.by_task:
        found = {
            f"{task}, {set_.figure}": paired(set_.metric, ours[task], theirs[task], **options)
            for task in tasks
        }
    else:
        metrics = dict.fromkeys(tasks, set_.metric)
        found = {"Δm": paired_gain(ours, theirs, metrics, **options)}
    return {
        name: (each.value, *(each.interval or (float("-inf"), float("inf"))))
        for name, each in found.items()
    }


def _answers(
    set_: Set, runs: Sequence[Run], tasks: tuple[str, ...]
) -> dict[str, tuple[Answers, ...]]:
    """Answers per task, one for each group of runs with the same test rows."""
    groups: dict[bytes, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.rows.tobytes(), []).append(run)
    return {
        task: tuple(
            Answers(
                truth=group[0].truth[known, column],
                responses=tuple(run.response[known, column] for run in group),
                weight=np.ones(int(known.sum())),
                units=group[0].rows[known],
                target=set_.target(task),
                kind=set_.kind,
            )
            for group in groups.values()
            for known in [np.isfinite(group[0].truth[:, column])]
        )
        for column, task in enumerate(tasks)
    }
