"""Recipes (frozen dataclasses of plain arguments) to JSON and back; factories by import path."""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from functools import partial
from numbers import Integral, Real
from types import FunctionType
from typing import Any

from polytask._trust import (
    imported,
    in_script,
    is_own,
    named_code,
    not_trusted,
    only_trusted,
    restricted,
    trusted_here,
)
from polytask._untrusted import untrusted
from polytask.exceptions import ParameterError, UntrustedError

__all__ = ["from_json", "import_path", "names_in", "plain_from_json", "to_json"]

Json = Any


def import_path(thing: type | Callable[..., Any]) -> str:
    """Return ``module:qualified.name``; raise for what that name would not lead back to.

    The module is the public one, where a package shows what a private module of it defines. That
    of the script or notebook that runs is ``__main__``: what it defines is found again while it
    runs.

    Examples
    --------
    >>> from polytask._recipes import import_path
    >>> from polytask.tasks import Task
    >>> import_path(Task)
    'polytask.tasks:Task'
    """
    module, name = thing.__module__, thing.__qualname__
    if (module == "__main__" and in_script(name, thing) is not thing) or "<" in name or not module:
        raise ParameterError(_unnameable(module, name))
    package = module
    while "._" in package:
        package = package.rpartition(".")[0]
        if getattr(sys.modules.get(package), name, None) is thing:
            return f"{package}:{name}"
    return f"{module}:{name}"


def _unnameable(module: str | None, name: str) -> str:
    """Sentence on why a class or function cannot be imported by name, with the remedy."""
    where = {
        "__main__": "was defined anew in the script or notebook that runs",
        None: "belongs to no module",
    }.get(module, f"is defined inside a function of {module}")
    if "<lambda>" in name:
        where = "has no name"
    return (
        f"{name.rpartition('.')[2]} {where}, where other processes and saved studies and models "
        "cannot find it. Define it at the top of a module of its own, such as my_parts.py, and "
        "import it from there."
    )


def _ufunc_path(value: Any) -> str | None:
    """Import path of an elementwise function of numpy; None for anything else."""
    if type(value).__name__ != "ufunc":
        return None
    name: str = value.__name__
    ufunc = getattr(sys.modules.get("numpy"), name, None)
    return f"numpy:{name}" if ufunc is value else None


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
    if isinstance(value, Enum):
        return {"import": f"{import_path(type(value))}.{value.name}"}
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
    ufunc = _ufunc_path(value)
    if ufunc is not None:
        return {"import": ufunc}
    if _is_its_class(value):
        return {"import": import_path(type(value))}
    return {
        "type": import_path(type(value)),
        "parameters": {name: to_json(item) for name, item in _parameters(value).items()},
    }


def _is_its_class(value: object) -> bool:
    """Whether calling its class without arguments gives an equal object."""
    if dataclasses.is_dataclass(value) or not getattr(value, "named_by_class", False):
        return False
    return not vars(value)


def _omitted(field: dataclasses.Field[Any], value: object) -> bool:
    """Whether a field marked with ``omit_default`` holds its default.

    Such a field was added after recipes without it had been saved, which stay as they are.
    """
    return bool(field.metadata.get("omit_default")) and value == field.default


def _parameters(value: object) -> dict[str, Any]:
    """Arguments that rebuild `value`."""
    if dataclasses.is_dataclass(value):
        return {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
            if field.init and not _omitted(field, getattr(value, field.name))
        }
    if hasattr(value, "get_params"):  # scikit-learn's contract
        return dict(value.get_params(deep=False))
    if getattr(value, "named_by_class", False):
        sentence = (
            f"{type(value).__name__} has settings of its own ({', '.join(vars(value))}), which a "
            "saved study or model could not set again. Make it a dataclass, "
            "@dataclass(frozen=True), whose fields are its settings."
        )
        raise ParameterError(sentence)
    sentence = (
        f"A recipe cannot hold {value!r}, which a saved study or model could not build again. Give "
        "plain values, importable functions or classes, or objects of a frozen dataclass: put "
        f"@dataclass(frozen=True) above the class {type(value).__name__}."
    )
    raise ParameterError(sentence)


def from_json(value: Json, trusted: Collection[str] | None = None) -> Any:
    """Build what `to_json` wrote; lists come back as tuples.

    Parameters
    ----------
    value : JSON
    trusted : collection of str, optional
        For JSON from a file: packages, modules or single things in them, such as
        ``"my_package"``. Besides these, only polytask's own public dataclasses are instantiated,
        and names are checked before anything is imported. By default what the surrounding block
        trusts (`polytask._trust.only_trusted`); outside of any, the JSON must be this process's
        own, since whatever it names is imported and called.

    Raises
    ------
    UntrustedError
        If it names other code; the sentence names all of it and says what to trust.
    ParameterError
        If it names what cannot be imported, or is no recipe.
    """
    if trusted is None and not restricted():
        return _built(value, lambda name: imported(str(name)))
    with only_trusted(trusted_here() if trusted is None else trusted):
        strange = not_trusted(names_in(value), trusted_here())
        if len(strange) > 1:  # of one alone, what is wrong with it is said where it is imported
            raise UntrustedError(untrusted(strange))
        return _built(value, partial(named_code, trusted=trusted_here()))


def plain_from_json(value: Json) -> Any:
    """Build what `to_json` wrote of plain values; lists come back as tuples.

    Raises
    ------
    ParameterError
        If it names classes or functions.
    """
    return _built(value, None)


def names_in(value: Json) -> Iterator[str]:
    """Every ``module:Name`` in what `to_json` wrote, polytask's own left out.

    Examples
    --------
    >>> from polytask._recipes import names_in, to_json
    >>> from sklearn.linear_model import Ridge
    >>> list(names_in(to_json([Ridge(), 3])))
    ['sklearn.linear_model:Ridge']
    """
    if isinstance(value, list | tuple):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, Mapping):
        name = value.get("type", value.get("import"))
        if isinstance(name, str) and is_own(name):
            yield from _by_name(named_code(name, ()), value.get("parameters"))
        elif isinstance(name, str):
            yield name
        for item in value.values():
            yield from names_in(item)


def _by_name(kind: type, parameters: object) -> Iterator[str]:
    """Names in the parameters that a recipe declares to hold names, as in ``module:Name``."""
    if not isinstance(parameters, Mapping):  # in a file that a stranger wrote
        return
    for key in getattr(kind, "by_name", ()):
        given = parameters.get(key)
        for name in given if isinstance(given, tuple | list) else (given,):
            if isinstance(name, str) and ":" in name:
                yield name


def _built(value: Json, find: Callable[[object], Any] | None) -> Any:
    if isinstance(value, list):
        return tuple(_built(item, find) for item in value)
    if not isinstance(value, dict):
        return value
    match value:
        case {"float": str() as text, **rest} if not rest:
            return float(text)
        case {"mapping": list() as pairs, **rest} if not rest:
            return dict(_pair(pair, find) for pair in pairs)
        case {"import": name, **rest} if not rest and find is not None:
            return _factory(name, find)
        case {"type": name, "parameters": dict() as given, **rest} if not rest and find is not None:
            return _instance(name, given, find)
    raise ParameterError(f"This is no recipe: {str(value)[:60]}.")


def _pair(pair: Json, find: Callable[[object], Any] | None) -> tuple[Any, Any]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ParameterError(f"This is no key and value of a mapping: {str(pair)[:60]}.")
    return _built(pair[0], find), _built(pair[1], find)


def _factory(name: object, find: Callable[[object], Any]) -> Any:
    thing = find(name)
    if not callable(thing) and not isinstance(thing, Enum):
        raise ParameterError(f"The file names {name!r} as a factory, but that is none.")
    return thing


def _instance(name: object, given: Mapping[str, Json], find: Callable[[object], Any]) -> Any:
    kind = find(name)
    recipe = inspect.isclass(kind) and (
        dataclasses.is_dataclass(kind) or hasattr(kind, "get_params")
    )
    if not recipe:
        raise ParameterError(f"The file names {name!r} as a recipe, but that is none.")
    return kind(**{key: _built(item, find) for key, item in given.items()})
