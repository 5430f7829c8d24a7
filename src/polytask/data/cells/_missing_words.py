"""Notes on words such as NA among the texts of a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from polytask._listing import first_and_more
from polytask.data.cells._missing import MISSING
from polytask.data.names._note_text import named

__all__ = ["word_notes"]

_LOST = "read as missing; --column NAME:categorical keeps categories"
_KEPT = "kept as categories, as declared; --missing 'NAME=CELL' if that means missing"


def word_notes(
    raw: pl.LazyFrame,
    names: Sequence[str],
    markers: Mapping[str, Sequence[str]],
    kept: Collection[str],
) -> tuple[str, ...]:
    """Notes on columns of text in which cells such as NA or None are missing, or are categories.

    Parameters
    ----------
    raw : polars.LazyFrame
        Text as it stands in the file.
    names : sequence of str
        Columns of text.
    markers : mapping of column to sequence of str
        Cells that mean “missing” because the user says so.
    kept : collection of str
        Columns that keep such words.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.cells._missing_words import word_notes
    >>> word_notes(pl.LazyFrame({"pain": ["None", "mild", "None"]}), ["pain"], {}, ())
    ("pain: 'None' (2 cells) read as missing; --column pain:categorical keeps categories",)
    """
    alike: dict[tuple[str, str], dict[str, int]] = {}
    for name, counts in _counts(raw, names, markers).items():
        shown = " and ".join(map(repr, counts))
        what = _KEPT.replace("CELL", next(iter(counts))) if name in kept else _LOST
        alike.setdefault((shown, what), {})[name] = sum(counts.values())
    return tuple(_note(shown, what, counts) for (shown, what), counts in alike.items())


def _note(shown: str, what: str, counts: Mapping[str, int]) -> str:
    names, total = list(counts), sum(counts.values())
    cells = f"{total:,} cell{'s' * (total != 1)}"
    return f"{first_and_more(names)}: {shown} ({cells}) {named(what, names[0])}"


def _counts(
    raw: pl.LazyFrame, names: Sequence[str], markers: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, int]]:
    """Counts of such words, for the columns that hold one."""
    if not names:
        return {}
    counts = [_counted(pl.col(name), _words(markers.get(name, ()))).alias(name) for name in names]
    counted = raw.select(counts).collect()
    held = {name: counted[name].explode().struct.unnest().drop_nulls() for name in names}
    return {
        name: dict(table.sort("count", "cell", descending=[True, False]).iter_rows())
        for name, table in held.items()
        if table.height
    }


def _counted(cells: pl.Expr, words: Sequence[str]) -> pl.Expr:
    """Counts of the words, as one list."""
    held = cells.filter(cells.str.strip_chars().is_in(words)).str.strip_chars()
    return held.alias("cell").value_counts().implode()


def _words(markers: Collection[str]) -> list[str]:
    return [word for word in MISSING if word and word not in markers]
