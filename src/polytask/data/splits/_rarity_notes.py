"""Notes on rows that are too few: rare classes, events, groups, tasks without validation labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from polytask._listing import first_and_more
from polytask.data.dataset import MultiTaskDataset
from polytask.data.sources import Source, fit_targets
from polytask.data.splits._cold_tasks import cold_task_notes
from polytask.data.splits._drawn_split import unlabelled_tasks
from polytask.data.splits._split import Split
from polytask.tasks import FittedTarget, Label

__all__ = ["rarity_notes"]

_FEW_ROWS = 20
_FEW_GROUPS = 10
_SHOWN = 5


class _Class(NamedTuple):
    """A class of a task, with its numbers of training and test rows in a split."""

    task: str
    label: Label
    train: int
    test: int

    def __str__(self) -> str:
        return f"{self.test} of class {self.label!r} ({self.task})"


def rarity_notes(data: MultiTaskDataset, splits: Sequence[Split]) -> tuple[str, ...]:
    """Notes on what test and validation rows cannot show, one sentence per reason.

    Parameters
    ----------
    data : MultiTaskDataset
    splits : sequence of Split
        Counts are those of the split with the fewest rows.

    Returns
    -------
    tuple of str
        About tasks with fewer than 20 test rows of their rarer class or with an event, test rows
        from fewer than 10 groups, classes without a training row, tasks with few labelled training
        rows beside others with many, and primary tasks without a labelled validation row.

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import RandomSplit, rarity_notes
    >>> data = polytask.read({"age": range(40), "rich": [0, 0, 0, 1] * 10}, ["rich"])
    >>> print(*rarity_notes(data, RandomSplit().splits(data, seed=0)))
    Fewer than 20 test rows of the rarer class: 2 of class 1 (rich). Single rows decide the metrics.
    """
    labelled = list(_labelled(data))
    classes = [list(_classes(labelled, split)) for split in splits]
    where = "" if len(splits) == 1 else " in a fold"
    few_events = _few_events(data, splits, where)
    return (
        *_few_rows(classes, where),
        *few_events,
        *_few_groups(data, splits, where),
        *_untrained(classes),
        *cold_task_notes(data, splits, where),
        *_unvalidated(data, splits, where),
    )


def _few_rows(splits: Sequence[Sequence[_Class]], where: str) -> list[str]:
    rarest: dict[str, _Class] = {}
    for classes in splits:
        tested = {counted.task for counted in classes if counted.test}
        for counted in classes:
            known = rarest.get(counted.task, counted)
            if counted.task in tested and counted.train:
                rarest[counted.task] = min(known, counted, key=lambda c: c.test)
    few = sorted((c for c in rarest.values() if c.test < _FEW_ROWS), key=lambda c: c.test)
    if not few:
        return []
    shown = first_and_more(few, _SHOWN)
    sentence = (
        f"Fewer than {_FEW_ROWS} test rows of the rarer class{where}: {shown}. "
        "Single rows decide the metrics."
    )
    return [sentence]


def _few_events(data: MultiTaskDataset, splits: Sequence[Split], where: str) -> list[str]:
    counts: dict[str, np.ndarray] = {}
    for task, source, rows in _rows_with_events(data):
        in_split = [int(np.isin(split.test.get(source, ()), rows).sum()) for split in splits]
        counts[task] = counts.get(task, 0) + np.array(in_split)
    few = {
        task: fewest for task, of_task in counts.items() if (fewest := of_task.min()) < _FEW_ROWS
    }
    if not few:
        return []
    shown = first_and_more([f"{few[task]} ({task})" for task in sorted(few, key=few.__getitem__)])
    sentence = f"Fewer than {_FEW_ROWS} test rows with an event{where}: {shown}. Single rows decide the metrics."
    return [sentence]


def _rows_with_events(data: MultiTaskDataset) -> Iterator[tuple[str, str, np.ndarray]]:
    """Tasks with events, sources, and the rows of these with an event."""
    targets = fit_targets(data.sources)
    for source in data.sources:
        labels = source.labelled()
        for task in source.tasks:
            kind, target = task.known_kind, targets[task.name]
            truth = kind.truth(list(labels.columns(task.name).values()), target)
            if (events := kind.events(truth, target)) is not None:
                yield task.name, source.name, labels.rows(task.name)[events == 1]


def _few_groups(data: MultiTaskDataset, splits: Sequence[Split], where: str) -> list[str]:
    grouped = [source for source in data.sources if source.groups is not None]
    if len(grouped) < len(data.sources):
        return []
    fewest = min(_n_groups(grouped, split) for split in splits)
    if fewest >= _FEW_GROUPS:
        return []
    sentence = (
        f"The test rows{where} come from {fewest} group{'s' * (fewest != 1)}, fewer than "
        f"{_FEW_GROUPS}: little can be said about new groups."
    )
    return [sentence]


def _n_groups(sources: Sequence[Source], split: Split) -> int:
    groups = [np.asarray(s.groups)[split.test.get(s.name, np.empty(0, np.int64))] for s in sources]
    return len(np.unique(np.concatenate(groups)))


def _untrained(splits: Sequence[Sequence[_Class]]) -> list[str]:
    untrained: dict[tuple[str, Label], _Class] = {}
    for classes in splits:
        untrained |= {(c.task, c.label): c for c in classes if c.test and not c.train}
    if not untrained:
        return []
    several = len(untrained) > 1
    sentence = (
        f"{'Classes' if several else 'A class'} without a training row: "
        f"{first_and_more(untrained.values(), _SHOWN)} among the test rows. "
        f"No model can predict {'them' if several else 'it'}."
    )
    return [sentence]


def _unvalidated(data: MultiTaskDataset, splits: Sequence[Split], where: str) -> list[str]:
    """A note on primary tasks that choices by validation rows pass over."""
    validations = [split.validation for split in splits if any(map(len, split.validation.values()))]
    absent = {name for rows in validations for name in unlabelled_tasks(data, rows)}
    names = [task.name for task in data.tasks if task.is_primary and task.name in absent]
    if not names:
        return []
    sentence = (
        f"Without a labelled validation row{where}: {first_and_more(names, _SHOWN)}. "
        "Neither the end of training nor settings nor the model to use are chosen by "
        f"{'them' if len(names) > 1 else 'it'}."
    )
    return [sentence]


class _Labelled(NamedTuple):
    """Class codes of a task on the labelled rows of a source, per column."""

    task: str
    target: FittedTarget
    source: str
    rows: np.ndarray
    codes: np.ndarray


def _labelled(data: MultiTaskDataset) -> Iterator[_Labelled]:
    targets = fit_targets(data.sources)
    for task in data.tasks:
        target, kind = targets[task.name], task.known_kind
        for source in data.sources:
            if task.name in source.tasks.names:
                labels = source.labelled()
                columns, rows = list(labels.columns(task.name).values()), labels.rows(task.name)
                codes = kind.class_codes(kind.truth(columns, target), target)
                if codes is not None:
                    yield _Labelled(task.name, target, source.name, rows, codes)


def _classes(labelled: Sequence[_Labelled], split: Split) -> Iterator[_Class]:
    """All classes of all tasks with classes; columns of a task are counted separately."""
    counts: dict[str, np.ndarray] = {}
    targets = {labels.task: labels.target for labels in labelled}
    for labels in labelled:
        counts[labels.task] = counts.get(labels.task, 0) + np.stack(
            [_counts(labels, split.train), _counts(labels, split.test)]
        )
    for task, target in targets.items():
        n_columns = counts[task].shape[1]
        for column in range(n_columns):
            for code, label in enumerate(target.classes):
                shown = f"{target.columns[column]}={label}" if n_columns > 1 else label
                train, test = counts[task][:, column, code].tolist()
                yield _Class(task, shown, train, test)


def _counts(labelled: _Labelled, part: Mapping[str, np.ndarray]) -> np.ndarray:
    """Numbers of rows of a part by column and class."""
    rows = np.asarray(part.get(labelled.source, ()), dtype=np.int64)
    table = labelled.codes[np.isin(labelled.rows, rows)]
    classes = np.arange(len(labelled.target.classes))
    return np.stack([(column[:, None] == classes).sum(axis=0) for column in table.T])
