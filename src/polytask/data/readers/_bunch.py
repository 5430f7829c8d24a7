"""Bunches of scikit-learn: inputs, targets, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import first_names
from polytask.data.readers._frame_columns import array_columns, no_duplicates
from polytask.data.readers._frames import plain_table
from polytask.data.readers._plain_arrays import as_array, is_sparse
from polytask.data.readers._scanned import Scanned
from polytask.exceptions import DataError

__all__ = ["bunch_table", "is_bunch"]


def is_bunch(data: object) -> bool:
    """Whether it is a mapping with `data` and `target` that are attributes, too."""
    return isinstance(data, Mapping) and all(
        name in data and hasattr(data, name) for name in ("data", "target")
    )


def bunch_table(bunch: Any) -> Scanned:
    """Inputs by `feature_names`, and targets by `target_names`.

    One target of whole numbers that index `target_names` is the texts for which they stand.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from polytask.data.readers._bunch import bunch_table
    >>> table = bunch_table(load_iris())
    >>> table.targets, table.frame.collect()["target"][0]
    (('target',), 'setosa')
    """
    inputs = _inputs(bunch.data, bunch.get("feature_names"))
    targets, notes = _targets(bunch.target, bunch.get("target_names"))
    if targets.height not in {0, inputs.height}:
        raise DataError(
            f"The bunch's data and target must have one length. Got {inputs.height} and "
            f"{targets.height}."
        )
    no_duplicates([*inputs.columns, *targets.columns])
    return Scanned(inputs.hstack(targets).lazy(), notes, targets=tuple(targets.columns))


def _inputs(data: Any, names: Any) -> pl.DataFrame:
    if isinstance(data, list | tuple):
        return plain_table({"text": data})
    if not (isinstance(data, np.ndarray) or is_sparse(data)):
        return plain_table(data)
    array = as_array(data)
    if array.ndim == 1:
        return plain_table({"text" if array.dtype.kind in "OTU" else "x": array})
    known = names is not None and array.ndim == 2 and len(names) == array.shape[1]
    return array_columns(array, list(map(str, names)) if known else None)


def _targets(target: Any, names: Any) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Target columns, and a note where numbers stand for classes."""
    if target is None:
        return pl.DataFrame(), ()
    listed = [] if names is None else list(names)
    if hasattr(target, "columns"):
        return plain_table(target), ()
    array = as_array(target)
    if array.ndim > 1:
        named = len(listed) == array.shape[1]
        return array_columns(
            array,
            list(map(str, listed)) if named else [f"y{column}" for column in range(array.shape[1])],
        ), ()
    name = str(getattr(target, "name", None) or (listed[0] if len(listed) == 1 else "target"))
    if _index_names(array, listed):
        classes = np.array(list(map(str, listed)))[array]
        note = f"{name}: classes by their target_names ({first_names(listed, 3)})"
        return plain_table({name: classes}), (note,)
    return plain_table({name: target}), ()


def _index_names(array: np.ndarray, names: Sequence[Any]) -> bool:
    """Whether numbers are positions in names of classes that say more than the numbers."""
    if array.dtype.kind not in "iu" or len(names) < 2 or not array.size:
        return False
    text = all(isinstance(name, str | np.str_) for name in names)
    return text and int(array.min()) >= 0 and int(array.max()) < len(names)
