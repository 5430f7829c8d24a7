"""Data of other libraries that is neither a frame nor an array."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from polytask.data.readers._bunch import bunch_table, is_bunch
from polytask.data.readers._hugging_face import beside, with_features
from polytask.data.readers._items import is_of_items, items_table
from polytask.data.readers._scanned import Scanned

__all__ = ["foreign"]


def foreign(
    data: Any, whole: Collection[str] = (), names: Sequence[str] | None = None
) -> Scanned | None:
    """A bunch of scikit-learn, or a data set of Hugging Face or torch, as columns; None for others.

    Parameters
    ----------
    data : object
    whole : collection of str
        Arrays (d,) in the items of a data set of torch that stay one column.
    names : sequence of str, optional
        Names of the values of such an item.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from polytask.data.readers._foreign import foreign
    >>> foreign(load_linnerud()).targets, foreign([1, 2])
    (('Weight', 'Waist', 'Pulse'), None)
    """
    if is_bunch(data):
        return bunch_table(data)
    if _is_hugging_face(data):
        return _hugging_face(data)
    if isinstance(data, Mapping) and data and all(map(_is_hugging_face, data.values())):
        return beside({str(part): _hugging_face(table) for part, table in data.items()}, "the data")
    if is_of_items(data) or (names is not None and isinstance(data, list | tuple)):
        return items_table(data, names, whole)
    return None


def _is_hugging_face(data: object) -> bool:
    """Whether it is a table of ``datasets``."""
    return all(hasattr(data, name) for name in ("features", "with_format", "column_names")) and (
        hasattr(data, "__len__")
    )


def _hugging_face(data: Any) -> Scanned:
    frame = pl.DataFrame(pl.from_arrow(data.with_format("arrow")[:]))
    return with_features(frame, data.features.to_dict())
