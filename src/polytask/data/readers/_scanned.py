"""Columns, and what their file or data set says of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import polars as pl

__all__ = ["Scanned"]


class Scanned(NamedTuple):
    """Columns, and what their file or data set says of them.

    Attributes
    ----------
    frame : polars.LazyFrame
    notes : tuple of str
        Notes on decisions made in reading.
    roles : mapping of column to role
        What the file itself says that columns are.
    targets : tuple of str
        Columns that are targets, where the data says so.
    """

    frame: pl.LazyFrame
    notes: tuple[str, ...] = ()
    roles: Mapping[str, str] = MappingProxyType({})
    targets: tuple[str, ...] = ()
