"""Resolution of names in any spelling: “pc_grad”, “PCGrad” and “pcgrad” are one method."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from polytask._listing import first_names
from polytask._local_modules import hidden_file, import_module
from polytask._reason import reason
from polytask._trust import check_import
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = [
    "check_named",
    "fold",
    "made",
    "nearest",
    "public_classes",
    "required",
    "resolve",
    "snake_case",
    "suggestion",
]

_CLASS = re.compile(r"^class (\w+)(?:\[.*\])?\(([^)]*)\)", re.MULTILINE)
_NAMED = re.compile(
    r'^class (\w+)\b.*\n(?:(?!class ).*\n)*?    name: ClassVar\[str\] = "(\w+)"$', re.MULTILINE
)
"""A class with the name that users write."""
_LISTED = re.compile(r'^    "(\w+)",$', re.MULTILINE)
_PATH = re.compile(r"[\w.]+:[\w.]+")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)


_ACRONYM = re.compile(r"[A-Z]+(?:[a-z][A-Z]+)+[a-z]?(?![a-z])")
"""Capitals with single small letters between them, such as MMoE, LoRA or MoCo."""


def fold(name: str) -> str:
    """Drop case and everything that is neither letter nor digit."""
    return "".join(character for character in name.casefold() if character.isalnum())


def snake_case(name: str) -> str:
    """Write a class name in snake case, as on the command line.

    Examples
    --------
    >>> from polytask._naming import snake_case
    >>> snake_case("HardSharing"), snake_case("PCGrad"), snake_case("MMoE")
    ('hard_sharing', 'pc_grad', 'mmoe')
    """
    name = _ACRONYM.sub(lambda match: match.group().capitalize(), name)
    pieces: list[str] = []
    for index, character in enumerate(name):
        previous_lower = index > 0 and not name[index - 1].isupper()
        next_lower = index + 1 < len(name) and name[index + 1].islower()
        if index and character.isupper() and (previous_lower or next_lower):
            pieces.append("_")
        pieces.append(character.casefold())
    return "".join(pieces)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name`, or None if none is close."""
    folded = {fold(candidate): candidate for candidate in known}
    matches = difflib.get_close_matches(fold(name), folded, n=1, cutoff=0.5)
    return folded[matches[0]] if matches else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Write the remedy at the end of an error about an unknown name.

    Examples
    --------
    >>> from polytask._naming import suggestion
    >>> suggestion("incme", ["income", "age"])
    "Did you mean 'income'?"
    """
    known = sorted(known)
    guess = nearest(name, known)
    if guess is not None:
        return f"Did you mean {guess!r}?"
    if not known:
        return "There are none."
    return f"Known: {first_names(known, 12)}."


def resolve(
    name: str, room: str, what: str, base: type | None = None, *, imports: bool = False
) -> object:
    """Find the public object of module `room` that `name` means, by walking its `__all__`.

    Parameters
    ----------
    name : str
        The name in any spelling that `fold` makes equal.
    room : str
        Import path of a room, such as ``"polytask.weighting"``.
    what : str
        What the name stands for, for the error sentence.
    base : type, optional
        Only subclasses of this class count.
    imports : bool, default False
        Whether ``module:Name`` is imported, for classes of the user's own. While a file is read
        it must lie in what the user trusts (`polytask._trust.only_trusted`).

    Raises
    ------
    UnknownNameError
        If nothing public in the room carries the name; the nearest one is suggested.
    UntrustedError
        If a file names what is not trusted.
    """
    if imports and ":" in name:
        return _imported(name, what, base)
    public = _public(room, base)
    for candidate, thing in public.items():
        if fold(candidate) == fold(name):
            return thing
    spelt = [_spelt(known, getattr(thing, "name", None)) for known, thing in public.items()]
    raise _unknown(name, what, spelt, imports=imports)


def public_classes(room: str, base: type) -> dict[str, Any]:
    """Public concrete classes of a room that extend `base`, by name, in the order of `__all__`.

    Parameters
    ----------
    room : str
        Import path of a room, such as ``"polytask.weighting"``; never a name from a file.
    base : type

    Examples
    --------
    >>> from polytask._naming import public_classes
    >>> from polytask.tasks import Kind
    >>> list(public_classes("polytask.tasks", Kind))
    ['Binary', 'Multiclass', 'Multilabel', 'Regression']
    """
    return _public(room, base)


def _public(room: str, base: type | None) -> dict[str, Any]:
    module = importlib.import_module(room)
    things = {name: getattr(module, name) for name in module.__all__}
    return {
        name: thing for name, thing in things.items() if base is None or _is_concrete(thing, base)
    }


def _spelt(class_name: str, own: object) -> str:
    """The name that users write: a class's own `name` if it means the class, as ``roc_auc``."""
    if isinstance(own, str) and fold(own) == fold(class_name):
        return own
    return snake_case(class_name)


def _unknown(
    name: str, what: str, known: Iterable[str], *, imports: bool = True
) -> UnknownNameError:
    nearest_name = suggestion(name, known)
    own = " One of your own is written module:Class." if imports else ""
    return UnknownNameError(f"There is no {what} named {name!r}. {nearest_name}{own}")


def check_named(name: str, room: str, what: str, base: str) -> None:
    """Raise unless `name` means a public class of a room, which is read and not imported.

    For rooms on floors above, and such as take seconds to import. A name of the form
    ``module:Class`` is left to whoever imports it; while a file is read it must be trusted.

    Parameters
    ----------
    name, room, what
        As in `resolve`.
    base : str
        Name of the class that it must extend.

    Raises
    ------
    UnknownNameError
        If nothing public in the room carries the name; the nearest one is suggested.

    Examples
    --------
    >>> from polytask._naming import check_named
    >>> check_named("huber", "polytask.losses", "loss", "Loss")
    """
    if ":" in name:
        check_import(name)
    known = _declared(room, base)
    if known and ":" not in name and fold(name) not in map(fold, known):
        raise _unknown(name, what, known)


@cache
def _declared(room: str, base: str) -> tuple[str, ...]:
    """Names of public classes of a room that extend a class of that name, read from its files.

    Nothing where there are no files to read.
    """
    spec = importlib.util.find_spec(room)
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    texts = [
        path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py")
    ]
    bases = {
        name: set(_WORD.findall(listed)) for text in texts for name, listed in _CLASS.findall(text)
    }
    heirs = {base}
    while further := {name for name, above in bases.items() if above & heirs} - heirs:
        heirs |= further
    inits = [(folder / "__init__.py").read_text(encoding="utf-8") for folder in folders]
    public = {name for text in inits for name in _LISTED.findall(text)}
    own = {name: written for text in texts for name, written in _NAMED.findall(text)}
    return tuple(_spelt(name, own.get(name)) for name in sorted((heirs - {base}) & public))


def made(
    name: str,
    room: str,
    what: str,
    base: type | None = None,
    *,
    imports: bool = False,
    value: bool = False,
    given: Mapping[str, object] | None = None,
) -> Any:
    """Instantiate the class that `resolve` finds, which must need no arguments but those given.

    Parameters
    ----------
    name, room, what, base, imports
        As in `resolve`.
    value : bool, default False
        Whether a number may follow the name after a colon, as in ``temperature:0.5`` or
        ``module:Class:0.5``. It is given as the first argument.
    given : mapping of str to object, optional
        Further arguments.

    Raises
    ------
    ParameterError
        If the class needs arguments, which a name cannot give, or none where a value is given.

    Examples
    --------
    >>> from polytask._naming import made
    >>> made("temperature:0.3", "polytask.sampling", "sampler", value=True)
    Temperature(alpha=0.3)
    """
    head, number = _number_after(name) if value else (name, None)
    try:
        method: Any = resolve(head, room, what, base, imports=imports)
    except UnknownNameError:
        if value:
            _check_value(name, room, what, base)
        raise
    arguments: dict[str, object] = dict(given or {})
    if number is not None:
        arguments[_first_parameter(method, name, what)] = number
    missing = [argument for argument in required(method) if argument not in arguments]
    if missing:
        where = head.partition(":")[0] if ":" in head else room
        call = f"{where}.{method.__name__}({', '.join(f'{argument}=…' for argument in missing)})"
        sentence = (
            f"The {what} {name!r} needs {', '.join(missing)}, which its name alone cannot give. "
            f"In Python, give the object: {call}."
        )
        raise ParameterError(sentence)
    return method(**arguments)


def _number_after(name: str) -> tuple[str, float | None]:
    """Split a name from the number after its last colon; None if that is no number."""
    head, _, text = name.rpartition(":")
    if not head or not _NUMBER.fullmatch(text):
        return name, None
    return head, int(text) if text.lstrip("+-").isdecimal() else float(text)


def _first_parameter(method: Callable[..., Any], name: str, what: str) -> str:
    """Name of the parameter that takes the value after a name."""
    parameters = list(inspect.signature(method).parameters)
    if not parameters:
        head = name.rpartition(":")[0]
        raise ParameterError(f"The {what} {head!r} takes no value. Write {head!r} alone.")
    return parameters[0]


def _check_value(name: str, room: str, what: str, base: type | None) -> None:
    """Raise if a public name is followed by something other than one number."""
    head, colon, text = name.partition(":")
    try:
        method: Any = resolve(head, room, what, base)
    except UnknownNameError:
        return
    if colon:
        parameter = _first_parameter(method, f"{head}:", what)
        expected = f"one number, the `{parameter}` of {method.__name__}"
        sentence = f"The value after {what} {head!r} must be {expected}. Got {text!r} instead."
        raise ParameterError(sentence)


def required(function: Callable[..., Any]) -> list[str]:
    """Names of the required arguments.

    Examples
    --------
    >>> from polytask._naming import required
    >>> required(required)
    ['function']
    """
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]


def _imported(path: str, what: str, base: type | None) -> object:
    if not _PATH.fullmatch(path):
        sentence = f"The {what} {path!r} must be written module:Class, such as my_parts:Mine."
        raise UnknownNameError(sentence)
    check_import(path)
    module, _, name = path.partition(":")
    try:
        thing = getattr(import_module(module), name)
    except Exception as error:
        raise UnknownNameError(_not_imported(path, what, error)) from error
    if base is not None and not _is_concrete(thing, base):
        raise UnknownNameError(_not_concrete(thing, base, f"The {what} {path!r}"))
    return thing


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


def _is_concrete(thing: object, base: type) -> bool:
    return (
        isinstance(thing, type)
        and issubclass(thing, base)
        and not getattr(thing, "__abstractmethods__", None)
    )
