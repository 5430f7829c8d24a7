"""Cells of text read as dates of one form."""

from __future__ import annotations

import polars as pl

from polytask.data.cells._date_forms import completion, has_time, names_a_date, shape
from polytask.data.cells._date_parsers import is_parsed, parsed
from polytask.data.cells._known_dates import EPOCHS, KNOWN, ZONED

__all__ = ["WEEKDAY", "dates_read", "is_date_form", "spelt_alike"]

_SINCE_1970 = {"%s": r"^\d{9,10}(?:\.\d+)?$", "%s%3f": r"^\d{12,13}(?:\.\d+)?$"}
_TIMES = (" %H:%M", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S%.f %p")
_ZONED_TIMES = (" %H:%M%#z", " %H:%M:%S%.f%#z")
WEEKDAY = r"^(?i)(mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+"
_MONTH = "(?i)\\b(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"


def dates_read(cells: pl.Expr, form: str) -> tuple[pl.Expr, pl.Expr]:
    """Cells read as days alone, and as moments with or without a time of day; else null.

    No year before 1 or after 9999 is ever read.

    Parameters
    ----------
    cells : polars.Expr
        Text.
    form : str
        How the date is written; that of the time may differ from cell to cell. A form that is not
        one of the known ones is tried on cells as they stand first.
    """
    days, moments = _read(spelt_alike(cells), form)
    if form.removesuffix(ZONED) not in KNOWN:
        as_they_stand = _read(cells.str.strip_chars(), form)
        days, moments = pl.coalesce(as_they_stand[0], days), pl.coalesce(as_they_stand[1], moments)
    return days, moments


def is_date_form(form: str) -> bool:
    """Whether text can be read as dates by a form.

    Examples
    --------
    >>> from polytask.data.cells._date_text import is_date_form
    >>> is_date_form("%G-W%V"), is_date_form("%H:%M"), is_date_form("%Y %K")
    (True, False, False)
    """
    bare = form.removesuffix(ZONED)
    return bare in KNOWN or (names_a_date(bare) and is_parsed(bare))


def _read(cells: pl.Expr, form: str) -> tuple[pl.Expr, pl.Expr]:
    bare = form.removesuffix(ZONED)
    pattern = _SINCE_1970.get(form) or shape(bare)
    cells = pl.when(cells.str.contains(pattern)).then(cells).otherwise(None)
    if form in EPOCHS:
        since = (cells.cast(pl.Float64, strict=False) * EPOCHS[form]).round()
        return _never(), since.cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
    if form.endswith(ZONED):
        forms = [bare + "%#z"] if has_time(bare) else [bare + time for time in _ZONED_TIMES]
        return _never(), pl.coalesce(*(parsed(cells, each) for each in forms))
    if has_time(bare):
        return _never(), parsed(cells, form)
    days = parsed(cells, form).cast(pl.Date)
    whole = days.cast(pl.Datetime("us"))
    if any(completion(form)):  # a month has no time of day
        return days, whole
    return days, pl.coalesce(whole, *(parsed(cells, form + time) for time in _TIMES))


def _never() -> pl.Expr:
    return pl.lit(None, dtype=pl.Date)


def spelt_alike(cells: pl.Expr) -> pl.Expr:
    """Cells without day of the week, T before the time, names of UTC, Sept, Jan. and 3rd."""
    return (
        cells.str.strip_chars()
        .str.replace(WEEKDAY, "")
        .str.replace(_MONTH + r"\.(\s|$)", "${1}${2}")
        .str.replace(r"(?i)\bsept\b\.?", "Sep")
        .str.replace(r"(?i)\b(\d\d?)(?:st|nd|rd|th)\b", "${1}")
        .str.replace(r"(\d)[Tt](\d\d:?\d\d)", "${1} ${2}")
        .str.replace(r"(\d)\s*(?:[Zz]|UTC|GMT)$", "${1}+00:00")
    )
