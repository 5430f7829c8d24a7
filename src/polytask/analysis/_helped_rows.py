"""Help of single predictions by source tasks: the rows of a record, and the extremes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float64, Int64

from polytask.analysis._group_runs import GroupRuns
from polytask.analysis._source_tasks import HelpedRow, HelpedRows
from polytask.evaluation.running._tuning import headline
from polytask.statistics import row_values

__all__ = ["extreme_rows", "help_of_rows", "kept_rows"]

_MOST_ROWS = 1000
_EXTREMES = 2
"""Predictions per task that were helped most, and as many that were harmed most."""


def help_of_rows(
    runs: GroupRuns,
    task: str,
    sources: Sequence[str],
    without: Mapping[str, tuple[str, ...]],
) -> Float64[np.ndarray, "rounds n s"]:
    """How much every source helped every row in every round; NaN for the task itself."""
    metric = headline(runs.data.tasks, task)
    sign = 1.0 if metric.greater_is_better else -1.0
    together = runs.answers(runs.tasks)[task]
    values = np.full((len(together.responses), len(together.truth), len(sources)), np.nan)
    for run in range(len(together.responses)):
        own = row_values(metric, together, run)
        for place, source in enumerate(sources):
            if source == task or own is None:
                continue
            other = row_values(metric, runs.answers(without[source])[task], run)
            if other is not None:
                values[run, :, place] = sign * (own - other)
    return values


def kept_rows(
    runs: GroupRuns, task: str, values: Float64[np.ndarray, "rounds n s"], seed: int
) -> HelpedRows:
    """Means over rounds of the rows, or of a random sample of them."""
    mean = values.mean(axis=0)
    tables, ids = _names_of_rows(runs, task)
    kept = np.arange(len(mean))
    if len(kept) > _MOST_ROWS:
        kept = np.sort(np.random.default_rng(seed).permutation(kept)[:_MOST_ROWS])
    return HelpedRows(
        tuple(tables[row] for row in kept),
        tuple(int(ids[row]) for row in kept),
        tuple(
            tuple(None if np.isnan(value) else float(f"{value:.4g}") for value in mean[row])
            for row in kept
        ),
    )


def _names_of_rows(runs: GroupRuns, task: str) -> tuple[list[str], Int64[np.ndarray, " n"]]:
    """Data source and position in the user's table of the labelled rows that are measured."""
    tables: list[str] = []
    ids = [np.zeros(0, dtype=np.int64)]
    for source in runs.data.sources:
        if task not in source.tasks.names:
            continue
        tested = [split.test.get(source.name, ids[0]) for split in runs.rounds[0].splits]
        rows = np.intersect1d(source.labelled().rows(task), np.concatenate(tested))
        tables += [source.name] * len(rows)
        ids.append(np.asarray(source.row_ids, dtype=np.int64)[rows])
    return tables, np.concatenate(ids)


def extreme_rows(
    runs: GroupRuns,
    task: str,
    sources: Sequence[str],
    values: Float64[np.ndarray, "rounds n s"],
) -> list[HelpedRow]:
    """The predictions of a task that were helped most, and those harmed most."""
    mean = values.mean(axis=0)
    places = np.argwhere(np.isfinite(mean))
    if not len(places):
        return []
    tables, ids = _names_of_rows(runs, task)
    order = np.argsort([-mean[row, source] for row, source in places], kind="stable")
    chosen = [*order[:_EXTREMES], *order[max(_EXTREMES, len(order) - _EXTREMES) :]]
    found = []
    for row, source in places[chosen].tolist():
        value = float(mean[row, source])
        agreeing = int((np.sign(values[:, row, source]) == np.sign(value)).sum())
        found.append(HelpedRow(task, sources[source], tables[row], int(ids[row]), value, agreeing))
    return found
