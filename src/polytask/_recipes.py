"""Recipes (frozen dataclasses of plain arguments) to JSON and back; factories by import path."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import math
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from polytask.exceptions import ParameterError

__all__ = ["from_json", "import_path", "to_json"]

Json = Any
_PLAIN = (str, int, bool, type(None))


def import_path(thing: type | Callable[..., Any]) -> str:
    """Return ``module:qualified.name``, refusing what a fresh process could not import."""
    path = f"{thing.__module__}:{thing.__qualname__}"
    if "<" in thing.__qualname__ or thing.__module__ == "__main__":
        sentence = (
            f"{path} cannot be named in a saved recipe. "
            "Define it at the top of an importable module."
        )
        raise ParameterError(sentence)
    return path


def _imported(path: str) -> Any:  # noqa: ANN401 - whatever the path names
    module, _, name = path.partition(":")
    thing: Any = importlib.import_module(module)
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


def to_json(value: object) -> Json:
    """Write a recipe, or any nesting of recipes and plain values, as JSON."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {"mapping": [[to_json(key), to_json(item)] for key, item in value.items()]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
        return {"type": import_path(type(value)), "parameters": fields}
    if isinstance(value, type | FunctionType) or inspect.isbuiltin(value):
        return {"import": import_path(value)}
    if hasattr(value, "get_params"):  # scikit-learn's contract
        parameters = {k: to_json(v) for k, v in value.get_params(deep=False).items()}
        return {"type": import_path(type(value)), "parameters": parameters}
    sentence = f"A recipe cannot hold {value!r}: give plain values, frozen dataclasses or importable factories."
    raise ParameterError(sentence)


def from_json(value: Json) -> Any:  # noqa: ANN401 - whatever was written
    """Build what `to_json` wrote; lists come back as tuples."""
    if isinstance(value, list):
        return tuple(from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "float" in value:
        return float(value["float"])
    if "mapping" in value:
        return {from_json(key): from_json(item) for key, item in value["mapping"]}
    if "import" in value:
        return _imported(value["import"])
    parameters = {name: from_json(item) for name, item in value["parameters"].items()}
    return _imported(value["type"])(**parameters)
