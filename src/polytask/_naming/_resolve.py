"""Public objects of a room by their names."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from polytask._naming._imported import imported_object, is_concrete
from polytask._naming._spelling import fold
from polytask._naming._unknown import spelt, unknown

__all__ = ["public_classes", "resolve"]


def resolve(
    name: str,
    room: str | Sequence[str],
    what: str,
    base: type | None = None,
    *,
    imports: bool = False,
) -> object:
    """Find the public object of module `room` that `name` means, by walking its `__all__`.

    Parameters
    ----------
    name : str
        The name in any spelling that `fold` makes equal.
    room : str or sequence of str
        Import path of a room, such as ``"polytask.weighting"``, or of several.
    what : str
        What the name stands for, for the error sentence.
    base : type, optional
        Only subclasses of this class count, itself not among them.
    imports : bool, default False
        Whether ``module:Name`` is imported, for classes of the user's own. While a file is read
        it must lie in what the user trusts (`polytask._trust.only_trusted`).

    Raises
    ------
    UnknownNameError
        If nothing public in the room carries the name; the nearest one is suggested.
    UntrustedError
        If a file names what is not trusted.
    """
    if imports and ":" in name:
        return imported_object(name, what, base)
    rooms = [room] if isinstance(room, str) else room
    public = {name: thing for each in rooms for name, thing in _public(each, base).items()}
    for candidate, thing in public.items():
        if fold(candidate) == fold(name):
            return thing
    written = [spelt(known, getattr(thing, "name", None)) for known, thing in public.items()]
    raise unknown(name, what, written, imports=imports)


def public_classes(room: str, base: type) -> dict[str, Any]:
    """Public concrete classes of a room that extend `base`, by name, in the order of `__all__`.

    Parameters
    ----------
    room : str
        Import path of a room, such as ``"polytask.weighting"``; never a name from a file.
    base : type

    Examples
    --------
    >>> from polytask._naming import public_classes
    >>> from polytask.tasks import Kind
    >>> public_classes("polytask.tasks", Kind)["Binary"]
    <class 'polytask.tasks._binary.Binary'>
    """
    return _public(room, base)


def _public(room: str, base: type | None) -> dict[str, Any]:
    module = importlib.import_module(room)
    things = {name: getattr(module, name) for name in module.__all__}
    return {
        name: thing
        for name, thing in things.items()
        if base is None or (thing is not base and is_concrete(thing, base))
    }
