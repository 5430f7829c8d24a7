"""Recipes (frozen dataclasses of plain arguments) to JSON and back; factories by import path."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from types import FunctionType
from typing import Any

from polytask.exceptions import ParameterError

__all__ = ["from_json", "import_path", "to_json"]

Json = Any


def import_path(thing: type | Callable[..., Any]) -> str:
    """Return ``module:qualified.name``, refusing what a fresh process could not import.

    The module is the public one, where a package shows what a private module of it defines.

    Examples
    --------
    >>> from polytask._recipes import import_path
    >>> from polytask.tasks import Task
    >>> import_path(Task)
    'polytask.tasks:Task'
    """
    module, name = thing.__module__, thing.__qualname__
    if module in {None, "__main__"} or "<" in name:
        sentence = (
            f"{name} of {module} cannot be named in a saved recipe. "
            "Define it at the top of an importable module."
        )
        raise ParameterError(sentence)
    package = module
    while "._" in package:
        package = package.rpartition(".")[0]
        if getattr(sys.modules.get(package), name, None) is thing:
            return f"{package}:{name}"
    return f"{module}:{name}"


def to_json(value: object) -> Json:
    """Write a recipe, or any nesting of recipes and plain values, as JSON.

    Examples
    --------
    >>> from polytask._recipes import from_json, to_json
    >>> from polytask.tasks import Binary
    >>> to_json(Binary(positive="yes"))
    {'type': 'polytask.tasks:Binary', 'parameters': {'positive': 'yes'}}
    >>> from_json(to_json(Binary(positive="yes")))
    Binary(positive='yes')
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if math.isfinite(number) else {"float": repr(number)}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {"mapping": [[to_json(key), to_json(item)] for key, item in value.items()]}
    if isinstance(value, type | FunctionType) or inspect.isbuiltin(value):
        return {"import": import_path(value)}
    if _is_its_class(value):
        return {"import": import_path(type(value))}
    return {
        "type": import_path(type(value)),
        "parameters": {name: to_json(item) for name, item in _parameters(value).items()},
    }


def _is_its_class(value: object) -> bool:
    """Whether its class, called without arguments, stands for it, and whoever reads it knows."""
    if dataclasses.is_dataclass(value) or not getattr(value, "named_by_class", False):
        return False
    return not vars(value)


def _parameters(value: object) -> dict[str, Any]:
    """The arguments that would build `value` anew."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
            if field.init
        }
    if hasattr(value, "get_params"):  # scikit-learn's contract
        return dict(value.get_params(deep=False))
    sentence = (
        f"A recipe cannot hold {value!r}. "
        "Give plain values, frozen dataclasses or importable factories."
    )
    raise ParameterError(sentence)


def from_json(value: Json) -> Any:
    """Build what `to_json` wrote; lists come back as tuples.

    Whatever the text names is imported and called: read only what you would run.
    """
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


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        thing: Any = importlib.import_module(module)
        for part in name.split("."):
            thing = getattr(thing, part)
    except (ImportError, AttributeError) as error:
        sentence = (
            f"The recipe names {path!r}, which cannot be imported here ({error}). "
            "Install the package that defines it."
        )
        raise ParameterError(sentence) from error
    return thing
