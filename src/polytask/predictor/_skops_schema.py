"""Checks of skops files: every node of the schema, before skops reads the file.

skops takes a list of type names and accepts each of them anywhere in a file: as the class of an
object, as a function to call, as the container of a list. These checks accept a name only with
the loader, and a function only in the position, that polytask's own files have.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any

from sklearn.base import BaseEstimator

from polytask._trust import is_own, is_trusted, named_code, trusted_here
from polytask._untrusted import remedy
from polytask.exceptions import BundleError, UntrustedError
from polytask.predictor._estimator_rooms import ESTIMATOR_ROOMS, SETTING_ROOMS
from polytask.predictor._trusted_types import TRUSTED_TYPES

__all__ = [
    "array_files",
    "check_schema",
    "is_estimator",
    "is_setting",
    "nodes_of",
    "untrusted_types",
]

Node = Mapping[str, Any]

_CHECK = "sklearn.utils.validation.check_array"
_NO_ROOMS = {"datasets", "experimental", "externals", "tests", "utils"}
"""Packages of scikit-learn without estimators; importing some of them changes scikit-learn."""
_SCALAR = re.compile(r'null|true|false|NaN|-?Infinity|-?\d[\d.eE+-]*|"(\\.|[^"\\])*"')


def check_schema(schema: object, where: str, *, saving: bool = False) -> None:
    """Raise unless all types and functions of a skops schema are trusted.

    Raises
    ------
    UntrustedError
        If it holds untrusted types or functions; the sentence names them.
    BundleError
        If it holds masked arrays outside the results of a search.
    ValueError
        If it is no schema of skops.
    """
    if _holds_masked(schema):
        raise BundleError(
            f"{where} holds a masked array, whose hidden entries no check sees. Use plain arrays."
        )
    strange: list[str] = []
    forms: dict[object, tuple[object, ...]] = {}
    for node, position in _nodes(schema):
        _check_form(node, position, forms)
        if not _is_known(node, position) and not _is_trusted(node):
            strange.append(_name(node))
    if strange:
        shown = ", ".join(dict.fromkeys(strange))
        then = (
            "Whoever saves or loads it must trust them."
            if saving
            else "Nothing of them was imported."
        )
        sentence = (
            f"{where} holds types outside those that scikit-learn's estimators are made of: "
            f"{shown}. {then} {remedy(strange)}"
        )
        raise UntrustedError(sentence)


def untrusted_types(schema: object) -> list[str]:
    """Dotted names of the types in a schema outside those that estimators are made of."""
    return [_name(node) for node, place in _nodes(schema) if not _is_known(node, place)]


def array_files(schema: object) -> set[str]:
    """Names of the files beside the schema that its nodes read."""
    return {node["file"] for node, _ in _nodes(schema) if isinstance(node.get("file"), str)}


def nodes_of(schema: object, loader: str) -> Iterator[Node]:
    """The nodes that one loader reads."""
    return (node for node, _ in _nodes(schema) if node["__loader__"] == loader)


def is_estimator(name: str) -> bool:
    """Whether a dotted name is a BaseEstimator defined in scikit-learn or polytask.

    Only public packages that scikit-learn itself lists are imported, and polytask's rooms of
    estimators.
    """
    module, _, attribute = name.rpartition(".")
    package, _, inner = module.partition(".")
    room = inner.partition(".")[0]
    if package == "sklearn":
        if room in _NO_ROOMS or room not in importlib.import_module(package).__all__:
            return False
        _import_if_package(f"{package}.{room}")
    elif not is_own(name):
        return False
    elif f"{package}.{room}" in ESTIMATOR_ROOMS:
        _import_if_package(f"{package}.{room}")
    home = sys.modules.get(module)
    thing = None if home is None else vars(home).get(attribute)
    return (
        inspect.isclass(thing)
        and issubclass(thing, BaseEstimator)
        and (thing.__module__, thing.__qualname__) == (module, attribute)
    )


def is_setting(name: str) -> bool:
    """Whether a dotted name is a public dataclass that polytask's estimators have among their settings.

    Only the rooms of these are imported.
    """
    module, _, attribute = name.rpartition(".")
    room = ".".join(module.split(".")[:2])
    if room not in SETTING_ROOMS:
        return False
    thing = getattr(importlib.import_module(room), attribute, None)
    return (
        inspect.isclass(thing)
        and is_dataclass(thing)
        and attribute in importlib.import_module(room).__all__
        and (thing.__module__, thing.__qualname__) == (module, attribute)
    )


def _import_if_package(name: str) -> None:
    try:
        importlib.import_module(name)
    except ImportError:  # a function that lies beside the packages
        return


def _nodes(schema: object) -> Iterator[tuple[Node, str]]:
    """Every node of a schema, and its position in the node above."""
    ahead: list[tuple[object, str]] = [(schema, "")]
    while ahead:
        value, position = ahead.pop()
        if isinstance(value, list):
            ahead += [(item, position) for item in value]
        elif isinstance(value, dict):
            if "__loader__" in value:
                yield value, position
                position = str(value["__loader__"])
            ahead += [(item, f"{position}.{key}") for key, item in value.items()]


def _holds_masked(schema: object) -> bool:
    """Whether an array is masked outside the results of searches, which no prediction reads."""
    ahead = [schema]
    while ahead:
        value = ahead.pop()
        if isinstance(value, list):
            ahead += value
        elif isinstance(value, dict):
            if value.get("__loader__") == "MaskedArrayNode":
                return True
            ahead += [item for key, item in value.items() if key != "cv_results_"]
    return False


def _name(node: Node) -> str:
    """The dotted name of a node's type or method."""
    module, name = node.get("__module__"), node.get("__class__")
    if not isinstance(module, str) or not isinstance(name, str) or "." in name:
        raise ValueError(f"a node of the schema names the type {module!r}, {name!r}")
    if node["__loader__"] == "MethodNode":
        return f"{module}.{name}.{_content(node).get('func')}"
    return f"{module}.{name}"


def _content(node: object) -> Mapping[str, Any]:
    content = node.get("content") if isinstance(node, dict) else None
    return content if isinstance(content, dict) else {}


def _is_known(node: Node, position: str) -> bool:
    """Whether polytask's own files have this type with this loader in this position."""
    loader, name = node["__loader__"], _name(node)
    if loader == "JsonNode":
        content = node.get("content")
        return isinstance(content, str) and _SCALAR.fullmatch(content) is not None
    if loader == "FunctionNode":
        return name == _CHECK and position == "PartialNode.content.func"
    if loader == "PartialNode":
        function = _content(node).get("func")
        called = function.get("__loader__") if isinstance(function, dict) else None
        return name == "functools.partial" and called == "FunctionNode"
    if loader == "ObjectNode" and (is_estimator(name) or is_setting(name)):
        return True
    return isinstance(loader, str) and name in TRUSTED_TYPES.get(loader, ())


def _is_trusted(node: Node) -> bool:
    """Whether the user trusts a type, and it is defined in trusted code."""
    name = _name(node)
    if not is_trusted(name, trusted_here()):
        return False
    named_code(f"{node['__module__']}:{name.removeprefix(node['__module__'])[1:]}", trusted_here())
    return True


def _check_form(node: Node, position: str, forms: dict[object, tuple[object, ...]]) -> None:
    """Raise for a node that skops would read as something other than what is written.

    skops builds an object once and reuses it wherever its id occurs, whatever is written there; it
    makes the keys of a mapping by calling the entries of ``key_types``.
    """
    content = node.get("content")
    names = sorted(content) if isinstance(content, dict) else None
    items = tuple(map(_summary, content)) if isinstance(content, list) else None
    text = content if isinstance(content, str) else None
    keys = position == "DictNode.key_types"
    form = (node["__loader__"], _name(node), node.get("file"), names, items, text, keys)
    if forms.setdefault(node.get("__id__", id(node)), form) != form:
        raise ValueError("two different objects of the schema have the same id")
    if "file" in node and node["file"] not in {
        f"{node.get('__id__')}.npy",
        f"{node.get('__id__')}.npz",
    }:
        raise ValueError("an object of the schema reads the file of another")
    if node["__loader__"] == "DictNode":
        _check_mapping(node)
    if node["__loader__"] == "ObjectNode" and any(
        attribute.startswith("__") for attribute in _content(content)
    ):
        raise ValueError(f"an object of {_name(node)} has attributes that Python keeps for itself")


def _summary(node: object) -> tuple[object, ...]:
    """The identity of an item of a list, without the content of nested nodes."""
    if not isinstance(node, dict):
        raise ValueError("a list of the schema holds something other than nodes")
    content = node.get("content")
    text = content if isinstance(content, str) else None
    return (node.get("__loader__"), node.get("__class__"), node.get("file"), text)


def _check_mapping(node: Node) -> None:
    types: Any = node.get("key_types")
    items = types.get("content") if isinstance(types, dict) else None
    if not isinstance(items, list) or types.get("__loader__") != "ListNode":
        raise ValueError("a mapping does not say of what types its keys are")
    if any(not isinstance(item, dict) or item.get("__loader__") != "TypeNode" for item in items):
        raise ValueError("the keys of a mapping are not of plain types")
    if len(items) != len(_content(node)):
        raise ValueError("a mapping has other numbers of keys and of their types")
