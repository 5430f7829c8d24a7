"""Items of data sets in the manner of torch, ``(x, y)`` or mappings, as columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from polytask._listing import count
from polytask._reason import reason
from polytask._validation import describe
from polytask.data.readers._frame_columns import array_columns, from_columns
from polytask.data.readers._plain_arrays import as_array, is_tensor
from polytask.data.readers._progress import with_bar
from polytask.data.readers._scanned import Scanned
from polytask.data.readers._series import as_series
from polytask.exceptions import DataError, ParameterError

__all__ = ["is_of_items", "items_table"]

_PAIR = ("x", "y")


def is_of_items(data: object) -> bool:
    """Whether it gives items by their number, as a data set of torch does, and is no table or array."""
    kind = type(data)
    if isinstance(data, str | bytes | Mapping | list | tuple | np.ndarray | range):
        return False
    tables = (
        "columns",
        "column_names",
        "shape",
        "__dataframe__",
        "__arrow_c_stream__",
        "__array__",
    )
    if any(hasattr(kind, name) or name in vars(kind) for name in tables):
        return False
    return hasattr(kind, "__getitem__") or (_is_loader(data) and hasattr(kind, "__iter__"))


def _is_loader(data: object) -> bool:
    return hasattr(data, "dataset") and hasattr(data, "batch_size")


def items_table(
    data: Any, names: Sequence[str] | None = None, whole: Collection[str] = ()
) -> Scanned:
    """Columns of all items, each of which is read once.

    Items are ``(x, y)``, mappings of names to values, or several values, which `names` name. A value
    may be a number, text, an array, a list, or a mapping or tuple of these. Arrays (d,) of one length
    are the columns ``x0`` …, larger ones tensors, and those that differ in length sequences.

    Parameters
    ----------
    data : sequence of items
    names : sequence of str, optional
        Names of the values of an item.
    whole : collection of str
        Values (d,) that stay one column.

    Raises
    ------
    DataError
        If there is no item, one cannot be read, or they differ in what they hold.

    Examples
    --------
    >>> from polytask.data.readers._items import items_table
    >>> table = items_table([([0.5, 1.0], "yes"), ([0.25, 3.0], "no")])
    >>> table.frame.collect().columns, table.targets
    (['x0', 'x1', 'y'], ('y',))
    """
    items = list(_items(data))
    if not items:
        raise DataError("The data set has no items.")
    named = [_named(item, names, row) for row, item in enumerate(items)]
    fields = list(named[0])
    for row, item in enumerate(named):
        if list(item) != fields and set(item) != set(fields):
            raise DataError(
                f"The items of a data set must hold values of the same names. Item 0 holds "
                f"{', '.join(fields)}; item {row} holds {', '.join(map(str, item))}."
            )
    columns = {
        field: list(_columns(field, [item[field] for item in named], whole)) for field in fields
    }
    flat = [series for several in columns.values() for series in several]
    frame = from_columns({series.name: series for series in flat}, [series.name for series in flat])
    is_pair = len(fields) == 2 and not isinstance(items[0], Mapping)
    targets = tuple(series.name for series in columns[fields[1]]) if is_pair else ()
    return Scanned(frame.lazy(), targets=targets)


def _items(data: Any) -> Iterator[Any]:
    """Every item, with a bar where that takes long."""
    if _is_loader(data):
        raise ParameterError(
            "A loader gives batches, not rows. Give its data set instead: loader.dataset."
        )
    try:
        length = len(data)
    except TypeError as error:
        raise ParameterError(
            f"A data set must say how many items it has (len). Got {describe(data, 40)}; give "
            "list(dataset), if it ends."
        ) from error
    each = (_item(data, position, length) for position in range(length))
    yield from with_bar(each, length, "reading")


def _item(data: Any, position: int, length: int) -> Any:
    try:
        return data[position]
    except Exception as error:
        raise DataError(
            f"Item {position} of {count(length, 'item')} of the data set cannot be read: "
            f"{reason(error)}."
        ) from error


def _named(item: Any, names: Sequence[str] | None, row: int) -> Mapping[str, Any]:
    """The values of an item by their names."""
    if isinstance(item, Mapping):
        return {str(name): value for name, value in item.items()}
    fields = names if names is not None else getattr(type(item), "_fields", None)
    if not isinstance(item, tuple | list):
        item = (item,)
    if fields is None:
        fields = _PAIR[: len(item)]
    if len(fields) != len(item):
        raise DataError(
            f"An item of a data set is (x, y), a mapping, or as many values as `names` says. Got "
            f"{count(len(item), 'value')} in item {row} and {count(len(fields), 'name')}; name "
            "them all, as in MultiTaskDataset.from_dataset(dataset, names=['left', 'right', 'label'])."
        )
    return dict(zip(map(str, fields), item, strict=True))


def _columns(name: str, values: list[Any], whole: Collection[str]) -> Iterator[pl.Series]:
    """The columns of one value of all items."""
    first = next((value for value in values if value is not None), None)
    if isinstance(first, Mapping):
        for key in first:
            inner = [_part(value, key, name, row) for row, value in enumerate(values)]
            yield from _columns(str(key), inner, whole)
        return
    if isinstance(first, tuple):
        for position in range(len(first)):
            inner = [_part(value, position, name, row) for row, value in enumerate(values)]
            yield from _columns(f"{name}{position}", inner, whole)
        return
    values = [_plain(value) for value in values]
    array = _stacked(values)
    if array is None:
        yield as_series(name, values)
    elif array.ndim == 2 and array.shape[1] > 1 and name not in whole:
        names = [f"{name}{column}" for column in range(array.shape[1])]
        yield from array_columns(array, names).iter_columns()
    else:
        yield as_series(name, array)


def _part(value: Any, key: Any, name: str, row: int) -> Any:
    if value is None:
        return None
    try:
        return value[key]
    except (KeyError, IndexError, TypeError) as error:
        raise DataError(
            f"The values {name!r} of a data set must have the same parts. {key!r} is not in that "
            f"of item {row}."
        ) from error


def _plain(value: Any) -> Any:
    """Tensors as arrays, those without axes as numbers, and images of Pillow as (channels, h, w)."""
    if is_tensor(type(value)):
        value = as_array(value)
    elif hasattr(type(value), "getbands") and hasattr(value, "convert"):
        value = np.asarray(value)
        value = np.moveaxis(value, -1, 0) if value.ndim == 3 else value[None]
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _stacked(values: list[Any]) -> np.ndarray | None:
    """One array of all, if all are arrays, or lists of numbers, of one shape."""
    if not all(isinstance(value, np.ndarray | list) for value in values):
        return None
    try:
        arrays = [np.asarray(value) for value in values]
    except ValueError:  # of nested lists that differ in length
        return None
    if len({array.shape for array in arrays}) > 1 or 0 in arrays[0].shape:
        return None
    return np.stack(arrays) if all(array.dtype.kind in "biuf" for array in arrays) else None
