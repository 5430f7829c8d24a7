"""`polytask methods`: all methods by room, those of one room, or one method."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from polytask._listing import enumerated
from polytask._naming import fold, required, resolve, suggestion
from polytask.cli._interrupt import ending_well
from polytask.cli._method_page import (
    description,
    needs,
    paper,
    settings_of_method,
    summary,
    training,
)
from polytask.cli._rooms import ROOMS, Room, room_of_class, rooms_named
from polytask.cli._voice import Voice
from polytask.cli._wrapped import wrapped
from polytask.exceptions import UnknownNameError
from polytask.learners.names import BALANCING, NameOwner, model_name, slot_of

__all__ = ["run"]

_FOOT = (
    "More on one: polytask methods NAME. Names may be spelt in any way (mgda, MGDA); module:Class "
    "is one of your own, installed or in the current folder. A model may name its encoder and balancing "
    "too: --model hard_sharing+residual_mlp+mgda."
)
_OWNER = NameOwner("polytask methods")
_NARROW = 24

_WITH_ARGUMENTS = {"penalty", "encoder"}
"""Slots of which a named method takes its required arguments from further settings."""


def run(name: str | None) -> None:
    """List all methods or those of a room, or describe one."""
    with ending_well(lambda: "run the same command again."):
        _run(name)


def _run(name: str | None) -> None:
    voice = Voice()
    rooms = ROOMS if name is None else rooms_named(name)
    if name is None:
        titles = ", ".join(room.title for room in ROOMS)
        voice.result(wrapped("", f"polytask methods ROOM lists one of: {titles}.") + "\n")
    for room in rooms:
        _list(voice, room)
    if rooms:
        voice.result(wrapped("", _FOOT))
    for index, (room, method) in enumerate([] if rooms else _named(str(name))):
        if index:
            voice.result("")
        _describe(voice, room, method, str(name))


def _named(name: str) -> Sequence[tuple[Room, Any]]:
    """The methods of a name; a class of the user's own by its path."""
    if ":" in name:
        return [_own(name)]
    found = [
        (room, method)
        for room in ROOMS
        for written, method in _written(room).items()
        if fold(name) in {fold(written), *(fold(each.__name__) for each in room.classes_of(method))}
    ]
    return found or _unknown(name)


def _own(name: str) -> tuple[Room, Any]:
    method: Any = resolve(name, "", "method", imports=True)
    room = room_of_class(method) if inspect.isclass(method) else None
    if room is None:
        kinds = enumerated(room.base.__name__ for room in ROOMS)
        sentence = f"{name} must be a class that extends one of these: {kinds}."
        raise UnknownNameError(sentence)
    return room, method


def _unknown(name: str) -> Sequence[tuple[Room, Any]]:
    known = [written for room in ROOMS for written in _written(room)]
    if "+" in name or "(" in name:
        model = model_name(name, _OWNER)
        parts = [model.base, *model.methods]
        for part in parts:
            _named(part)
        balanced = any(slot_of(word) in BALANCING for word in model.methods)
        what = "balancing" if balanced else "encoder" if model.methods else "settings"
        asks = " or ".join(f"polytask methods {part}" for part in parts)
        one_of_them = " one of them" if len(parts) > 1 else ""
        sentence = f"{name!r} is a model with its {what}. Ask for{one_of_them}: {asks}."
        raise UnknownNameError(sentence)
    guess = suggestion(name, [*known, *(room.title for room in ROOMS)])
    raise UnknownNameError(f"There is no method named {name!r}. {guess}")


def _written(room: Room) -> Mapping[str, Any]:
    """Methods by the names that users write."""
    return {room.name_of(method): method for method in room.methods().values()}


def _list(voice: Voice, room: Room) -> None:
    voice.result(wrapped("", f"{room.title.upper()}: {room.what} ({room.use.format('NAME')})"))
    methods = sorted(_written(room).items())
    width = min(_NARROW, max(len(name) for name, _ in methods))
    for name, method in methods:
        needed = needs(method)
        note = f" [needs {needed}]" if needed not in {"–", "losses"} else ""
        start = f"  {name:<{width}}  "
        voice.result(wrapped(start, summary(method) + _missing(room, method) + note, width + 4))
    voice.result("")


def _missing(room: Room, method: Any) -> str:
    """What the method's name alone cannot give."""
    arguments = ", ".join(required(method))
    if not arguments:
        return ""
    if _by_path(room, method):
        return f" It needs {arguments}."
    return f" From Python alone: it needs {arguments}."


def _by_path(room: Room, method: Any) -> bool:
    """Whether the command line reaches the method's settings, those that it requires too."""
    return room.prefix is not None and (not required(method) or room.slot in _WITH_ARGUMENTS)


def _describe(voice: Voice, room: Room, method: Any, typed: str) -> None:
    own = ":" in typed
    name = typed if own else room.name_of(method)
    by_path = _by_path(room, method)
    use = f"{room.model} {room.use.format(name)}".lstrip()
    for argument in required(method):
        use += f" --set {room.prefix}{argument}=…"
    module = typed.partition(":")[0] if own else room.module_of(method)
    classes = (method,) if own else room.classes_of(method)
    lines = {
        "use": use if by_path or not required(method) else "from Python",
        "python": f"from {module} import {', '.join(each.__name__ for each in classes)}",
        "needs": needs(method),
        "trains": training(method),
        "paper": paper(method),
    }
    voice.result(wrapped("", f"{name}: {summary(method)}{_missing(room, method)}") + "\n")
    for word, text in lines.items():
        if text not in {"", "–"}:
            voice.result(wrapped(f"  {word:<6}  ", text))
    voice.result(f"\n  {'settings (--set PATH=VALUE)' if by_path else 'parameters'}")
    settings = settings_of_method(method)
    for setting in settings:
        path = f"{room.prefix}{setting.name}" if by_path else setting.name
        value = "…, required" if setting.default is None else setting.default
        kind = f"  [{setting.type}]" if setting.type else ""
        start = f"    {path}={value}"
        voice.result(wrapped(start, kind, 8) if kind else start)
        if text := description(setting):
            voice.result(wrapped(" " * 8, text))
    if not settings:
        voice.result("    none")
