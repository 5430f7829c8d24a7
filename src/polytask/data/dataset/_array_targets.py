"""Targets of arrays of inputs: arrays, sparse matrices, frames, or columns by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import narwhals as nw
import polars as pl

from polytask._listing import count
from polytask.data.readers import array_columns, as_array, as_table, is_pandas, is_sparse
from polytask.exceptions import DataError

__all__ = ["Targets", "array_targets"]


class Targets(NamedTuple):
    """Target columns, whether they came with names, and notes."""

    table: pl.DataFrame
    named: bool
    notes: tuple[str, ...] = ()


def array_targets(Y: Any, *, of_pixels: bool = False) -> Targets:
    """Read targets as columns, by their own names or ``y0`` … .

    Parameters
    ----------
    Y : array, tensor, sparse matrix, frame, series, or mapping of names to columns
    of_pixels : bool, default False
        Whether a Y of more than two axes is one target, an array for each row.

    Raises
    ------
    DataError
        If Y has more axes, or a sparse Y stores zeros besides cells that it leaves
        out.

    Examples
    --------
    >>> from polytask.data.dataset._array_targets import array_targets
    >>> array_targets({"price": [1.5, 2.5], "sold": [0, 1]}).table.columns
    ['price', 'sold']
    """
    if isinstance(Y, pl.Series) or is_pandas(Y):
        name = getattr(Y, "name", None)
        return Targets(as_table({name or "y0": Y}), isinstance(name, str) and bool(name))
    if _has_names(Y):
        return Targets(as_table(Y), named=True)
    notes = _notes_on_sparse(Y) if is_sparse(Y) else ()
    array = as_array(Y)
    if array.dtype.names is not None:
        return Targets(as_table(array), named=True)
    if array.ndim > 2 and of_pixels:
        return Targets(as_table({"y0": array}), named=False)
    if array.ndim not in {1, 2}:
        sentence = (
            "Y must have one value for each row and target, the shape (n,) or (n, n_targets), or "
            f"be a mapping of names to columns. Got the shape {array.shape}."
        )
        raise DataError(sentence)
    names = _numbered(1 if array.ndim == 1 else array.shape[1])
    return Targets(as_table(array_columns(array, names)), False, notes)


def _numbered(count: int) -> Sequence[str]:
    return [f"y{column}" for column in range(count)]


def _has_names(Y: Any) -> bool:
    frame = nw.dependencies.is_into_dataframe(Y)
    return frame or isinstance(Y, Mapping | pl.LazyFrame)


def _notes_on_sparse(Y: Any) -> tuple[str, ...]:
    """Notes on the cells that a sparse matrix leaves out."""
    left_out = int(Y.shape[0]) * (int(Y.shape[1]) if len(Y.shape) > 1 else 1) - Y.nnz
    if left_out and Y.nnz > Y.count_nonzero():
        sentence = (
            f"Y is a sparse matrix that stores zeros and leaves out {count(left_out, 'cell')}, which may "
            "be missing or 0. Give a dense array with NaN where a label is missing."
        )
        raise DataError(sentence)
    if not left_out:
        return ()
    note = (
        f"targets: what the sparse Y leaves out ({count(left_out, 'cell')}) counts as 0; for missing "
        "labels give a dense Y with NaN"
    )
    return (note,)
