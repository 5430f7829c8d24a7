"""The contract of a column encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import polars as pl

__all__ = ["Column", "fit_columns"]


@dataclass(frozen=True)
class Column(ABC):
    """How one input column becomes numbers; plain data that goes through JSON.

    Parameters
    ----------
    name : str
        The column's name in the table.
    """

    name: str

    @property
    @abstractmethod
    def part(self) -> str:
        """``"numeric"``, ``"categorical"`` or ``"tensor:NAME"``."""

    @property
    def width(self) -> int:
        """Numeric columns it fills (the value and, maybe, its missing indicator)."""
        return 0

    @property
    def cardinality(self) -> int:
        """Codes it uses, the unknown included."""
        return 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of its tensor a row."""
        return ()

    @abstractmethod
    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """The part it belongs to and its array: (n, width), (n, 1) codes, or (n, *shape)."""


def fit_columns(inputs: pl.DataFrame) -> tuple[Column, ...]:
    """One fitted encoder a column: numeric, boolean, categorical or tensor by its type."""
    raise NotImplementedError
