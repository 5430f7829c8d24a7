"""Data sets of other libraries as tables with targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polytask._validation import describe
from polytask.data.readers import Table, open_frame, untyped
from polytask.exceptions import ParameterError

__all__ = ["open_dataset", "own_targets"]


def open_dataset(
    dataset: Any, names: Sequence[str] | None, *, columns: Mapping[str, str], missing: Any
) -> Table:
    """The items of a data set as a table; lists are lists of items."""
    if names is None and isinstance(dataset, list | tuple) and dataset:
        names = _names_of(dataset[0])
    opened = untyped(dataset, {*columns}, names)
    return open_frame(opened, columns=columns, missing=missing)


def _names_of(item: Any) -> Sequence[str] | None:
    """Names of the values of an item in a list; None for a mapping, which has its own."""
    if isinstance(item, Mapping):
        return None
    return getattr(type(item), "_fields", ("x", "y"))


def own_targets(table: Table, dataset: Any) -> Sequence[str]:
    """The targets that a data set names itself.

    Raises
    ------
    ParameterError
        If it names none.
    """
    if not table.targets:
        listed = ", ".join(table.frame.columns[:8])
        raise ParameterError(
            f"The data set does not say which columns are targets. Name them (tasks=), of {listed}. "
            f"Got {describe(dataset, 40)}."
        )
    return table.targets
