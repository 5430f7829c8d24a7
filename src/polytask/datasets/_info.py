"""Descriptions of public data sets, and public data sets that have been read."""

from __future__ import annotations

from dataclasses import dataclass

from polytask.data import MultiTaskDataset, Splitter
from polytask.datasets._public_file import PublicFile

__all__ = ["DatasetInfo", "FetchedDataset"]


@dataclass(frozen=True)
class DatasetInfo:
    """The description of a public data set in the catalogue.

    Parameters
    ----------
    name : str
        Such as ``"census-income"``.
    description : str
    rows : int
    tasks : tuple of str
    licence : str
    citation : str
    flags : str
        Options after ``polytask compare TABLE`` for learning its tasks.
    files : tuple of PublicFile
        Its files; empty if it comes with the package or scikit-learn.
    """

    name: str
    description: str
    rows: int
    tasks: tuple[str, ...]
    licence: str
    citation: str
    flags: str
    files: tuple[PublicFile, ...] = ()

    @property
    def availability(self) -> str:
        """Either “built-in”, “at hand” or “not at hand” (content unchecked)."""
        if not self.files:
            return "built-in"
        return "at hand" if all(file.local_path() for file in self.files) else "not at hand"


@dataclass(frozen=True, eq=False)
class FetchedDataset:
    """A public data set with its published split.

    Parameters
    ----------
    dataset : MultiTaskDataset
    split : Splitter
        Training and test rows as published, if they are; other parts are drawn by seed.
    info : DatasetInfo
        Description, licence and citation.

    Examples
    --------
    >>> from polytask import compare  # doctest: +SKIP
    >>> census = fetch_census_income()  # doctest: +SKIP
    >>> compare(census.dataset, split=census.split)  # doctest: +SKIP
    """

    dataset: MultiTaskDataset
    split: Splitter
    info: DatasetInfo
