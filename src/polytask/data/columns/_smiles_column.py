from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from jaxtyping import Float32, Int64

from polytask._validation import Constraint, Interval
from polytask.data.cells import MISSING
from polytask.data.columns._column import Column

__all__ = ["SmilesColumn"]

_LONGEST = 4
"""Characters of the longest piece, which fill 32 bits."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_CHUNK = 1 << 23
"""Counts that are in memory at once."""


@dataclass(frozen=True)
class SmilesColumn(Column):
    r"""Encoder of molecules' SMILES texts as hashed counts of their pieces.

    .. math:: x_{ib} = \log(1 + n_{ib})

    with the number :math:`n_{ib}` of pieces of 1 to 4 characters of the text i whose hash is b. A
    missing cell, or a word such as NA, is 0 in all columns.

    Parameters
    ----------
    name : str
    n_features : int
        Number of hashes.

    Notes
    -----
    Nothing is learned. The hash of a piece is that of the whole number that its bytes and its length
    make, multiplied by 0x9E3779B97F4A7C15 modulo :math:`2^{64}`, of which the higher 32 bits modulo
    `n_features` count: the same on every machine and in every version.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns import SmilesColumn
    >>> column = SmilesColumn.fit(pl.Series("molecule", ["CCO", "CCN"]))
    >>> counts = column.encode(pl.DataFrame({"molecule": ["CCO", "OCC", None]}))[1]
    >>> counts.shape, (counts > 0).sum(axis=1).tolist()
    ((3, 1024), [5, 5, 0])
    """

    n_features: int = 1024

    encoder: ClassVar[str] = "smiles"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_features": Interval(int, 1, 1 << 14),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> SmilesColumn:
        """The encoder of a column; nothing is learned of its cells."""
        return cls(series.name)

    @property
    def role(self) -> str:
        """``"smiles"``."""
        return "smiles"

    @property
    def part(self) -> str:
        """``"smiles:NAME"``."""
        return f"smiles:{self.name}"

    @property
    def family(self) -> str:
        """Text."""
        return "text"

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of hashes."""
        return (self.n_features,)

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Logarithms of 1 plus the counts (n, n_features), float32."""
        text = self.series(inputs).cast(pl.String).str.strip_chars()
        text = (
            text.to_frame("text")
            .select(
                pl.when(pl.col("text").is_in(list(MISSING)).not_())
                .then("text")
                .otherwise(pl.lit(""))
            )
            .to_series()
        )
        n_rows = max(_CHUNK // self.n_features, 1)
        chunks = [
            self._counts(text[first : first + n_rows])
            for first in range(0, max(len(text), 1), n_rows)
        ]
        return self.part, np.concatenate(chunks)

    def _counts(self, text: pl.Series) -> Float32[np.ndarray, "n f"]:
        lengths = text.str.len_bytes().cast(pl.Int64).to_numpy()
        content = np.frombuffer("".join(text.to_list()).encode(), dtype=np.uint8)
        rows = np.repeat(np.arange(len(text)), lengths)
        cells = np.zeros(len(text) * self.n_features, dtype=np.int64)
        for size in range(1, _LONGEST + 1):
            starts = _starts(rows, size)
            codes = np.full(len(starts), size, dtype=np.uint64)
            for offset in range(size):
                codes = codes << np.uint64(8) | content[starts + offset].astype(np.uint64)
            hashes = (codes * _FACTOR >> np.uint64(32)).astype(np.int64) % self.n_features
            places = rows[starts] * self.n_features + hashes
            cells += np.bincount(places, minlength=len(cells))
        return np.log1p(cells, dtype=np.float32).reshape(len(text), self.n_features)


def _starts(rows: Int64[np.ndarray, " m"], size: int) -> Int64[np.ndarray, " k"]:
    """Positions from which so many bytes belong to one row."""
    last = len(rows) - size + 1
    return np.flatnonzero(rows[: max(last, 0)] == rows[size - 1 :])
