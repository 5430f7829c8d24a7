from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import ClassVar

import numpy as np
import polars as pl

from polytask._validation import Constraint, Interval
from polytask.data.cells import MISSING, MOST_BUCKETS, family
from polytask.data.columns._category_labels import category_labels, n_distinct
from polytask.data.columns._coded_column import CodedColumn

__all__ = ["HashedColumn"]

_FEWEST, _MOST = 1 << 8, 1 << 14
"""Buckets that fitting chooses."""
_CHUNK = 1 << 17
"""Rows whose hashes are in memory at once."""


@dataclass(frozen=True)
class HashedColumn(CodedColumn):
    """Encoder of identifiers as two hashes each, without a vocabulary.

    A value has a bucket in each of two code columns, from 1 to `n_buckets`; a missing cell, or a
    word such as NA, has code 0 in both. Two values share one bucket often, and both of them for
    about one pair in ``n_buckets ** 2``, so that an embedding of both columns still tells values
    apart. A value that was not seen in fitting has buckets like any other: its embedding is what
    values of the same buckets taught, or that of an average bucket where no training value has it.

    Parameters
    ----------
    name : str
    n_buckets : int
        Buckets of each hash. Unless they are declared, fitting chooses the smallest power of two
        that is no less than the number of distinct training values, between 256 and 16 384.
    holds : str
        Type of the cells in fitting: text, or numbers or booleans declared to be identifiers.

    Notes
    -----
    Both hashes are of the value's text in UTF-8, where 7, 7.0 and, if numbers were held in fitting,
    the text "7.0" are the text "7". They are the two little-endian 32-bit halves of its BLAKE2b
    digest of 8 bytes, without key or salt, each modulo `n_buckets`, plus 1: the same on every
    machine and in every version. The embeddings of both codes stand side by side, as in [2]_, and
    have no weights of their own for each value, as in [1]_.

    References
    ----------
    .. [1] Svenstrup, Hansen, Winther, "Hash embeddings for efficient word representations",
       NeurIPS 2017.
    .. [2] Shi, Mudigere, Naumov, Yang, "Compositional embeddings using complementary partitions
       for memory-efficient recommendation systems", KDD 2020.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns import HashedColumn
    >>> column = HashedColumn("user", n_buckets=1000)
    >>> column.encode(pl.DataFrame({"user": ["u17", "u18", None, "u17"]}))[1].tolist()
    [[790, 702], [104, 522], [0, 0], [790, 702]]
    """

    n_buckets: int
    holds: str = "text"

    encoder: ClassVar[str] = "hashed"
    one_value_per_code: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "n_buckets": Interval(int, 1, MOST_BUCKETS),
    }

    @classmethod
    def fit(cls, series: pl.Series) -> HashedColumn:
        """Learn from a column with at least one observed cell."""
        enough = 1 << (n_distinct(series) - 1).bit_length()
        return cls.of(series, min(max(enough, _FEWEST), _MOST))

    @classmethod
    def of(cls, series: pl.Series, n_buckets: int) -> HashedColumn:
        """Encoder of a column with at least one observed cell, with so many buckets."""
        return cls(series.name, n_buckets=n_buckets, holds=family(series) or "text")

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of codes of both hashes: missing, and the buckets."""
        return (1 + self.n_buckets, 1 + self.n_buckets)

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Codes of both hashes (n, 2), int32."""
        series = self.series(inputs)
        codes = np.empty((len(series), 2), dtype=np.int32)
        for first in range(0, len(series), _CHUNK):
            codes[first : first + _CHUNK] = self._codes(series[first : first + _CHUNK])
        return self.part, codes

    def _codes(self, series: pl.Series) -> np.ndarray:
        labels = category_labels(series, numbers=self.holds == "numbers")
        unknown = labels.is_null() | labels.str.strip_chars().is_in(list(MISSING))
        texts = labels.fill_null("").cast(pl.Binary).to_list()
        digests = b"".join(map(cache(_digest), texts))  # values recur
        hashes = np.frombuffer(digests, dtype="<u4").reshape(-1, 2)
        return np.where(unknown.to_numpy()[:, None], 0, hashes % self.n_buckets + 1)


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=8).digest()
