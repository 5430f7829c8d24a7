"""``NAME=FILE`` on the command line → files by the names of their sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from polytask.cli._places import at_home
from polytask.exceptions import ParameterError

__all__ = ["source_paths"]


def source_paths(words: Sequence[str]) -> dict[str, Path]:
    """The file of each source, by its name.

    Examples
    --------
    >>> from polytask.cli._source_paths import source_paths
    >>> {name: str(path) for name, path in source_paths(["red=red.csv", "white=w=1.csv"]).items()}
    {'red': 'red.csv', 'white': 'w=1.csv'}
    """
    found: dict[str, Path] = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not (equals and name.strip() and path.strip()):
            sentence = f"--source must be written NAME=FILE, such as red=red.csv. Got {word!r}."
            raise ParameterError(sentence)
        if name in found:
            sentence = f"--source names {name} twice, {found[name]} and {path}. Rename one of them."
            raise ParameterError(sentence)
        found[name] = at_home(Path(path))
    return found
