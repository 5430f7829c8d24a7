"""Categories and words of new rows that a model never met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import polars as pl

from polytask._listing import count, first_and_more
from polytask.data.columns import (
    CategoricalColumn,
    ImageColumn,
    PiecesColumn,
    SequenceColumn,
    SteppedColumn,
    row_steps,
)
from polytask.data.encoding._schema import Schema

__all__ = ["unseen_notes"]

_SHOWN = 3


def unseen_notes(table: pl.DataFrame, schemas: Iterable[Schema]) -> tuple[str, ...]:
    """Notes on columns whose new rows hold unknown categories or words, or more steps than are read.

    Tokens are noted if any is unknown, and words of texts if most are.

    Parameters
    ----------
    table : polars.DataFrame
        As `rows_to_predict` gives it.
    schemas : iterable of Schema
        Of a model.

    Examples
    --------
    >>> import polars as pl, polytask
    >>> from polytask.data import fit_schemas, unseen_notes
    >>> data = polytask.read({"town": ["a", "b", "a", "b"], "y": [0, 1, 0, 1]}, "y")
    >>> unseen_notes(pl.DataFrame({"town": ["a", "c"]}), fit_schemas(data).values())
    ("town: 'c' (1 cell) was not seen in fitting and counts as unknown",)
    """
    columns = {column.name: column for schema in schemas for column in schema.columns}
    return tuple(_notes(table, columns))


def _notes(table: pl.DataFrame, columns: Mapping[str, object]) -> Iterator[str]:
    for name, column in columns.items():
        if isinstance(column, CategoricalColumn) and name in table.columns:
            unseen = column.unseen(table)
            if len(unseen):
                yield _note(name, unseen)
        elif isinstance(column, SteppedColumn | SequenceColumn) and name in table.columns:
            yield from _step_notes(table, column)
        elif isinstance(column, PiecesColumn) and name in table.columns:
            yield from _piece_notes(table, column)
        elif isinstance(column, ImageColumn) and name in table.columns:
            missing = table[name].null_count()
            if missing:
                yield f"{name}: {count(missing, 'row')} without an image that can be read"


def _note(name: str, unseen: pl.Series) -> str:
    cells = unseen.unique(maintain_order=True).to_list()
    shown = first_and_more(map(repr, cells), _SHOWN)
    several = len(cells) > 1
    return (
        f"{name}: {shown} ({len(unseen):,} cell{'s' * (len(unseen) > 1)}) "
        f"{'were' if several else 'was'} not seen in fitting and "
        f"{'count' if several else 'counts'} as unknown"
    )


def _piece_notes(table: pl.DataFrame, column: PiecesColumn) -> Iterator[str]:
    tokens = row_steps(column.series(table), "tokens") if column.read == "tokens" else np.zeros(0)
    for n_cut, most, what in (
        (int((tokens > column.words).sum()), column.words, "tokens"),
        (column.n_cut(table), column.steps, "pieces of words"),
    ):
        if n_cut:
            yield (
                f"{column.name}: of {count(n_cut, 'row')} only the first {most:,} {what} are read, as in "
                "fitting"
            )


def _step_notes(table: pl.DataFrame, column: SteppedColumn | SequenceColumn) -> Iterator[str]:
    name, role = column.name, column.role
    if isinstance(column, SteppedColumn):
        count, unknown, cut = column.counts(table)
        if unknown and (role == "tokens" or 2 * unknown > count):
            step = {"text": "word"}.get(role, role.removesuffix("s"))
            yield (
                f"{name}: {unknown:,} of {count:,} {step}{'s' * (count > 1)} "
                f"{'were' if unknown > 1 else 'was'} not seen in fitting and "
                f"{'count' if unknown > 1 else 'counts'} as unknown"
            )
    else:
        cut = int((row_steps(column.series(table)) > column.steps).sum())
    if cut:
        yield (
            f"{name}: of {cut:,} row{'s' * (cut > 1)} only the first {column.steps:,} steps are read, "
            "as in fitting"
        )
