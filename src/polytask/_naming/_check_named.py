"""Check of names whose room is not imported."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

from polytask._naming._spelling import fold
from polytask._naming._unknown import spelt, unknown
from polytask._trust import check_import

__all__ = ["check_named"]

_CLASS = re.compile(r"^class (\w+)(?:\[.*\])?\(([^)]*)\)", re.MULTILINE)
_NAMED = re.compile(
    r'^class (\w+)\b.*\n(?:(?!class ).*\n)*?    name: ClassVar\[str\] = "(\w+)"$',
    re.MULTILINE,
)
"""A class with the name that users write."""
_LISTED = re.compile(r'^    "(\w+)",$', re.MULTILINE)
_WORD = re.compile(r"\w+")


def check_named(name: str, room: str, what: str, base: str) -> None:
    """Raise unless `name` means a public class of a room, which is read and not imported.

    For rooms on floors above, and such as take seconds to import. A name of the form
    ``module:Class`` is left to whoever imports it; while a file is read it must be trusted.

    Parameters
    ----------
    name, room, what
        As in `resolve`.
    base : str
        Name of the class that it must extend.

    Raises
    ------
    UnknownNameError
        If nothing public in the room carries the name; the nearest one is suggested.

    Examples
    --------
    >>> from polytask._naming import check_named
    >>> check_named("huber", "polytask.losses", "loss", "Loss")
    """
    if ":" in name:
        check_import(name)
    known = _declared(room, base)
    if known and ":" not in name and fold(name) not in map(fold, known):
        raise unknown(name, what, known)


@cache
def _declared(room: str, base: str) -> tuple[str, ...]:
    """Names of public classes of a room that extend a class of that name, read from its files.

    Nothing where there are no files to read.
    """
    spec = importlib.util.find_spec(room)
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    texts = [
        path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py")
    ]
    bases = {
        name: set(_WORD.findall(listed)) for text in texts for name, listed in _CLASS.findall(text)
    }
    heirs = {base}
    while further := {name for name, above in bases.items() if above & heirs} - heirs:
        heirs |= further
    inits = [(folder / "__init__.py").read_text(encoding="utf-8") for folder in folders]
    public = {name for text in inits for name in _LISTED.findall(text)}
    own = {name: written for text in texts for name, written in _NAMED.findall(text)}
    return tuple(spelt(name, own.get(name)) for name in sorted((heirs - {base}) & public))
