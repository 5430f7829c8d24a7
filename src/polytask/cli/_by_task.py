"""Mappings of study files in the form of the command line."""

from __future__ import annotations

from typing import Any

__all__ = ["by_task"]


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


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{label}:{weight}" for label, weight in value.items())
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
