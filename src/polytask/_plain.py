"""Plain values from files: strict JSON, and dataclasses built by their annotations."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import stat
import sys
import types
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["from_plain", "parse_json", "read_file", "read_json", "to_plain"]

Record = TypeVar("Record")

_DEEPEST = 200
_LARGEST = 1 << 28
"""Bytes of a JSON file; larger ones would fill the memory."""
_LARGEST_FLOAT = int(sys.float_info.max)


def read_file(path: Path, most: int = _LARGEST) -> bytes:
    """Read a file of at most so many bytes; pipes and devices, which may never end, are refused.

    Raises
    ------
    ValueError
        If it is larger, or no regular file; the message says which.
    OSError
        If it cannot be read; it names the file.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("it is a pipe or a device, and no file")
            content = b"" if status.st_size > most else file.read(most + 1)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    if max(status.st_size, len(content)) > most:
        raise ValueError(f"it has more than the {most:,} bytes that are read")
    return content


def _without_waiting(path: str, flags: int) -> int:
    """Open a file without blocking on a pipe that has no writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_json(path: Path) -> Any:
    """Read a JSON file as `parse_json` does.

    Raises
    ------
    ValueError
        If it is no strict JSON, too large or too deep; the message says which.
    OSError
        If it cannot be read.
    """
    return parse_json(read_file(path))


def parse_json(content: bytes | str, *, finite: bool = True) -> Any:
    """Parse strict JSON: no number beyond a float, no name twice in one object.

    Parameters
    ----------
    content : bytes or str
    finite : bool, default True
        Whether NaN and infinities are refused too.

    Raises
    ------
    ValueError
        If it is something else, or nested more than 200 levels deep.

    Examples
    --------
    >>> from polytask._plain import parse_json
    >>> parse_json('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refused if finite else float,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except MemoryError as error:
        raise ValueError("it is too large for the memory") from error
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {twice[:40]!r} stands twice in one object")
    return members


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is no finite number")
    return number


def _check(value: Any) -> None:
    """Raise for values nested too deep, and for text that UTF-8 cannot encode."""
    level = [value]
    for _ in range(_DEEPEST):
        if not level:
            return
        following: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                following += item.keys()
                following += item.values()
            elif isinstance(item, list):
                following += item
            elif isinstance(item, str):
                item.encode("utf-8")  # a UnicodeEncodeError, which is a ValueError
        level = following
    raise ValueError("it is nested too deep")


def to_plain(value: Any) -> Any:
    """Convert dataclasses and tuples to mappings, lists and scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.name: to_plain(getattr(value, f.name)) for f in fields if f.init}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[Record], values: object) -> Record:
    """Build what `to_plain` wrote, and check every value against its field's annotation.

    Lists become tuples where the annotation says so; a field that is not annotated, or annotated
    with `Any`, takes whatever is there.

    Raises
    ------
    ValueError
        Naming the first field that is missing, unknown or holds something else.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from polytask._plain import from_plain
    >>> @dataclass(frozen=True)
    ... class Column:
    ...     name: str
    ...     width: int = 1
    >>> from_plain(Column, {"name": "age"})
    Column(name='age', width=1)
    """
    return _record(kind, values, kind.__name__)


def _record(kind: Any, values: object, where: str) -> Any:
    if not isinstance(values, Mapping):
        raise ValueError(f"{where} must be an object with names. Got {_short(values)} instead.")
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    strange = [name for name in values if name not in fields]
    missing = [
        name
        for name, field in fields.items()
        if name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if strange or missing:
        verb = "has an unknown" if strange else "lacks its"
        raise ValueError(f"{where} {verb} field {(strange or missing)[0]!r}.")
    hints = _hints(kind)
    return kind(
        **{name: _value(hints[name], value, f"{where}.{name}") for name, value in values.items()}
    )


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any, where: str) -> Any:
    """Convert a value to the type of its annotation."""
    if hint is Any or isinstance(hint, TypeVar):
        return value
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _member(inner, value, where)
    if origin is Literal:
        return _accepted(value in inner, value, where, f"one of {', '.join(map(repr, inner))}")
    if origin in {tuple, list, Sequence} or hint in {tuple, list}:
        return _items(origin or hint, inner, value, where)
    if origin in {Mapping, dict} or hint in {Mapping, dict}:
        _accepted(isinstance(value, Mapping), value, where, "an object with names")
        kinds = inner or (Any, Any)
        return {
            _value(kinds[0], key, where): _value(kinds[1], item, f"{where}.{key}")
            for key, item in value.items()
        }
    if dataclasses.is_dataclass(hint):
        return _record(hint, value, where)
    return _scalar(hint, value, where)


def _items(container: Any, inner: tuple[Any, ...], value: Any, where: str) -> Any:
    _accepted(isinstance(value, list | tuple), value, where, "a list")
    if container is not tuple:
        return [_value(inner[0] if inner else Any, item, where) for item in value]
    kinds = list(inner) or [Any, Ellipsis]
    if kinds[-1] is Ellipsis:
        kinds = [kinds[0]] * len(value)
    _accepted(len(kinds) == len(value), value, where, f"a list of {len(kinds)} values")
    return tuple(_value(kind, item, where) for kind, item in zip(kinds, value, strict=True))


def _member(members: tuple[Any, ...], value: Any, where: str) -> Any:
    """Convert a value to the first member of the union that it fits."""
    if value is None and types.NoneType in members:
        return None
    others = [member for member in members if member is not types.NoneType]
    for member in others[:-1]:
        try:
            return _value(member, value, where)
        except ValueError:
            continue
    return _value(others[-1], value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool)
    if hint is float:
        fits = isinstance(value, float) or (number and abs(value) < _LARGEST_FLOAT)
        return _accepted(fits, value, where, "a number")
    if hint is int:
        return _accepted(number, value, where, "a whole number")
    if hint is object:
        return value
    names = {str: "text", bool: "true or false", types.NoneType: "nothing"}
    fits = isinstance(hint, type) and isinstance(value, hint)
    return _accepted(fits, value, where, names.get(hint, str(hint)))


def _accepted(fits: bool, value: Any, where: str, expected: str) -> Any:
    if not fits:
        raise ValueError(f"{where} must be {expected}. Got {_short(value)} instead.")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
