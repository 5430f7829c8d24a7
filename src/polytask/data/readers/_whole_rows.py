"""Text files without their empty rows and columns; notes on columns without a name."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from polytask._listing import first_and_more
from polytask.data.names import quoted
from polytask.data.readers._layout import Layout

__all__ = ["whole_rows"]


def whole_rows(
    raw: pl.LazyFrame, layout: Layout, *, every_row: bool
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """The cells without empty rows and without empty columns that have no name, and notes.

    Parameters
    ----------
    raw : polars.LazyFrame
        Text.
    layout : Layout
    every_row : bool
        Whether to keep empty rows, so that the others keep their positions.
    """
    names = list(layout.names)
    filled = {name: pl.col(name).str.strip_chars().str.len_bytes() > 0 for name in layout.nameless}
    whole = pl.any_horizontal(pl.all().is_not_null())
    facts = raw.select(
        whole.sum().alias("whole"),
        whole.last().alias("last"),
        pl.len().alias("rows"),
        *(test.any().alias(f"filled {name}") for name, test in filled.items()),
    ).collect()
    empty = [name for name in layout.nameless if not facts[f"filled {name}"].item()]
    kept = raw.drop(empty)
    rows, n_whole = facts["rows"].item(), facts["whole"].item()
    notes = _notes_on_names(kept, [name for name in layout.nameless if name not in empty])
    if empty:
        notes = [f"{_count(len(empty), 'empty column')} without a name left out", *notes]
    if every_row or len(names) < 2 or not 0 < n_whole < rows:  # one column may lack values
        return kept, tuple(notes)
    if rows - n_whole > 1 or facts["last"].item():  # a single one at the end is a line's end
        notes.append(f"{_count(rows - n_whole, 'empty row')} left out")
    return kept.filter(pl.any_horizontal(pl.all().is_not_null())), tuple(notes)


def _notes_on_names(raw: pl.LazyFrame, names: Sequence[str]) -> list[str]:
    """Notes on columns that were named here."""
    if not names:
        return []
    columns = raw.select(names).collect()
    counting = [name for name in names if _counts_rows(columns[name])]
    notes = [
        f"{name}: a column without a name that counts the rows, as an index does; "
        f"--drop {quoted(name)} "
        "leaves it out"
        for name in counting
    ]
    others = [name for name in names if name not in counting]
    if others:
        notes.append(f"{first_and_more(others)}: named so here, since the header gives no name")
    return notes


def _counts_rows(cells: pl.Series) -> bool:
    if cells.is_empty():
        return False
    numbers = cells.cast(pl.Int64, strict=False)
    steps = numbers.diff().drop_nulls()
    return numbers[0] in {0, 1} and len(steps) == len(cells) - 1 and bool((steps == 1).all())


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
