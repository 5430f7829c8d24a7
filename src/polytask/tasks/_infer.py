"""Inference of a column's kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from polytask.exceptions import DataError
from polytask.tasks._binary import Binary
from polytask.tasks._classes import missing, observed_classes
from polytask.tasks._kind import Kind
from polytask.tasks._multiclass import Multiclass
from polytask.tasks._regression import Regression

__all__ = ["infer_kind"]

_MOST_INTEGER_CLASSES = 10
_ROWS_PER_CLASS = 5


def infer_kind(
    owner: str, column: str, values: Shaped[np.ndarray, " n"], *, integer: bool
) -> tuple[Kind, str]:
    """Return the likely kind of a target column and the reason.

    Two distinct labels are binary. Text is multiclass, and so are at most 10 distinct whole
    numbers that nearly follow one another, as codes do, and occur five times each on average;
    other numbers, such as grades from 0 to 20, are regression.

    Parameters
    ----------
    owner : str
        The task's name, for errors.
    column : str
        The column's name, for errors.
    values : array of shape (n,)
        Float64 with NaN, or objects with None.
    integer : bool
        Whether the column was stored as integers.

    Raises
    ------
    DataError
        If nothing is observed, or text looks like free text rather than classes.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.tasks import infer_kind
    >>> infer_kind("price", "price", np.array([1.5, 2.0, 7.25]), integer=False)
    (Regression(transform=None), 'numbers with fractions')
    """
    labels, _ = observed_classes(owner, column, values)
    if any(isinstance(label, float) for label in labels):
        return Regression(), "numbers with fractions"
    if len(labels) <= 2:
        return Binary(), f"{len(labels)} distinct value{'s' * (len(labels) > 1)}"
    n_rows = int((~missing(values)).sum())
    if isinstance(labels[0], str):
        if len(labels) * 2 > n_rows:
            tags = f", or write {column}:tokens for a tag for each token" if _tags(labels) else ""
            sentence = (
                f"Task {owner!r}: column {column!r} holds {len(labels)} distinct texts in "
                f"{n_rows} labelled rows, which are no classes. Choose another target{tags}."
            )
            raise DataError(sentence)
        return Multiclass(), f"{len(labels)} distinct texts"
    if integer and _like_codes(values) and len(labels) * _ROWS_PER_CLASS <= n_rows:
        return Multiclass(), f"{len(labels)} distinct whole numbers"
    return Regression(), "numbers"


def _tags(labels: Sequence[Any]) -> bool:
    """Whether texts are of few words that come back, as tags of tokens do."""
    lists = [str(label).split() for label in labels]
    words = {word for words in lists for word in words}
    several = sum(len(words) > 1 for words in lists)
    return 2 * several > len(lists) and 2 * len(words) < len(lists)


def _like_codes(values: Shaped[np.ndarray, " n"]) -> bool:
    """Whether whole numbers are few and leave hardly a gap, unlike amounts."""
    distinct = np.unique(values[~missing(values)].astype(np.float64))
    few = len(distinct) <= _MOST_INTEGER_CLASSES
    return few and bool(np.ptp(distinct) < 2 * len(distinct))
