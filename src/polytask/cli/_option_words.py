"""Errors of a command in the words that were typed: its options, not the parameters of Python."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, get_type_hints

from typer.models import OptionInfo

from polytask.exceptions import PolytaskError

__all__ = ["Means", "in_options", "option_flags", "speaking_of_options"]

_PARAMETER = re.compile(
    r"[Tt]he `(?:\w+\.)*(?P<name>\w+)` parameter of "
    r"(?P<owner>(?:task|source) '[^']*'|the command line|the data set|polytask\.\w+|\w+)"
    r"(?=,? (?:must|can|cannot|names)\b)"
)
_NAMED = re.compile(
    r"(?:[Tt]he )?(?<!['\"])`(?P<name>\w+)`(?: parameter(?! of)| of Trainer|(?! parameter))"
)

_flags: ContextVar[Mapping[str, str] | None] = ContextVar("flags", default=None)
"""Names of parameters, ``seeds`` or ``tune.sampler``, to the flags of the command that runs."""
_typed: ContextVar[frozenset[str]] = ContextVar("typed", default=frozenset())
"""Flags that were given."""


@dataclass(frozen=True)
class Means:
    """Further parameters of Python whose values an option gives, beside that of its own name.

    Stands in the annotation of an option.

    Parameters
    ----------
    *names : str
        Such as ``affinities``; ``tune.sampler`` where the parameter of another owner means something else.
    """

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


def option_flags(command: Callable[..., None]) -> dict[str, str]:
    """The flag of every option of a command, by the names of the parameters that it gives.

    Parameters
    ----------
    command : callable
        With typer's options in its annotations.
    """
    flags: dict[str, str] = {}
    for name, hint in get_type_hints(command, include_extras=True).items():
        metadata = getattr(hint, "__metadata__", ())
        for option in metadata:
            if isinstance(option, OptionInfo):
                named = (text for text in option.param_decls or () if text.startswith("--"))
                flag = next(named, f"--{name.replace('_', '-')}").partition("/")[0]
                further = [
                    one for means in metadata if isinstance(means, Means) for one in means.names
                ]
                flags |= dict.fromkeys((name, *further), flag)
    return flags


def in_options(sentence: str) -> str:
    """A sentence with the flags of the command that runs in place of the parameters that they give.

    Parameters of classes, which are settings of a method, have a flag where its option was given.

    Parameters
    ----------
    sentence : str
    """
    flags, typed = _flags.get() or {}, _typed.get()

    def by_owner(match: re.Match[str]) -> str:
        name, owner = match["name"], match["owner"]
        flag = flags.get(f"{owner}.{name}", flags.get(name))
        if flag is None or (owner[0].isupper() and flag not in typed):
            return match.group().replace("`", "\0")  # which the second pass leaves as it is
        return f"{flag} of {owner}" if "'" in owner else flag

    said = _PARAMETER.sub(by_owner, sentence)
    said = _NAMED.sub(lambda match: flags.get(match["name"], match.group()), said)
    return said.replace("\0", "`")


def speaking_of_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command, whose errors name its options.

    Parameters
    ----------
    command : callable
        With typer's options in its annotations.
    """

    @functools.wraps(command)
    def run(**given: Any) -> None:
        with _spoken(command, given):
            command(**given)

    return run


@contextmanager
def _spoken(command: Callable[..., None], given: Mapping[str, Any]) -> Iterator[None]:
    flags = option_flags(command)
    typed = (
        flags[name] for name, value in given.items() if name in flags and value not in (None, [])
    )
    tokens = _flags.set(flags), _typed.set(frozenset(typed))
    try:
        yield
    except PolytaskError as error:
        sentence = in_options(str(error))
        error.args = (sentence, *error.args[1:])
        if isinstance(error, ImportError):  # which says its message, not its arguments
            error.msg = sentence
        raise
    finally:
        _flags.reset(tokens[0])
        _typed.reset(tokens[1])
