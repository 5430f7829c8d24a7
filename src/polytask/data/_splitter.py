"""The contract of a way to split, and what all ways share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from polytask.data._dataset import MultiTaskDataset
from polytask.data._partition import partition
from polytask.data._source import Source
from polytask.data._split import Split
from polytask.data._strata import check_labelled

__all__ = ["PARTS", "Splitter", "drawn_split"]

PARTS = ("train", "validation", "test")


class Splitter(ABC):
    """Data set and seed → splits."""

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
            If there are too few rows or groups to split.
        """

    def prepared(self, dataset: MultiTaskDataset) -> MultiTaskDataset:
        """The data set as learners see it, without the columns that say how to split."""
        return dataset.without_columns(self.excluded)


def drawn_split(
    dataset: MultiTaskDataset,
    shares: Sequence[float],
    seed: int,
    name: str,
) -> Split:
    """A split of every source by shares of its rows, drawn by seed and stratified."""
    generator = np.random.default_rng(seed)
    check_labelled(dataset, sum(share > 0 for share in shares))
    parts: dict[str, dict[str, np.ndarray]] = {part: {} for part in PARTS}
    for source in dataset.sources:
        for part, rows in zip(PARTS, source_parts(source, shares, generator), strict=True):
            parts[part][source.name] = rows
    return Split(**parts, name=name)


def source_parts(
    source: Source, shares: Sequence[float], generator: np.random.Generator
) -> list[np.ndarray]:
    """Rows of each part of one source, ascending."""
    part = partition(source, shares, generator)
    return [np.flatnonzero(part == number) for number in range(len(shares))]
