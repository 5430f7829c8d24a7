"""Texts, tokens and sequences as columns of a design matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int32
from scipy import sparse

__all__ = ["sequence_statistics", "statistics_width", "word_counts", "words_width"]

_MOST_DENSE = 256
"""Words that have a column in a matrix that is not sparse."""


def words_width(n_codes: int, *, in_sparse: bool) -> int:
    """Columns of a text or of tokens with so many codes: one per known word, or per frequent one."""
    known = n_codes - 2
    return known if in_sparse else min(known, _MOST_DENSE)


def word_counts(codes: Int32[np.ndarray, "n l"], width: int, *, normalized: bool) -> Any:
    """Logarithms of 1 plus the count of each of the most frequent words, as a CSR array.

    Parameters
    ----------
    codes : array of shape (n, l)
        Codes of words, those of most training rows first from code 2; others count as none.
    width : int
        Number of words.
    normalized : bool
        Whether each row has length 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.predictor._step_columns import word_counts
    >>> counts = word_counts(np.array([[2, 3, 2, 1, 0]], np.int32), 2, normalized=True)
    >>> counts.toarray().round(2)
    array([[0.85, 0.53]])
    """
    rows, positions = np.nonzero((codes > 1) & (codes < width + 2))
    columns = codes[rows, positions] - 2
    counts = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(codes), width))
    counts.sum_duplicates()
    counts.data = np.log1p(counts.data)
    if normalized:
        lengths = np.sqrt(counts.multiply(counts).sum(axis=1)).clip(min=np.finfo(float).tiny)
        counts.data /= np.repeat(lengths, np.diff(counts.indptr))
    return counts


def statistics_width(n_channels: int) -> int:
    """Columns of a sequence."""
    return 6 * n_channels + 1


def sequence_statistics(steps: Float[np.ndarray, "n l k"]) -> Float64[np.ndarray, "n w"]:
    """Mean, deviation, least, greatest, first and last number of every channel, and the length.

    The length is the number of steps itself, without a logarithm. Rows without a step are 0 in all
    columns.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.predictor._step_columns import sequence_statistics
    >>> sequence_statistics(np.array([[[1.0], [3.0], [np.nan]], [[np.nan]] * 3]))
    array([[2., 1., 1., 3., 1., 3., 2.],
           [0., 0., 0., 0., 0., 0., 0.]])
    """
    present = ~np.isnan(steps[:, :, 0])
    lengths, mask = present.sum(axis=1), present[:, :, None]
    counts = np.maximum(lengths, 1)[:, None]
    values = np.where(mask, steps, 0.0).astype(np.float64)
    mean = values.sum(axis=1) / counts
    squares = np.where(mask, values - mean[:, None], 0.0) ** 2
    last = np.take_along_axis(values, counts[:, :, None] - 1, axis=1)[:, 0]
    columns = [
        mean,
        np.sqrt(squares.sum(axis=1) / counts),
        np.where(mask, values, np.inf).min(axis=1),
        np.where(mask, values, -np.inf).max(axis=1),
        values[:, 0],
        last,
    ]
    found = np.where((lengths > 0)[:, None], np.hstack(columns), 0.0)
    return np.column_stack([found, lengths])
