"""The contract of a way to split."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from polytask.data.dataset import MultiTaskDataset
from polytask.data.splits._split import Split

__all__ = ["Splitter"]


class Splitter(ABC):
    """Data set and seed → splits; a frozen dataclass of plain arguments."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that say how to split, whether or not they are inputs too."""
        return self.excluded

    @property
    def excluded(self) -> tuple[str, ...]:
        """Columns that say how to split and so are no inputs."""
        return ()

    @abstractmethod
    def splits(self, dataset: MultiTaskDataset, seed: int) -> list[Split]:
        """One or several splits, the same for the same seed.

        Raises
        ------
        DataError
            If there are too few rows or groups to split, or a task loses all its training rows.
        """

    def notes(self, dataset: MultiTaskDataset) -> tuple[str, ...]:
        """What is worth knowing of this way to split this data set, in words."""
        del dataset
        return ()

    def prepared(self, dataset: MultiTaskDataset) -> MultiTaskDataset:
        """The data set as learners see it: without the columns that only say how to split.

        Its notes end with those of `notes`.
        """
        notes = dict.fromkeys([*dataset.notes, *self.notes(dataset)])
        return replace(dataset, notes=tuple(notes)).without_columns(self.excluded)
