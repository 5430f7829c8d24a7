"""Trust on the command line: packages after `--trust`, and names typed in options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from polytask._local_modules import local_modules
from polytask._trust import (
    checked_trust,
    is_own,
    not_trusted,
    only_trusted,
    restricted,
    trusted_here,
)
from polytask._untrusted import untrusted
from polytask.exceptions import UntrustedError
from polytask.tasks import takes_text

__all__ = ["check_code", "trusting"]

_CODE = re.compile(r"(?=(?<![\w.])([^\W\d][\w.]*:[^\W\d]\w*)(?![\w.=]))")
_KIND = re.compile(r":([^\W\d][\w.]*:[^\W\d]\w*)(?![\w.:])")
_WORD = re.compile(r":(\w+)(?=:)")

_NAMES_CODE = (
    "model",
    "affinity",
    "executor",
    "encoder",
    "weighting",
    "aggregation",
    "sampler",
    "observer",
    "augmentation",
    "metric",
    "loss",
    "set",
)
_NAMES_KINDS = ("target", "auxiliary")
"""Options whose values name code only after a column, ``income:mine:Kind``."""


@contextmanager
def trusting(given: Mapping[str, Any]) -> Iterator[None]:
    """Let names import only what the command line names, whatever a study file or a model says.

    These are the names after ``--trust`` and in options that take code: ``--target income:binary``
    names none, nor does ``--target visits:count:negative_binomial``. Their modules, and no others,
    are also found in the current folder.

    Parameters
    ----------
    given : mapping
        The command's arguments, as they were typed.
    """
    trusted = checked_trust(given.get("trust") or (), "the command line")
    typed = [name.replace(":", ".") for name in _typed(given)]
    with only_trusted((*trusted, *typed)), local_modules((*trusted, *typed)):
        yield


def _typed(given: Mapping[str, Any]) -> Iterator[str]:
    """Every ``module:Class`` that was typed where an option takes one."""
    for text in _texts(given, _NAMES_CODE):
        yield from _CODE.findall(text)
    for text in _texts(given, _NAMES_KINDS):
        yield from _KIND.findall(_without_kind_text(text))


def _without_kind_text(text: str) -> str:
    """What stands before the first ``:KIND:`` of a kind that takes a text, which names no code."""
    starts = (mark.start() for mark in _WORD.finditer(text) if takes_text(mark.group(1)))
    return text[: next(starts, len(text))]


def _texts(given: Mapping[str, Any], options: Iterable[str]) -> Iterator[str]:
    for option in options:
        yield from _words(given.get(option))


def check_code(methods: Iterable[str]) -> None:
    """Raise if a study file names several classes that are not trusted; it names them all.

    Of a single one, whoever imports it says what is wrong.

    Parameters
    ----------
    methods : iterable of str
        Names of models, metrics and other methods.

    Raises
    ------
    UntrustedError
    """
    named = [name for text in methods for name in _CODE.findall(text) if not is_own(name)]
    strange = not_trusted(named, trusted_here()) if restricted() else []
    if len(strange) > 1:
        raise UntrustedError(untrusted(strange))


def _words(value: Any) -> list[str]:
    return [
        text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    ]
