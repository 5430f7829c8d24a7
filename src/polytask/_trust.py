"""Code that files name: polytask's own public classes, and modules that the user trusts."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from polytask._local_modules import import_module
from polytask._reason import reason
from polytask._untrusted import OF_A_SCRIPT, untrusted
from polytask.exceptions import ParameterError, UntrustedError

__all__ = [
    "also_trusted",
    "check_home",
    "check_import",
    "checked_trust",
    "imported",
    "in_script",
    "is_own",
    "is_trusted",
    "named_code",
    "not_trusted",
    "only_trusted",
    "restricted",
    "trusted_here",
]

_PACKAGE = __name__.partition(".")[0]
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_NAMED = re.compile(r"[^\W\d]\w*([.:][^\W\d]\w*)+")

_NO_RECIPES = {"cli", "report", "serving", "testing"}
"""Rooms above those whose classes files name; importing them takes time and packages."""

_IN_SCRIPT: dict[str, Any] = {}
"""Classes and functions of the script or notebook that runs, by name."""

_TRUSTED: ContextVar[tuple[str, ...] | None] = ContextVar("trusted", default=None)
"""What names may import while a file is read; None where names come from the user."""


def checked_trust(trusted: str | Collection[str], owner: str) -> tuple[str, ...]:
    """Check the `trusted` argument of a function and return it as a tuple of dotted names.

    Examples
    --------
    >>> from polytask._trust import checked_trust
    >>> checked_trust(["my_package", "models:encoder"], "load")
    ('my_package', 'models.encoder')
    """
    given = [trusted] if isinstance(trusted, str) else trusted
    if not isinstance(given, Collection) or isinstance(given, bytes):
        given = [given]
    dotted = [name.replace(":", ".") if isinstance(name, str) else name for name in given]
    for name in dotted:
        if not isinstance(name, str) or not _DOTTED.fullmatch(name):
            sentence = (
                f"The `trusted` parameter of {owner} must name packages, modules or single "
                f"things in them, such as 'my_package' or 'my_package.models:Encoder'. Got "
                f"{name!r} instead."
            )
            raise ParameterError(sentence)
    return tuple(dotted)


def is_trusted(name: str, trusted: Collection[str]) -> bool:
    """Whether a dotted name, or a part before one of its dots, is among those trusted.

    Examples
    --------
    >>> from polytask._trust import is_trusted
    >>> is_trusted("mine.models:Encoder", ["mine"]), is_trusted("minerals:Encoder", ["mine"])
    (True, False)
    """
    dotted = name.replace(":", ".")
    return any(dotted == package or dotted.startswith(f"{package}.") for package in trusted)


def not_trusted(names: Iterable[str], trusted: Collection[str]) -> list[str]:
    """Those of the names in a file that are names of code and not trusted, each once."""
    distinct = dict.fromkeys(name for name in names if _NAMED.fullmatch(name))
    return [name for name in distinct if not is_trusted(name, trusted)]


def is_own(name: str) -> bool:
    """Whether a name lies in polytask."""
    return name.replace(":", ".").partition(".")[0] == _PACKAGE


@contextmanager
def only_trusted(trusted: Collection[str]) -> Iterator[None]:
    """Allow files to name only polytask's own code and trusted code inside the block.

    Outside of any such block, names in settings are the user's own and import what they say.
    """
    token = _TRUSTED.set(tuple(trusted))
    try:
        yield
    finally:
        _TRUSTED.reset(token)


@contextmanager
def also_trusted(trusted: Collection[str]) -> Iterator[None]:
    """Extend the trust of the surrounding block."""
    with only_trusted((*trusted_here(), *trusted)):
        yield


def restricted() -> bool:
    """Whether there is a surrounding block."""
    return _TRUSTED.get() is not None


def trusted_here() -> tuple[str, ...]:
    """Names that the surrounding block trusts."""
    return _TRUSTED.get() or ()


def check_import(name: str) -> None:
    """Raise if `name`, of the form ``module:Name``, comes from a file and is not trusted.

    Of polytask's own, files may name public classes; no other module of it is imported for them.

    Raises
    ------
    UntrustedError
    """
    trusted = _TRUSTED.get()
    if trusted is None or is_trusted(name, trusted):
        return
    if not is_own(name):
        raise UntrustedError(untrusted([name]))
    module, _, attribute = name.partition(":")
    _own(module, attribute)


def named_code(name: object, trusted: Collection[str]) -> Any:
    """Return the class or function that ``module:Name`` in a file names.

    Nothing is imported before the name is accepted: it must be a public class of a room of
    polytask, or trusted and defined in what is trusted.

    Raises
    ------
    UntrustedError
        If it is neither; the sentence says what to trust.
    ParameterError
        If it cannot be imported.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UntrustedError(f"The file names {str(name)[:80]!r} as code, which is no name of any.")
    module, _, attribute = name.partition(":")
    if is_own(name):
        return _own(module, attribute)
    if not is_trusted(name, trusted):
        raise UntrustedError(untrusted([name]))
    thing = imported(name)
    check_home(name, thing, trusted)
    return thing


def check_home(name: str, thing: object, trusted: Collection[str]) -> None:
    """Raise if a thing is defined elsewhere than in what is trusted, unless its own name is.

    Raises
    ------
    UntrustedError
    """
    module, _, attribute = name.partition(":")
    exact = name.replace(":", ".") in trusted
    home = getattr(thing, "__module__", None) or ""
    if inspect.ismodule(thing) or not (exact or is_trusted(f"{home}:{attribute}", trusted)):
        sentence = (
            f"The file names {name!r}, which {module} only takes from "
            f"{'elsewhere' if inspect.ismodule(thing) else home}. If you know and trust it, name "
            f"{name!r} itself as trusted."
        )
        raise UntrustedError(sentence)


@cache
def _rooms() -> frozenset[str]:
    """The modules of polytask; a file may name as many things as there are tasks."""
    path = importlib.import_module(_PACKAGE).__path__
    return frozenset(found.name for found in pkgutil.iter_modules(path))


def _own(module: str, attribute: str) -> Any:
    """A public class of one of polytask's rooms."""
    package, _, room = module.partition(".")
    if room in _rooms() and not room.startswith("_") and room not in _NO_RECIPES:
        found = importlib.import_module(module)
        thing = getattr(found, attribute, None) if attribute in found.__all__ else None
        if inspect.isclass(thing) and thing.__module__.partition(".")[0] == package:
            return thing
    sentence = (
        f"The file names {module}:{attribute}, which is no public class of this polytask. "
        "Install the version that wrote the file."
    )
    raise UntrustedError(sentence)


def in_script(name: str, thing: Any) -> Any:
    """Return what a name stands for in the running script or notebook.

    Worker processes have no such script; there it is the first thing passed under that name.
    """
    known = _IN_SCRIPT.setdefault(name, thing)
    return getattr(sys.modules.get("__main__"), name, known)


def imported(name: str) -> Any:
    """Import the object that ``module:Name`` names, without a check of trust.

    Raises
    ------
    ParameterError
        If it cannot be imported.
    """
    module, _, attribute = name.partition(":")
    if module == "__main__" and attribute in _IN_SCRIPT:
        return in_script(attribute, _IN_SCRIPT[attribute])
    try:
        thing: Any = import_module(module)
        for part in attribute.split("."):
            thing = getattr(thing, part)
    except (ImportError, AttributeError) as error:
        how = "Install the package that defines it."
        if module == "__main__":
            how = OF_A_SCRIPT
        why = reason(error, named=False)
        sentence = f"The recipe names {name!r}, which cannot be imported here ({why}). {how}"
        raise ParameterError(sentence) from error
    return thing
