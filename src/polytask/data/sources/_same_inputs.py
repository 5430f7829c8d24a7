"""Sources with the same input columns, and their rows in one source."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from polytask.data.cells import family, tensor_shape
from polytask.data.sources._source import Source

__all__ = ["joined_inputs", "with_same_inputs"]


def with_same_inputs(sources: Sequence[Source]) -> tuple[tuple[Source, ...], ...]:
    """Group sources whose input columns have the same names, types and roles, in any order.

    Examples
    --------
    >>> from polytask.data import MultiTaskDataset, with_same_inputs
    >>> north = {"size": [1, 2, 4], "price": [3.0, 4.5, 5.0]}
    >>> south = {"size": [5, 7, 8], "rent": [1.0, 2.5, 2.0]}
    >>> tasks = ["price:regression", "rent:regression"]
    >>> data = MultiTaskDataset.from_sources({"north": north, "south": south}, tasks)
    >>> [[source.name for source in group] for group in with_same_inputs(data.sources)]
    [['north', 'south']]
    """
    groups: dict[Hashable, list[Source]] = {}
    for source in sources:
        groups.setdefault(_form(source), []).append(source)
    return tuple(map(tuple, groups.values()))


def joined_inputs(sources: Sequence[Source]) -> Source:
    """The rows of sources with the same input columns, one source after another, without labels."""
    first = sources[0]
    frames = [source.inputs.select(first.inputs.columns) for source in sources]
    return replace(
        first,
        inputs=pl.concat(frames, how="vertical_relaxed"),
        labels=None,
        row_ids=np.concatenate([source.row_ids for source in sources]),
        weights=None,
        groups=None,
        task_index=None,
        task_column=None,
    )


def _form(source: Source) -> Hashable:
    columns = frozenset(
        (series.name, str(family(series)), _size(series)) for series in source.inputs.iter_columns()
    )
    read = source.reading
    declared = (read.roles, read.buckets, read.lengths, read.images)
    return columns, tuple(frozenset(each.items()) for each in declared)


def _size(series: pl.Series) -> tuple[int, ...]:
    return tensor_shape(series) if isinstance(series.dtype, pl.Array) else ()
