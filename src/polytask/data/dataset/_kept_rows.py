"""Sources with some of their rows or columns removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from polytask.data.sources import Source, hide_unweighted, weighing_rows
from polytask.exceptions import DataError

__all__ = ["take_rows", "without_columns", "without_zero_weights"]


def take_rows(sources: Sequence[Source], rows: Mapping[str, np.ndarray]) -> tuple[Source, ...]:
    """Select rows by source name; sources that are not named keep none."""
    positions = (np.asarray(rows.get(source.name, []), dtype=np.int64) for source in sources)
    return tuple(source.take(kept) for source, kept in zip(sources, positions, strict=True))


def without_zero_weights(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Remove the rows whose weight is 0 for every task, and hide labels of weight 0."""
    hidden = [hide_unweighted(source) for source in sources]
    rows = {source.name: weighing_rows(source) for source in hidden}
    if all(len(rows[source.name]) == source.n_rows for source in hidden):
        return tuple(hidden)
    return take_rows(hidden, rows)


def without_columns(sources: Sequence[Source], names: Iterable[str]) -> tuple[Source, ...]:
    """Remove input columns.

    Raises
    ------
    DataError
        If a source keeps no input column.
    """
    dropped = list(names)
    kept = tuple(
        replace(source, inputs=source.inputs.drop(dropped, strict=False)) for source in sources
    )
    for source in kept:
        if source.inputs.width == 0:
            sentence = f"No input column of source {source.name!r} is left without {dropped}."
            raise DataError(sentence)
    return kept
