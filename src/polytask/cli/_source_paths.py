"""Files by source name, from ``NAME=FILE`` on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from polytask.cli._places import at_home
from polytask.exceptions import ParameterError

__all__ = ["data_paths", "source_paths"]


def data_paths(table: Path | None, sources: Sequence[str], what_for: str) -> dict[str, Path]:
    """The file of each source, or of the one table under an empty name.

    Parameters
    ----------
    table : Path, optional
    sources : sequence of str
        As in `source_paths`.
    what_for : str
        What the rows are read for, for the error where none are named.

    Raises
    ------
    ParameterError
        If both are given, or neither.
    """
    if table is not None and sources:
        sentence = "Give either one table or sources by --source NAME=FILE, not both."
        raise ParameterError(sentence)
    if table is None and not sources:
        sentence = (
            f"Name the table to {what_for}, such as rows.csv, or several by --source NAME=FILE."
        )
        raise ParameterError(sentence)
    return source_paths(sources) if table is None else {"": at_home(table)}


def source_paths(texts: Sequence[str]) -> dict[str, Path]:
    """The file of each source, by its name.

    Examples
    --------
    >>> from polytask.cli._source_paths import source_paths
    >>> {name: str(path) for name, path in source_paths(["red=red.csv", "white=w=1.csv"]).items()}
    {'red': 'red.csv', 'white': 'w=1.csv'}
    """
    paths: dict[str, Path] = {}
    for text in texts:
        name, equals, path = (part.strip() for part in text.partition("="))
        if not (equals and name and path):
            sentence = f"--source must be written NAME=FILE, such as red=red.csv. Got {text!r}."
            raise ParameterError(sentence)
        if name in paths:
            sentence = f"--source names {name} twice, {paths[name]} and {path}. Rename one of them."
            raise ParameterError(sentence)
        paths[name] = at_home(Path(path))
    return paths
