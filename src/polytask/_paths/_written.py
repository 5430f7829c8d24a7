"""Reading of settings' values from text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from polytask._naming import fold, made, required, resolve, snake_case
from polytask._paths._annotations import annotated_constraint, annotations_of
from polytask._paths._brackets import BRACKETS, assignments, name_and_settings, parts
from polytask._paths._setting import Setting
from polytask._trust import is_own
from polytask._validation import (
    Choice,
    Constraint,
    Each,
    InstanceOf,
    Interval,
    OneOf,
    Satisfies,
    describe,
    message,
)
from polytask.exceptions import ParameterError, PolytaskError, UnknownNameError, UntrustedError

__all__ = ["Written", "read_written", "without_settings"]

_NONE = {"none", "null", "~"}
_TRUTH = {"true": True, "false": False}
_MOST_LEVELS = 20
"""Nesting depth up to which brackets are parsed."""


@dataclass(frozen=True)
class Written:
    """A value as text, whose meaning depends on the setting.

    Parameters
    ----------
    text : str
        A number, ``none``, ``true``, ``false``, several values with commas (``64,64``), values
        of several in brackets (``(a,b),(c)``), the name
        of a public class (``residual_mlp``), ``module:Name`` of the user's own, either with settings
        (``residual_mlp(depth=4)``), or plain text.
    """

    text: str


def without_settings(text: str, setting: Setting) -> tuple[str, dict[str, str]]:
    """Split the settings in brackets from the name of a class; empty for any other text.

    Parameters
    ----------
    text : str
    setting : Setting

    Raises
    ------
    ParameterError
        If something stands in the brackets that is no PATH=VALUE, or a setting stands there twice.
    """
    name, inner = name_and_settings(text.strip())
    empty = name != text.strip() and not inner
    if not (inner or empty) or not _takes_named(setting.constraint, name):
        return text, {}
    unnamed, pairs = assignments(inner)
    if unnamed or empty:
        expected = "NAME or NAME(PATH=VALUE, …)"
        example = "Settings are PATH=VALUE: piecewise_linear(by=quantiles)."
        remedy = f"Leave out the brackets: {name}." if empty else example
        raise ParameterError(message(setting.owner, setting.short, expected, text, remedy))
    settings: dict[str, str] = {}
    for path, value in pairs:
        if path in settings:
            raise ParameterError(f"{text} gives {path!r} twice. Give it once.")
        settings[path] = value
    return name, settings


def _takes_named(constraint: Constraint | None, name: str) -> bool:
    """Whether a constraint takes objects of a class that the name may mean."""
    if isinstance(constraint, OneOf):
        return any(_takes_named(member, name) for member in constraint.members)
    return isinstance(constraint, InstanceOf) and any(
        ":" in name or is_own(kind.__module__) for kind in constraint.types
    )


def read_written(text: str, setting: Setting, inner: Mapping[str, str] | None = None) -> object:
    """Read a text as a setting's value: the first reading that its owner accepts.

    Parameters
    ----------
    text : str
    setting : Setting
    inner : mapping of str to str, optional
        Texts of settings inside the value, of which a named class takes those that it requires.

    Raises
    ------
    ParameterError
        If there is none, in the error sentence, which names the path.
    UntrustedError
        If it names code and comes from a file that is not trusted.

    Examples
    --------
    >>> from polytask._paths import Setting
    >>> from polytask._paths._written import read_written
    >>> from polytask._validation import Each, Interval
    >>> widths = Setting("encoder.widths", "encoder.widths", "MLP", (256,), Each(Interval(int, 1)))
    >>> read_written("64,64", widths)
    (64, 64)
    """
    constraint = setting.constraint
    if constraint is None:
        return _guess(text)
    inside = _Inside(setting.path.rpartition(".")[2], inner or {})
    unknown = []
    for reading in _readings(text.strip(), constraint, inside):
        try:
            value = reading()
        except (UntrustedError, _PartError):
            raise
        except UnknownNameError as error:
            unknown.append(str(error))
        except ParameterError as error:  # of a class that its name alone does not make
            raise ParameterError(_misnamed(text, setting, str(error))) from error
        except (ValueError, OverflowError):
            continue
        else:
            if constraint.accepts(value):
                return value
    if unknown:
        raise ParameterError(_misnamed(text, setting, unknown[0]))
    remedy = constraint.remedy(text)
    raise ParameterError(
        message(setting.owner, setting.short, str(constraint), _shown(text), remedy)
    )


@dataclass(frozen=True)
class _Inside:
    """Texts of the settings inside a value, and the name that its own path ends in."""

    owner: str
    texts: Mapping[str, str]


class _PartError(ParameterError):
    """Of a setting inside the value, whose sentence names it."""


def _misnamed(text: str, setting: Setting, why: str) -> str:
    """Sentence on a name that stands for nothing, or not by itself."""
    start = f"The `{setting.short}` parameter of {setting.owner} cannot be {describe(text)}"
    return f"{start}: {why[:1].lower()}{why[1:]}"


def _shown(text: str) -> object:
    """A number as such, for errors, which write text in quotes; any other text as it is."""
    value = _guess(text)
    return value if type(value) in {int, float} else text


Reading = Callable[[], object]


def _readings(text: str, constraint: Constraint, inside: _Inside) -> Iterator[Reading]:
    """Possible readings of a text under a constraint, the most likely first."""
    match constraint:
        case Interval(kind=kind):
            yield lambda: kind(text)
        case Choice(options=options):
            yield lambda: _chosen(text, options)
        case Each(element=element):
            yield lambda: tuple(_first(part, element) for part in parts(text))
        case OneOf(members=members):
            for member in sorted(members, key=lambda part: not isinstance(part, Choice)):
                yield from _readings(text, member, inside)
        case InstanceOf(types=types):
            for kind in types:
                yield from _instances(text, kind, inside, named=str not in types)
        case Satisfies():
            yield lambda: _imported(text)
            yield lambda: _guess(text)
        case _:
            yield lambda: _guess(text)


def _instances(text: str, kind: type, inside: _Inside, *, named: bool) -> Iterator[Reading]:
    """Readings of the text as an object of a class."""
    if kind is bool:
        yield lambda: _TRUTH.get(fold(text))
    elif kind in {int, float, str}:
        yield lambda: kind(text)
    elif kind in {tuple, list, object}:
        yield lambda: _guess(text)
    elif named:
        yield lambda: _named(text, kind, inside)


def _named(text: str, base: type, inside: _Inside) -> object:
    """Instantiate the public class of that name, from the room of its base class."""
    if ":" not in text and not is_own(base.__module__):
        raise ValueError("no room to look in")
    room, what = ".".join(base.__module__.split(".")[:2]), _spaced(base.__name__)
    cls: Any = resolve(text, room, what, base, imports=True)
    needed = required(cls)
    missing = [f"{inside.owner}.{name}" for name in needed if name not in inside.texts]
    if missing:
        sentence = (
            f"it needs {' and '.join(f'`{path}`' for path in missing)}, which must be set, too. "
            f"In Python, give the object: {cls.__module__.partition('._')[0]}.{cls.__name__}("
            f"{', '.join(f'{name}=…' for name in needed)})."
        )
        raise ParameterError(sentence)
    given = {name: _part(cls, name, inside) for name in needed}
    return made(text, room, what, base, imports=True, given=given)


def _spaced(name: str) -> str:
    """The name of a class in words."""
    return snake_case(name).replace("_", " ")


def _part(cls: type, name: str, inside: _Inside) -> object:
    """Read an argument that the class requires."""
    path, declared = f"{inside.owner}.{name}", getattr(cls, "parameter_constraints", {})
    constraint = declared.get(name) or annotated_constraint(annotations_of(cls).get(name, object))
    try:
        return read_written(inside.texts[name], Setting(path, path, cls.__name__, None, constraint))
    except UntrustedError:
        raise
    except ParameterError as error:
        raise _PartError(str(error)) from error


def _imported(text: str) -> object:
    """Import the function or class ``module:Name``."""
    if ":" not in text:
        raise ValueError("no name of code")
    return resolve(text, "", "setting", imports=True)


def _first(text: str, constraint: Constraint) -> object:
    for reading in _readings(text, constraint, _Inside("", {})):
        try:
            value = reading()
        except PolytaskError:  # it says more than that the text cannot be read
            raise
        except (ValueError, OverflowError):
            continue
        if constraint.accepts(value):
            return value
    raise ValueError(f"{text!r} cannot be read")


def _chosen(text: str, options: tuple[Any, ...]) -> object:
    """Return the option written as this text; None and truth values have several spellings."""
    for option in options:
        spellings = {fold(str(option))}
        if option is None:
            spellings = _NONE
        elif isinstance(option, Enum):
            spellings = {fold(option.name), fold(str(option.value))}
        if fold(text) in spellings or text in spellings:
            return option
    raise ValueError(f"{text!r} is no option")


def _guess(text: str, depth: int = 0) -> object:
    """Guess a value from the form of the text alone; brackets that match no others are text."""
    if text.casefold() in _NONE:
        return None
    if text.casefold() in _TRUTH:
        return _TRUTH[text.casefold()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    listed = "," in text or (text and text[0] in BRACKETS)
    inner = parts(text) if listed and depth < _MOST_LEVELS else [text]
    return text if inner == [text] else tuple(_guess(part, depth + 1) for part in inner)
