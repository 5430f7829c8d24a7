"""Random splits, and checks that every task has labelled training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polytask._listing import first_and_more
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import fit_targets
from polytask.data.splits._partition import partitions
from polytask.data.splits._split import Split
from polytask.exceptions import TooFewRowsError

__all__ = ["check_training_rows", "drawn_split", "drawn_validation", "unlabelled_tasks"]

RowsBySource = Mapping[str, np.ndarray]


def drawn_split(
    dataset: MultiTaskDataset, validation: float, test: float, seed: int, name: str
) -> Split:
    """Draw stratified shares of every source's rows."""
    generator = np.random.default_rng(seed)
    shares = (1.0 - validation - test, validation, test)
    _check_labelled(dataset, shares)
    targets = fit_targets(dataset.sources)
    parts = partitions(dataset.sources, targets, shares, generator)
    train, validate, tested = (
        {source: rows[part] for source, rows in parts.items()} for part in range(3)
    )
    check_training_rows(dataset, train)
    return Split(train, validate, tested, name)


def drawn_validation(
    dataset: MultiTaskDataset, train: RowsBySource, share: float, generator: np.random.Generator
) -> tuple[RowsBySource, RowsBySource]:
    """Draw a stratified share of the training rows for validation; return the rest and it."""
    kept, drawn = {}, {}
    sources = dataset.take(train).sources
    targets = fit_targets(dataset.sources)  # of all rows: the training rows may lack a class
    parts = partitions(sources, targets, (1.0 - share, share), generator)
    for source in sources:
        rows = np.asarray(train.get(source.name, np.empty(0, dtype=np.int64)))
        kept[source.name], drawn[source.name] = (rows[part] for part in parts[source.name])
    return kept, drawn


def _check_labelled(dataset: MultiTaskDataset, shares: Sequence[float]) -> None:
    needed = sum(share > 0 for share in shares)
    few: dict[str, int] = {}
    for task in dataset.tasks:
        carrying = [s for s in dataset.sources if task.name in s.tasks.names]
        labelled = sum(len(source.labelled().rows(task.name)) for source in carrying)
        if labelled < needed:
            few[task.name] = labelled
    if not few:
        return
    if len(few) == 1:
        ((name, labelled),) = few.items()
        held = f"Task {name!r} has {labelled} labelled row{'s' * (labelled != 1)}"
    else:
        counts = first_and_more([f"{name!r} ({labelled})" for name, labelled in few.items()])
        held = f"{len(few)} tasks have labelled rows, {counts}"
    sentence = (
        f"{held}, too few to split in {needed} parts: at least {needed} are needed. Add rows, or "
        f"leave {'these tasks' if len(few) > 1 else 'this task'} out of the table."
    )
    why = f"with too few labelled rows to split in {needed} parts"
    raise TooFewRowsError(sentence, list(few), why)


def check_training_rows(dataset: MultiTaskDataset, train: RowsBySource) -> None:
    """Raise `TooFewRowsError` if a task has no labelled training row."""
    absent = unlabelled_tasks(dataset, train)
    if absent:
        tasks = first_and_more([repr(name) for name in absent])
        sentence = (
            f"No training row of the split is labelled for the task{'s' * (len(absent) > 1)} "
            f"{tasks}. Split in another way, or leave such tasks out of the table."
        )
        raise TooFewRowsError(sentence, absent, "with no labelled training row in the split")


def unlabelled_tasks(dataset: MultiTaskDataset, rows: RowsBySource) -> list[str]:
    """Tasks without a label in the rows, which are given per source."""
    labelled: set[str] = set()
    for source in dataset.sources:
        among = np.zeros(source.n_rows, dtype=bool)
        among[rows.get(source.name, np.empty(0, dtype=np.int64))] = True
        labels = source.labelled()
        labelled |= {name for name in source.tasks.names if among[labels.rows(name)].any()}
    return [name for name in dataset.tasks.names if name not in labelled]
