"""Bootstrap replicates of metrics, averaged over runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from polytask.data import MultiTaskDataset, Split
from polytask.evaluation._draws import RowDraws
from polytask.evaluation._outcome import Outcome
from polytask.evaluation._store import RunStore
from polytask.metrics import Metric, metrics_for
from polytask.tasks import TaskSet

__all__ = ["Replicates", "TestRows", "replicate", "replicates_needed"]

Replicates = Mapping[tuple[str, str], Float64[np.ndarray, " b"]]
"""(task, metric name) → the mean over runs in every replicate, NaN where undefined."""

FEWEST = 1000
_A_TASK = 50
_MOST = 20_000


def replicates_needed(n_tasks: int) -> int:
    """Enough for a corrected p-value below 0.05 to exist: 2 n_tasks / (1 + B) < 0.05."""
    return min(max(FEWEST, _A_TASK * n_tasks), _MOST)


@dataclass(frozen=True, eq=False)
class TestRows:
    """All rows that are test rows in some split, and how they are drawn.

    Parameters
    ----------
    rows : array of shape (n,)
        Ascending positions in the whole data set.
    draws : RowDraws
        Of these rows. A row that several folds test is drawn for all of them alike.
    """

    __test__ = False  # no test class, whatever its name begins with

    rows: Int64[np.ndarray, " n"]
    draws: RowDraws

    @classmethod
    def of(
        cls, data: MultiTaskDataset, splits: Sequence[Split], replicates: int, seed: int = 0
    ) -> TestRows:
        """The union of the test rows of all splits, drawn by groups where there are any."""
        chosen: list[np.ndarray] = []
        groups: list[np.ndarray] = []
        start = first = 0
        for source in data.sources:
            tested = [split.test[source.name] for split in splits if source.name in split.test]
            mine = np.unique(np.concatenate([*tested, np.zeros(0, dtype=np.int64)]))
            own = np.arange(len(mine)) if source.groups is None else source.groups[mine]
            positions = np.unique(own, return_inverse=True)[1]
            chosen.append(start + mine)
            groups.append(first + positions)
            start += source.n_rows
            first += int(positions.max(initial=-1)) + 1
        rows, together = np.concatenate(chosen), np.concatenate(groups)
        grouped = any(source.groups is not None for source in data.sources)
        draws = RowDraws(len(rows), replicates, together if grouped else None, seed)
        return cls(rows, draws)


def replicate(
    keys: Sequence[Mapping[str, str]], common: tuple[TestRows, TaskSet, RunStore]
) -> dict[tuple[str, str], np.ndarray]:
    """Replicates of every metric of one candidate.

    Parameters
    ----------
    keys : sequence of mapping of task to key
        For each run of the candidate, which record answers for each task.
    common : test rows, tasks and the store that holds the predictions
    """
    test_rows, tasks, store = common
    runs = [_answers(store, by_task) for by_task in keys]
    size = test_rows.draws.replicates
    found = {
        (task.name, metric.name): np.full(size if place == 0 else min(FEWEST, size), np.nan)
        for task in tasks
        for place, metric in enumerate(metrics_for(task))
    }
    done = 0
    for counts in test_rows.draws.chunks():
        for task in tasks:
            mine = [run.get(task.name) for run in runs]
            metrics = metrics_for(task) if done < FEWEST else metrics_for(task)[:1]
            values = _chunk([one for one in mine if one], metrics, counts, test_rows.rows)
            for metric, means in values.items():
                array = found[task.name, metric.name]
                array[done : done + len(means)] = means[: len(array) - done]
        done += len(counts)
    return found


def _answers(store: RunStore, by_task: Mapping[str, str]) -> dict[str, Outcome]:
    files = {key: store.read_outcomes(key, "test") for key in set(by_task.values())}
    return {task: files[key][task] for task, key in by_task.items() if task in files[key]}


def _chunk(
    outcomes: Collection[Outcome],
    metrics: Sequence[Metric],
    counts: Float32[np.ndarray, "b n"],
    rows: Int64[np.ndarray, " n"],
) -> dict[Metric, np.ndarray]:
    """Means over runs of some metrics of one task, in some replicates."""
    total = {metric: np.zeros(len(counts)) for metric in metrics}
    defined = {metric: np.zeros(len(counts)) for metric in metrics}
    weights, drawn = counts, rows
    for outcome in outcomes:
        if not np.array_equal(drawn, outcome.rows):
            weights, drawn = counts[:, np.searchsorted(rows, outcome.rows)], outcome.rows
        plain = bool((outcome.weight == 1).all())
        for metric in metrics:
            answer = (outcome.truth, outcome.response, outcome.target)
            values = metric.bootstrap(*answer, weights if plain else weights * outcome.weight)
            kept = np.isfinite(values)
            total[metric] += np.where(kept, values, 0.0)
            defined[metric] += kept
    return {metric: _ratio(total[metric], defined[metric]) for metric in metrics}


def _ratio(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
