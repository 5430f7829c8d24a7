"""Abstract base class of splitters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from polytask.data.dataset import MultiTaskDataset
from polytask.data.splits._split import Split

__all__ = ["Splitter"]


class Splitter(ABC):
    """A way to split a data set by seed; subclasses are frozen dataclasses of plain arguments."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that determine the split, whether or not they are also inputs."""
        return self.excluded

    @property
    def excluded(self) -> tuple[str, ...]:
        """Columns that determine the split and are no inputs."""
        return ()

    @abstractmethod
    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """Return one or several splits, the same for the same seed.

        Raises
        ------
        DataError
            If there are too few rows or groups to split, or a task loses all its training rows.
        """

    def notes(self, dataset: MultiTaskDataset) -> tuple[str, ...]:
        """Sentences about this split of a data set."""
        del dataset
        return ()

    def prepared(self, dataset: MultiTaskDataset) -> MultiTaskDataset:
        """The data set without the columns that only determine the split, as learners get it.

        The notes of this splitter are appended to its notes.
        """
        notes = dict.fromkeys([*dataset.notes, *self.notes(dataset)])
        return replace(dataset, notes=tuple(notes)).without_columns(self.excluded)
