"""Files by source name, from ``NAME=FILE`` on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from polytask.cli._places import at_home
from polytask.exceptions import ParameterError

__all__ = ["source_paths"]


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
        name, equals, path = text.partition("=")
        if not (equals and name.strip() and path.strip()):
            sentence = f"--source must be written NAME=FILE, such as red=red.csv. Got {text!r}."
            raise ParameterError(sentence)
        if name in paths:
            sentence = f"--source names {name} twice, {paths[name]} and {path}. Rename one of them."
            raise ParameterError(sentence)
        paths[name] = at_home(Path(path))
    return paths
