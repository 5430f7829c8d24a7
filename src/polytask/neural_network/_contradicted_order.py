"""Rows whose labels contradict the order of tasks that an architecture builds on."""

from __future__ import annotations

import numpy as np

from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset, Source
from polytask.tasks import Task

__all__ = ["contradicted_order"]


def contradicted_order(architecture: Architecture, data: MultiTaskDataset) -> list[str]:
    """A sentence for each pair of tasks of which the later one happens without the earlier one."""
    notes = []
    for later, earlier in architecture.nested(data.tasks):
        pair = data.tasks[later], data.tasks[earlier]
        counts = [_counts(source, *pair) for source in data.sources if _has(source, *pair)]
        n_both, n_against = (
            (sum(count) for count in zip(*counts, strict=True)) if counts else (0, 0)
        )
        if n_against:
            notes.append(_note(architecture, later, earlier, n_both, n_against))
    return notes


def _note(architecture: Architecture, later: str, earlier: str, n_both: int, n_against: int) -> str:
    return (
        f"{type(architecture).__name__} takes {later!r} to happen only where {earlier!r} does, but "
        f"{n_against:,} of the {n_both:,} rows with labels of both have {later!r} without "
        f"{earlier!r}. If the order is wrong, state another by `after`, on the command line "
        "--after; without an order, use hard_sharing or mmoe."
    )


def _has(source: Source, later: Task, earlier: Task) -> bool:
    return {later.name, earlier.name} <= set(source.tasks.names) and not source.own_rows


def _counts(source: Source, later: Task, earlier: Task) -> tuple[int, int]:
    """Rows with labels of both tasks, and those of them with the later one alone."""
    labels = source.labelled()
    happened = np.full((2, source.n_rows), np.nan)
    for own, task in zip(happened, (later, earlier), strict=True):
        columns = list(labels.columns(task.name).values())
        kind = task.known_kind
        own[labels.rows(task.name)] = kind.truth(
            columns, kind.fit(task.name, labels.columns(task.name))
        )
    both = ~np.isnan(happened).any(axis=0)
    return int(both.sum()), int((both & (happened[0] > happened[1])).sum())
