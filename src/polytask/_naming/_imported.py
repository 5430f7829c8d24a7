"""Objects of the user's own, ``module:Name``."""

from __future__ import annotations

import re

from polytask._local_modules import hidden_file, import_module
from polytask._reason import reason
from polytask._trust import check_home, check_import, is_own, restricted, trusted_here
from polytask.exceptions import UnknownNameError

__all__ = ["imported_object", "is_concrete"]

_PATH = re.compile(r"[\w.]+:[\w.]+")


def imported_object(path: str, what: str, base: type | None) -> object:
    """Import the object that ``module:Name`` names; while a file is read it must be trusted."""
    if not _PATH.fullmatch(path):
        sentence = f"The {what} {path!r} must be written module:Class, such as my_parts:Mine."
        raise UnknownNameError(sentence)
    check_import(path)
    module, _, name = path.partition(":")
    try:
        thing = getattr(import_module(module), name)
    except Exception as error:
        raise UnknownNameError(_not_imported(path, what, error)) from error
    named_itself = path.replace(":", ".") in trusted_here()
    if restricted() and not (is_own(path) or named_itself):
        check_home(path, thing, trusted_here())
    if base is not None and not is_concrete(thing, base):
        raise UnknownNameError(_not_concrete(thing, base, f"The {what} {path!r}"))
    return thing


def is_concrete(thing: object, base: type) -> bool:
    """Whether an object is a class that extends `base` and has all its methods."""
    return (
        isinstance(thing, type)
        and issubclass(thing, base)
        and not getattr(thing, "__abstractmethods__", None)
    )


def _not_imported(path: str, what: str, error: Exception) -> str:
    """Sentence on what went wrong while ``module:Name`` was imported."""
    module = path.partition(":")[0]
    named = not isinstance(error, ImportError | AttributeError | ValueError)
    sentence = f"The {what} {path!r} cannot be imported: {reason(error, named=named)}."
    outermost = module.partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and error.name == outermost:
        return f"{sentence} Install it, or go to the folder of {outermost}.py."
    file = hidden_file(module)
    if file is not None and isinstance(error, ImportError | AttributeError):
        return (
            f"{sentence} {file} in the current folder is hidden by another module {outermost!r}, "
            "of Python or an installed library. Rename it."
        )
    return sentence


def _not_concrete(thing: object, base: type, subject: str) -> str:
    sentence = f"{subject} must be a class that extends {base.__name__}"
    missing = sorted(getattr(thing, "__abstractmethods__", ()))
    if isinstance(thing, type) and issubclass(thing, base) and missing:
        return f"{sentence} and has its methods. Add {', '.join(missing)}."
    kind = f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__
    return f"{sentence}. Got {kind} instead."
