"""Trust on the command line: packages after `--trust`, and names typed in options."""

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
    texts = [text for value in given.values() for text in _words(value)]
    typed = [name.replace(":", ".") for text in texts for name in _CODE.findall(text)]
    with only_trusted((*checked_trust(given.get("trust") or (), "the command line"), *typed)):
        yield


def _words(value: Any) -> list[str]:
    return [
        text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    ]
