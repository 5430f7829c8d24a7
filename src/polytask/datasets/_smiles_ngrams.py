"""Hashed counts of the character n-grams of molecules' SMILES texts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import UInt8

from polytask._validation import Interval, check

__all__ = ["smiles_ngrams"]

_MOST = np.iinfo(np.uint8).max


def smiles_ngrams(
    smiles: Iterable[str], n_features: int = 1024, *, longest: int = 4
) -> UInt8[np.ndarray, "molecules features"]:
    """Count the pieces of each molecule's SMILES text, hashed into a fixed number of columns.

    Parameters
    ----------
    smiles : iterable of str
    n_features : int, default 1024
        Number of columns; pieces that share one are added.
    longest : int, default 4
        Largest number of characters in a piece; the smallest is 1.

    Returns
    -------
    uint8 array of shape (n_molecules, n_features)
        Counts, at most 255.

    Notes
    -----
    Needs no chemistry package. A molecule has several SMILES texts, with different counts, so write
    all molecules in one way. As one tensor column of a table (``{"ngrams": array}``) the counts
    share one scale, which served networks better than a scale per column, and are read faster than
    as many columns.

    Examples
    --------
    >>> from polytask.datasets import smiles_ngrams
    >>> smiles_ngrams(["CCO", "CC"], n_features=64, longest=2).sum(axis=1)
    array([5, 3], dtype=uint64)
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    check("smiles_ngrams", "n_features", n_features, Interval(int, 1))
    check("smiles_ngrams", "longest", longest, Interval(int, 1))
    counter = HashingVectorizer(
        analyzer="char",
        ngram_range=(1, longest),
        lowercase=False,
        n_features=n_features,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    counts = counter.transform(smiles)
    counts.data = np.minimum(counts.data, _MOST).astype(np.uint8)
    return np.asarray(counts.toarray())
