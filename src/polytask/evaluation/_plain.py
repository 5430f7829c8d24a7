"""Frozen dataclasses to plain JSON values and back, by their annotations."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["from_plain", "to_plain"]

Record = TypeVar("Record")


def to_plain(value: Any) -> Any:
    """Mappings, lists and scalars only."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {f.name: to_plain(getattr(value, f.name)) for f in fields if f.init}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[Record], values: Mapping[str, Any]) -> Record:
    """Build what `to_plain` wrote; unknown fields are an error."""
    hints = get_type_hints(kind)
    return kind(**{name: _built(hints[name], value) for name, value in values.items()})


def _built(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _built(next(one for one in inner if one is not types.NoneType), value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else list(inner)
        return tuple(_built(one, item) for one, item in zip(kinds, value, strict=True))
    if origin is Mapping:
        return {key: _built(inner[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, value)
    return value
