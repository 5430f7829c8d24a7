"""Trust on the command line: packages after `--trust`, and the names that were typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from polytask._trust import checked_trust, only_trusted

__all__ = ["trusting"]

_CODE = re.compile(r"(?=(?<![\w.])([^\W\d][\w.]*:[^\W\d]\w*)(?![\w.]))")


@contextmanager
def trusting(given: Mapping[str, Any]) -> Iterator[None]:
    """Let names import only what the command line names, whatever a study file or a model says.

    Parameters
    ----------
    given : mapping
        The command's arguments, as they were typed.
    """
    words = [word for value in given.values() for word in _words(value)]
    typed = [name.replace(":", ".") for word in words for name in _CODE.findall(word)]
    with only_trusted((*checked_trust(given.get("trust") or (), "the command line"), *typed)):
        yield


def _words(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
