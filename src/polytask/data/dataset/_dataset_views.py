"""Sources of rows with their tasks: parts of them, other tasks, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from polytask._listing import first_and_more
from polytask._naming import suggestion
from polytask.data.dataset._kept_rows import take_rows, without_columns, without_zero_weights
from polytask.data.sources import (
    Source,
    data_digest,
    metric_notes,
    source_summary,
    task_summaries,
    unit_weights,
)
from polytask.exceptions import DataError, UnknownNameError
from polytask.tasks import Task, TaskSet

__all__ = ["DatasetViews"]

View = TypeVar("View", bound="DatasetViews")


@dataclass(frozen=True, eq=False)
class DatasetViews:
    """What a data set consists of, and the data sets of some of it.

    Parameters
    ----------
    sources : tuple of Source
    tasks : TaskSet
    notes : tuple of str
    """

    sources: tuple[Source, ...]
    tasks: TaskSet
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for source in self.sources:
            if source.inputs.width == 0:
                raise DataError(f"Source {source.name!r} has no input column to learn from.")
        names = [source.name for source in self.sources]
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            sentence = (
                "The `sources` parameter of MultiTaskDataset must be sources with unique names. "
                f"Got {repeated[0]!r} twice; rename one of them."
            )
            raise DataError(sentence)
        carried = {name for source in self.sources for name in source.tasks.names}
        absent = [name for name in self.tasks.names if name not in carried]
        if absent:
            sentence = (
                "The `sources` parameter of MultiTaskDataset must be sources that carry every task. "
                f"Got {first_and_more(names)}, none of which has the task {absent[0]!r}."
            )
            raise DataError(sentence)

    @property
    def n_rows(self) -> int:
        """Number of rows of all sources."""
        return sum(source.n_rows for source in self.sources)

    def source(self, name: str) -> Source:
        """Return the source of a name."""
        for source in self.sources:
            if source.name == name:
                return source
        names = [source.name for source in self.sources]
        sentence = f"There is no source named {name!r}. {suggestion(name, names)}"
        raise UnknownNameError(sentence)

    def take(self: View, rows: Mapping[str, np.ndarray]) -> View:  # noqa: PYI019 - beartype does not know Self
        """Select rows by source name; sources that are not named keep none."""
        for name in rows:
            self.source(name)
        return replace(self, sources=take_rows(self.sources, rows))

    def unit_weights(self, task: str) -> dict[str, np.ndarray]:
        """Weights of a task's labelled rows by source, scaled to a mean of 1.

        Rows of sources without weights have weight 1.
        """
        return unit_weights(self.sources, task)

    def without_zero_weights(self: View) -> View:  # noqa: PYI019 - beartype does not know Self
        """Remove the rows whose weight is 0 for every task.

        Learners fit and validate on the result, so that a weight of 0 excludes the inputs too.
        """
        sources = without_zero_weights(self.sources)
        return self if sources == self.sources else replace(self, sources=sources)

    def without_tasks(self: View, names: Collection[str]) -> View:  # noqa: PYI019 - beartype does not know Self
        """Remove tasks, and the rows and sources that only they have; ignore unknown names."""
        sources = (source.without_tasks(names) for source in self.sources)
        tasks = self.tasks.subset([name for name in self.tasks.names if name not in names])
        return replace(self, sources=tuple(s for s in sources if s is not None), tasks=tasks)

    def of_tasks(self: View, names: Collection[str]) -> View:  # noqa: PYI019 - beartype does not know Self
        """Keep these tasks, as `without_tasks` of all others does."""
        return self.without_tasks([name for name in self.tasks.names if name not in names])

    def with_tasks(self: View, tasks: Mapping[str, Task]) -> View:  # noqa: PYI019 - beartype does not know Self
        """Replace tasks by others with different weights, losses, metrics or dependencies.

        Parameters
        ----------
        tasks : mapping of str to Task
            Keyed by the names of the tasks that they replace; of equal kind and target columns.
        """
        replaced = TaskSet(tasks.get(task.name, task) for task in self.tasks)
        sources = (
            replace(source, tasks=replaced.subset(source.tasks.names)) for source in self.sources
        )
        before, now = metric_notes(self.tasks), metric_notes(replaced)
        kept = [note for note in self.notes if note not in before or note in now]
        notes = (*kept, *(note for note in now if note not in kept))
        return replace(self, sources=tuple(sources), tasks=replaced, notes=notes)

    def without_columns(self: View, names: Iterable[str]) -> View:  # noqa: PYI019 - beartype does not know Self
        """Remove input columns; ignore unknown names."""
        return replace(self, sources=without_columns(self.sources, names))

    def digest(self) -> str:
        """Sha256 of tasks, inputs, targets, weights and groups, the same in every process."""
        return data_digest(self.sources, self.tasks)

    def summary(self) -> dict[str, Any]:
        """Rows, columns by type, and statistics of labels, as plain values for JSON."""
        tasks = task_summaries(self.sources)
        return {
            "rows": self.n_rows,
            "sources": [source_summary(source) for source in self.sources],
            "tasks": [tasks[name] for name in self.tasks.names],
            "notes": list(self.notes),
        }
