"""Parsing of settings by path, as `--set` and study files write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["set_values"]


def set_values(value: Any) -> dict[str, str]:
    """Path to text, of ``PATH=VALUE``, a list of them, or mappings; the last of one path counts.

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> from polytask.cli._set_values import set_values
    >>> set_values({"trainer": {"optimizer": "sgd", "clip_norm": None}, "encoder.widths": [64, 64]})
    {'trainer.optimizer': 'sgd', 'trainer.clip_norm': 'none', 'encoder.widths': '64,64'}
    >>> set_values({"groups": [[["a", "b"], ["c"]], [["a"], ["b"], ["c"]]]})
    {'groups': '(((a,b),(c)),((a),(b),(c)))'}
    """
    return {
        path: text
        for item in (value if isinstance(value, list) else [value])
        for path, text in _pairs(item)
    }


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for path, inner in value.items():
            yield from _below(str(path), inner)
        return
    path, equals, text = value.partition("=") if isinstance(value, str) else ("", "", "")
    if not equals or not path.strip():
        raise ValueError("no PATH=VALUE")
    yield path.strip(), text.strip()


def _below(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _below(f"{path}.{name}", inner)
        return
    yield path, _text(value)


def _text(value: Any, *, inner: bool = False) -> str:
    if isinstance(value, list):
        nested = inner or any(isinstance(part, list) for part in value)
        joined = ",".join(_text(part, inner=nested) for part in value)
        return f"({joined})" if nested or not value else joined
    if value is None or isinstance(value, bool):
        return str(value).casefold()
    if not isinstance(value, str | int | float):
        raise ValueError("no plain value")
    return str(value)
