"""Bootstrap replicates of metrics, averaged over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.judging._draws import RowDraws
from polytask.evaluation.running._outcome import Outcome
from polytask.evaluation.running._store import RunStore
from polytask.metrics import Metric, metrics_for

__all__ = ["Replicates", "TestRows", "beside", "replicate", "replicates_needed", "tested"]

Replicates = Mapping[tuple[str, str], Float64[np.ndarray, " _"]]
"""(task, metric name) → the mean over runs in every replicate, NaN where undefined."""

_FEWEST = 1000
_A_TASK = 50
_MOST = 20_000
_BESIDE, _BESIDE_LARGE = 200, 100
_LARGE = 50_000


def replicates_needed(n_tasks: int) -> int:
    """Enough for a corrected p-value below 0.05 to exist: 2 n_tasks / (1 + B) < 0.05."""
    return min(max(_FEWEST, _A_TASK * n_tasks), _MOST)


def beside(n_rows: int, n_tasks: int) -> int:
    """Replicates of metrics beside the headline one, of which only an interval is asked."""
    return _BESIDE_LARGE if n_rows * n_tasks > _LARGE else _BESIDE


def tested(source: str, splits: Sequence[Split]) -> Int64[np.ndarray, " n"]:
    """Rows of a source that some split tests, ascending."""
    found = [split.test[source] for split in splits if source in split.test]
    return np.unique(np.concatenate([*found, np.zeros(0, dtype=np.int64)]))


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
        """The union of the test rows of all splits, drawn by groups where there are any.

        Equal numbers are one group in all sources; rows of a source without groups are drawn
        one by one.
        """
        chosen: list[np.ndarray] = []
        units: list[np.ndarray] = []
        start = 0
        beyond = _first_free(data)
        for source in data.sources:
            mine = tested(source.name, splits)
            alone = beyond + start + mine
            units.append(alone if source.groups is None else source.groups[mine])
            chosen.append(start + mine)
            start += source.n_rows
        rows = np.concatenate(chosen)
        grouped = any(source.groups is not None for source in data.sources)
        together = np.unique(np.concatenate(units), return_inverse=True)[1] if grouped else None
        return cls(rows, RowDraws(len(rows), replicates, together, seed))


def _first_free(data: MultiTaskDataset) -> int:
    """The first number that is no group's, for rows that are groups of their own."""
    groups = [source.groups for source in data.sources if source.groups is not None]
    return 1 + max((int(one.max(initial=-1)) for one in groups), default=-1)


def replicate(
    job: tuple[Sequence[Mapping[str, str]], TestRows], common: tuple[MultiTaskDataset, RunStore]
) -> dict[tuple[str, str], np.ndarray]:
    """Replicates of every metric of one candidate.

    Parameters
    ----------
    job : pair
        For each run of the candidate, which record answers for each task; and the test rows.
    common : pair
        The data, and the store that holds the predictions.
    """
    (keys, test_rows), (data, store) = job, common
    runs = [_answers(store, by_task) for by_task in keys]
    answers = {
        task.name: _distinct([run[task.name] for run in runs if task.name in run])
        for task in data.tasks
    }
    size = test_rows.draws.replicates
    fewer = min(beside(len(test_rows.rows), len(data.tasks)), size)
    cells = {
        task.name: [
            _Means(metric, fewer if place else size)
            for place, metric in enumerate(metrics_for(task))
        ]
        for task in data.tasks
    }
    done = 0
    for counts in test_rows.draws.chunks():
        for task, means in cells.items():
            _add(means, answers[task], counts, test_rows.rows, done)
        done += len(counts)
    return {(task, one.metric.name): one.means() for task, means in cells.items() for one in means}


def _answers(store: RunStore, by_task: Mapping[str, str]) -> dict[str, Outcome]:
    files = {key: store.read_outcomes(key, "test") for key in set(by_task.values())}
    return {task: files[key][task] for task, key in by_task.items() if task in files[key]}


def _distinct(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, int]]:
    """Outcomes with how many runs gave them; learners without chance answer alike every time."""
    found: dict[str, tuple[Outcome, int]] = {}
    for outcome in outcomes:
        digest = outcome.digest()
        first, times = found.get(digest, (outcome, 0))
        found[digest] = first, times + 1
    return list(found.values())


class _Means:
    """Mean over runs of one metric, replicate by replicate."""

    def __init__(self, metric: Metric, size: int) -> None:
        self.metric = metric
        self.total, self.count = np.zeros(size), np.zeros(size)

    def add(self, outcome: Outcome, times: int, weights: np.ndarray, first: int) -> None:
        """Count an outcome in as so many runs, from replicate `first` on."""
        wanted = weights[: max(len(self.total) - first, 0)]
        if not len(wanted):
            return
        answer = (outcome.truth, outcome.response, outcome.target)
        values = self.metric.bootstrap(*answer, wanted)
        here, kept = slice(first, first + len(wanted)), np.isfinite(values)
        self.total[here] += times * np.where(kept, values, 0.0)
        self.count[here] += times * kept

    def means(self) -> np.ndarray:
        """NaN where no run has a value."""
        undefined = np.full(len(self.total), np.nan)
        return np.divide(self.total, self.count, out=undefined, where=self.count > 0)


def _add(
    means: Sequence[_Means],
    outcomes: Sequence[tuple[Outcome, int]],
    counts: Float32[np.ndarray, "b n"],
    rows: Int64[np.ndarray, " n"],
    first: int,
) -> None:
    """Count all runs of one task in, in some replicates."""
    weights, drawn = counts, rows
    for outcome, times in outcomes:
        if not np.array_equal(drawn, outcome.rows):
            weights, drawn = counts[:, np.searchsorted(rows, outcome.rows)], outcome.rows
        plain = bool((outcome.weight == 1).all())
        weighted = weights if plain else weights * outcome.weight
        for one in means:
            one.add(outcome, times, weighted, first)
