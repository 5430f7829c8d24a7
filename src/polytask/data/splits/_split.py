from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from polytask.data.dataset import MultiTaskDataset

__all__ = ["Split"]


@dataclass(frozen=True, eq=False)
class Split:
    """The training, validation and test rows of every source.

    Parameters
    ----------
    train, validation, test : mapping of source name to array of rows
        Sources that are not named have no rows.
    name : str
    fold : int
        Position among the splits of one splitter.
    repetition : int
        Number of the repetition, if all rows are split several times.
    """

    train: Mapping[str, np.ndarray]
    validation: Mapping[str, np.ndarray]
    test: Mapping[str, np.ndarray]
    name: str = "split"
    fold: int = 0
    repetition: int = 0

    def apply(
        self, dataset: MultiTaskDataset
    ) -> tuple[MultiTaskDataset, MultiTaskDataset, MultiTaskDataset]:
        """The training, validation and test rows of a data set."""
        return dataset.take(self.train), dataset.take(self.validation), dataset.take(self.test)

    def among(self, kept: Mapping[str, np.ndarray]) -> Split:
        """The same split restricted to selected rows, which are renumbered.

        Parameters
        ----------
        kept : mapping of source name to array of rows
            Ascending; a source that is not named is dropped.
        """

        def renumbered(part: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {
                source: np.searchsorted(kept[source], np.intersect1d(rows, kept[source]))
                for source, rows in part.items()
                if source in kept
            }

        train, validation, test = map(renumbered, (self.train, self.validation, self.test))
        return replace(self, train=train, validation=validation, test=test)

    def digest(self) -> str:
        """Sha256 of the rows of the three parts."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update(b"part")
            for source in sorted(part):
                digest.update(f"{source}\0{len(part[source])}\0".encode())
                digest.update(np.asarray(part[source]).astype("<i8").tobytes())
        return digest.hexdigest()
