"""Columns that options list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["column_names"]


def column_names(values: Sequence[str], columns: Collection[str]) -> list[str]:
    """Columns that were listed with commas or one by one; a column's whole name wins."""
    names: list[str] = []
    for value in values:
        names += [value] if value in columns else [name.strip() for name in value.split(",")]
    return [name for name in dict.fromkeys(names) if name]
