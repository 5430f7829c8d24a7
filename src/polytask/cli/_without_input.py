"""Splits and the options about input columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from polytask.data import Splitter, TimeSplit

__all__ = ["without_input"]


def without_input(splitter: Splitter, features: Collection[str], drop: Collection[str]) -> Splitter:
    """Return the split with its time column no input, if the options leave that column out."""
    if not isinstance(splitter, TimeSplit):
        return splitter
    left_out = splitter.column in drop or (features and splitter.column not in features)
    return replace(splitter, as_input=False) if left_out else splitter
