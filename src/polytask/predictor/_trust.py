"""What a bundle may bring to life: plain recipes, and estimators of known packages."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import skops.io

from polytask._recipes import from_json
from polytask.exceptions import BundleError

__all__ = ["read_estimators", "rebuilt", "write_estimators"]

_PACKAGES = ("sklearn.", "numpy.", "scipy.", "lightgbm.", "xgboost.")
_KNOWN = {
    "builtins.bytearray",  # XGBoost's trees
    "collections.OrderedDict",  # LightGBM's
    "collections.defaultdict",
    "functools.partial",  # histogram boosting with categories checks its input by
    "sklearn.utils.validation.check_array",  # a partial of this function
}


def write_estimators(path: Path, estimators: list[list[Any]]) -> None:
    """Write estimators with skops, refusing what `read_estimators` would refuse."""
    skops.io.dump(estimators, path)
    _trusted_types(path, "is saved")


def read_estimators(path: Path) -> list[list[Any]]:
    """Read estimators whose every type is a class of a known package."""
    return skops.io.load(path, trusted=_trusted_types(path, "is loaded"))


def _trusted_types(path: Path, done: str) -> list[str]:
    types = skops.io.get_untrusted_types(file=path)
    strange = [name for name in types if name not in _KNOWN and not _is_known_class(name)]
    if strange:
        sentence = (
            f"{path.name} holds types outside scikit-learn, numpy, scipy, LightGBM and XGBoost: "
            f"{', '.join(strange)}. No such estimator {done}, since that could run any code; "
            "use estimators of these packages."
        )
        raise BundleError(sentence)
    return types


def _is_known_class(name: str) -> bool:
    if not name.startswith(_PACKAGES):
        return False
    module, _, attribute = name.rpartition(".")
    try:
        return inspect.isclass(getattr(importlib.import_module(module), attribute, None))
    except ImportError:
        return False


def rebuilt(value: object, where: Path) -> Any:
    """Build a recipe from a bundle's JSON: dataclasses, and factories that are merely named."""
    for path, wanted in _named(value):
        thing = _imported(path, where)
        if wanted == "type" and not (inspect.isclass(thing) and is_dataclass(thing)):
            raise BundleError(f"{where} names {path!r} as a recipe, but that is no dataclass.")
        if wanted == "import" and not (inspect.isclass(thing) or inspect.isfunction(thing)):
            raise BundleError(f"{where} names {path!r} as a factory, but that is none.")
    return from_json(value)


def _named(value: object) -> Iterator[tuple[str, str]]:
    """Import paths in what `to_json` wrote, and what each is said to be."""
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict) and "mapping" in value:
        yield from _named(value["mapping"])
    elif isinstance(value, dict) and "import" in value:
        yield value["import"], "import"
    elif isinstance(value, dict) and "type" in value:
        yield value["type"], "type"
        yield from _named(list(value["parameters"].values()))


def _imported(path: str, where: Path) -> object:
    module, _, name = path.partition(":")
    try:
        thing: object = importlib.import_module(module)
        for part in name.split("."):
            thing = getattr(thing, part)
    except (ImportError, AttributeError, ValueError) as error:
        sentence = (
            f"{where} names {path!r}, which cannot be imported here ({error}). Install the package "
            "that defines it, in the version the model was fitted with."
        )
        raise BundleError(sentence) from error
    return thing
