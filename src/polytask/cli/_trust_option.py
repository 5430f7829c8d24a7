"""Trust on the command line: packages after `--trust`, and names typed in options."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from polytask._trust import (
    checked_trust,
    is_own,
    not_trusted,
    only_trusted,
    restricted,
    trusted_here,
    untrusted,
)
from polytask.exceptions import UntrustedError

__all__ = ["check_code", "trusting"]

_CODE = re.compile(r"(?=(?<![\w.])([^\W\d][\w.]*:[^\W\d]\w*)(?![\w.]))")


@contextmanager
def trusting(given: Mapping[str, Any]) -> Iterator[None]:
    """Let names import only what the command line names, whatever a study file or a model says.

    Parameters
    ----------
    given : mapping
        The command's arguments, as they were typed.
    """
    texts = [text for value in given.values() for text in _words(value)]
    typed = [name.replace(":", ".") for text in texts for name in _CODE.findall(text)]
    with only_trusted((*checked_trust(given.get("trust") or (), "the command line"), *typed)):
        yield


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
