"""Mappings of study files in the form of the command line."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["by_task", "named_by_task"]

_SETTINGS = re.compile(r"(?<=\w)\([^()]*=[^()]*\)")
_EQUALS, _COMMA = "\0", "\1"


def by_task(value: Any) -> Any:
    """A mapping of task to value as a list of ``TASK=VALUE``; one word as a list of one.

    Examples
    --------
    >>> from polytask.cli._by_task import by_task
    >>> by_task({"income": ["roc_auc", "f1"], "fraud": {"yes": 20}})
    ['income=roc_auc,f1', 'fraud=yes:20']
    """
    if isinstance(value, dict):
        return [f"{task}={_written(text)}" for task, text in value.items()]
    return [value] if isinstance(value, str) else value


def named_by_task(text: str) -> tuple[str, list[str]]:
    """Parse ``TASK=NAME,NAME``, where settings may follow a name in brackets; no task is "".

    Examples
    --------
    >>> from polytask.cli._by_task import named_by_task
    >>> named_by_task("grade=top_k(k=3),f1")
    ('grade', ['top_k(k=3)', 'f1'])
    """

    def hidden(settings: re.Match[str]) -> str:
        return settings[0].replace("=", _EQUALS).replace(",", _COMMA)

    task, _, listed = _SETTINGS.sub(hidden, text).rpartition("=")
    names = (name.replace(_EQUALS, "=").replace(_COMMA, ",") for name in listed.split(","))
    return task, [name.strip() for name in names if name.strip()]


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{label}:{weight}" for label, weight in value.items())
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
