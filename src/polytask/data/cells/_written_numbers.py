"""Text that is numbers in other notations, such as “(1.05)”, “1/7” or “1.05 cm”."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from polytask.data.cells._marker_words import unusual_cells
from polytask.data.cells._number_text import amounts_read
from polytask.data.cells._text_reading import unread

__all__ = ["are_written_numbers", "written_hint"]

_NEARLY_ALL = 0.9
_MANY = 20
_FEWEST_PLAIN = 10
_FIGURES = r"(?:\d+(?:[ '’.,\x{a0}\x{202f}]\d{3})*(?:[.,]\d*)?|[.,]\d+)"
_WRITTEN = (
    r"^[(\[]?\s*[<>≤≥=~≈±]{0,2}\s*[+\x{2212}-]?\s*(?:[A-Z]{0,3}\p{Sc})?\s*[+\x{2212}-]?"
    + _FIGURES
    + r"(?:[eEdD][+-]?\d+|:\d{2}(?::\d{2}(?:\.\d+)?)?|/\d+)?"
    + r"\s*[\p{Sc}%‰°*†‡]*\s*\p{L}{0,3}[²³]?[)\]*†‡]*$"
)
"""A number with a few marks or letters around it; words in front make a name of it."""
_MARK = r"\d[.,:/'’ ]\d|[.,]\d|^\(|[\p{Sc}%‰°]"
"""A mark of an amount, which a code such as “12B” lacks."""


def are_written_numbers(cells: Sequence[str]) -> bool:
    """Whether all cells are numbers with a few marks or letters around them."""
    return len(_written(cells)) == len(cells)


def written_hint(cells: pl.Series, decimal: str = ".") -> str:
    """Advice on text that nearly always is a number, some in another notation; else empty.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.cells._written_numbers import written_hint
    >>> written_hint(pl.Series(["(1.05)", "3.05", "2.1"]))
    "numbers, some written otherwise, such as '(1.05)', so that all are taken for categories; write them as plain numbers"
    """
    bare = cells.cast(pl.String).str.strip_chars().drop_nulls()
    odd = unread(bare, partial(amounts_read, decimal=decimal))
    strange = unusual_cells(odd)
    written = _written(list(strange))
    n_written = sum(strange[cell] for cell in written)
    n_numbers = len(bare) - sum(odd.values()) + n_written
    n_others = sum(strange.values()) - n_written
    if written.is_empty() or n_numbers < _NEARLY_ALL * (n_numbers + n_others):
        return ""
    n_plain = bare.n_unique() - len(odd)
    if not _are_amounts(written, n_plain):
        return ""
    return (
        f"numbers{', some' if n_plain else ''} written otherwise, such as {written[0]!r}, so that "
        "all are taken for categories; write them as plain numbers"
    )


def _written(cells: Sequence[str]) -> pl.Series:
    texts = pl.Series(cells, dtype=pl.String)
    return texts.filter(texts.str.contains(_WRITTEN))


def _are_amounts(written: pl.Series, n_plain: int) -> bool:
    """Whether marks, numbers beside them, or their count distinguish amounts from codes."""
    marked = written.str.contains(_MARK).sum()
    return 2 * marked >= len(written) or n_plain >= _FEWEST_PLAIN or len(written) >= _MANY
