"""Names that are imported from the wrong room: where they are public.

The package itself imports this module, which therefore loads others only where a name is missing.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import ModuleType

__all__ = ["hint_at_rooms", "remedy"]

_ROOT = __name__.partition(".")[0]


def hint_at_rooms() -> None:
    """Let an import of a name from the wrong room say which room has it.

    Nothing is read or imported before such an import fails.
    """
    if not any(type(finder).__qualname__ == _Rooms.__qualname__ for finder in sys.meta_path):
        sys.meta_path.append(_Rooms())


class _Rooms:
    """The last finder, which finds nothing: it raises where another room has the name.

    ``from polytask.architectures import MLP`` looks for a module ``polytask.architectures.MLP`` after
    the room turned out to have no such attribute.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        room, _, name = fullname.rpartition(".")
        if room.partition(".")[0] == _ROOT and (sentence := remedy(name)):
            raise ImportError(f"cannot import name {name!r} from {room!r}. {sentence}", name=room)
        return None


def remedy(name: str) -> str:
    """A sentence on the rooms in which a name is public; empty if it is in none.

    Examples
    --------
    >>> from polytask._elsewhere import remedy
    >>> remedy("MLP")
    'It is in polytask.encoders: from polytask.encoders import MLP.'
    """
    rooms = [] if name.startswith("_") else _rooms_by_name().get(name, [])
    if not rooms:
        return ""
    return f"It is in {' and '.join(rooms)}: from {rooms[0]} import {name}."


@cache
def _rooms_by_name() -> dict[str, list[str]]:
    """Read from the sources, since importing a room may load torch."""
    from pathlib import Path

    rooms: dict[str, list[str]] = {}
    root = Path(__file__).parent
    files = sorted(root.glob("[!_]*/__init__.py")) + sorted(root.glob("[!_]*.py"))
    for file in files:
        room = file.parent.name if file.stem == "__init__" else file.stem
        for name in _public(file):
            rooms.setdefault(name, []).append(f"{_ROOT}.{room}")
    return rooms


def _public(file: Path) -> list[str]:
    import ast

    for statement in ast.parse(file.read_bytes()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return list(ast.literal_eval(statement.value))
    return []
