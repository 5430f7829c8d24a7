"""Dates in text: the forms that are known, and cells read by one of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

__all__ = ["ZONED", "dates_read", "first_part", "likely_forms", "plain_words", "usual_form"]

ZONED = " %#z"
"""Ends the forms of columns whose every cell names its distance from UTC."""

_ORDERED = tuple(
    f"{first}{mark}{second}{mark}{year}"
    for mark in "/.-"
    for year in ("%Y", "%y")
    for first, second in (("%m", "%d"), ("%d", "%m"))
)
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%B %Y")
_COMPACT = ("%Y%m%d", "%Y%m%d %H%M%S", "%Y%m%d%H%M%S", "%Y")
_EPOCHS = {"%s": 1_000_000, "%s%3f": 1_000}
"""Seconds and milliseconds since 1970, and how many microseconds each is."""
_DASHED = tuple(form for form in _ORDERED if "-" in form and "%y" in form)
_DECLARED = (*_COMPACT, *_EPOCHS, *_DASHED)
"""Numbers, scores and part numbers look like these too: read so only where dates are declared."""

_FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    *(form for form in _ORDERED if form not in _DASHED),
    "%d %B %Y",
    "%d-%B-%Y",
    "%d-%B-%y",
    "%d/%B/%Y",
    "%d. %B %Y",
    "%B %d %Y",
    "%B %d, %Y",
    "%Y-%B-%d",
    *_MONTHS,
    "%B %d %H:%M:%S %Y",  # C's ctime
    "%d/%B/%Y:%H:%M:%S",  # web servers
)

_TIMES = (" %H:%M", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S%.f %p")
_ZONED_TIMES = (" %H:%M%#z", " %H:%M:%S%.f%#z")
_WEEKDAY = r"^(?i)(mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+"
_LIKE_A_DATE = r"^(?:\d{1,4}(?:[-/]|\.\s?|\s)(?:\d{1,4}|[A-Za-z]{3,9})|[A-Za-z]{3,9}\.?\s+\d)"  # after weekdays
_ENDS_IN_A_ZONE = re.compile(r"(?:[+-]\d\d(?::?\d\d)?|[A-Za-z])$")
_SAMPLE = 100


def dates_read(cells: pl.Expr, form: str) -> tuple[pl.Expr, pl.Expr]:
    """Cells read as days alone, and as moments with or without a time of day; else null.

    Parameters
    ----------
    cells : polars.Expr
        Text.
    form : str
        How the date is written; that of the time may differ from cell to cell.
    """
    words = _guarded(_spelt_alike(cells), form)
    bare, timed = form.removesuffix(ZONED), _has_time(form)
    if form.endswith(ZONED):
        forms = [bare + "%#z"] if timed else [bare + time for time in _ZONED_TIMES]
        return _never(), pl.coalesce(*(_moments(words, one) for one in forms))
    if form in _EPOCHS:
        since = words.cast(pl.Int64, strict=False) * _EPOCHS[form]
        return _never(), since.cast(pl.Datetime("us"))
    if timed:
        return _never(), _moments(words, form)
    days = _days(words, form)
    return days, pl.coalesce(
        days.cast(pl.Datetime("us")), *(_moments(words, form + time) for time in _TIMES)
    )


def _days(words: pl.Expr, form: str) -> pl.Expr:
    """Polars wants a month and a day, though it be the first of a year or month."""
    if form == "%Y":
        words, form = words + " 01 01", "%Y %m %d"
    elif form in _MONTHS:
        words, form = words + " 01", f"{form} %d"
    return words.str.to_date(form, strict=False)


def _moments(words: pl.Expr, form: str) -> pl.Expr:
    return words.str.to_datetime(form, strict=False, time_unit="us")


def _never() -> pl.Expr:
    return pl.lit(None, dtype=pl.Date)


def _has_time(form: str) -> bool:
    return any(mark in form for mark in ("%H", "%I", "%T", "%R"))


def _spelt_alike(cells: pl.Expr) -> pl.Expr:
    """Without day of the week, T before the time, names of UTC, and Sept."""
    return (
        cells.str.strip_chars()
        .str.replace(_WEEKDAY, "")
        .str.replace(r"(?i)\bsept\b\.?", "Sep")
        .str.replace(r"(\d)[Tt](\d\d:?\d\d)", "${1} ${2}")
        .str.replace(r"(\d)\s*(?:[Zz]|UTC|GMT)$", "${1}+00:00")
    )


def _guarded(words: pl.Expr, form: str) -> pl.Expr:
    """Null where a year has too few figures, or a number may be no date."""
    return pl.when(words.str.contains(_shape(form))).then(words).otherwise(None)


def _shape(form: str) -> str:
    """What text of this form looks like."""
    year = r"(?:18|19|20|21)\d\d"
    if form in _MONTHS:
        return rf"(?:^|\D){year}(?:\D|$)"
    if form in _COMPACT:
        return rf"^{year}" + ("$" if form == "%Y" else r"\d{4}(?:\D|$|\d{6}$)")
    if form in _EPOCHS:
        return r"^\d{9,10}$" if form == "%s" else r"^\d{12,13}$"
    if form.startswith("%Y"):
        return r"^\d{4}\D"
    return r"(?:^|\D)\d\d?\D(?:.*\D)?\d{4}(?:\D|$)" if "%Y" in form else r"[/.-]\d\d(?:\D|$)"


def first_part(form: str) -> str | None:
    """Whether day or month stands first in a form where one may be mistaken for the other.

    Examples
    --------
    >>> from polytask.data._date_text import first_part
    >>> first_part("%d/%m/%Y"), first_part("%m.%d.%y"), first_part("%Y-%m-%d")
    ('day', 'month', None)
    """
    return {"%d": "day", "%m": "month"}.get(form[:2]) if {"%d", "%m"} <= _parts(form) else None


def _parts(form: str) -> set[str]:
    return set(re.findall("%[A-Za-z]", form))


def likely_forms(cells: pl.Series, *, declared: bool = False) -> list[str]:
    """Forms that a few cells of a text column all have, the likeliest first.

    Parameters
    ----------
    cells : polars.Series
        Text.
    declared : bool
        Whether the column is known to hold dates, so that whole numbers are dates too.
    """
    sample = cells.drop_nulls().unique(maintain_order=True).head(_SAMPLE).rename("cell")
    if sample.is_empty():
        return []
    if (
        not declared
        and not sample.str.strip_chars().str.replace(_WEEKDAY, "").str.contains(_LIKE_A_DATE).all()
    ):
        return []
    known = (*_FORMS, *(_DECLARED if declared else ()))
    both = (*known, *(form + ZONED for form in known if form not in {*_MONTHS, *_EPOCHS}))
    forms = [form for form in both if _plausible(form, sample[0].strip())]
    if not forms:
        return []
    tests = (dates_read(pl.col("cell"), form)[1].is_not_null().all() for form in forms)
    named = (test.alias(str(place)) for place, test in enumerate(tests))
    fits = sample.to_frame().select(named).row(0)
    return [form for form, fit in zip(forms, fits, strict=True) if fit]


def _plausible(form: str, cell: str) -> bool:
    """Whether a cell holds the marks of a form; spares most of the parsing."""
    if form.endswith(ZONED) and not _ENDS_IN_A_ZONE.search(cell):
        return False
    if "%B" in form and not any(map(str.isalpha, cell)):
        return False
    return all(mark in cell for mark in "/.-," if mark in form)


def usual_form(forms: Sequence[str]) -> str:
    """The likelier of forms that all fit: month before day with slashes, else day before month."""
    first = "%m" if "/" in forms[0] else "%d"
    return next((form for form in forms if form.startswith(first)), forms[0])


def plain_words(form: str) -> str:
    """A form in words, such as day/month/year."""
    names = {"%d": "day", "%m": "month", "%B": "month", "%Y": "year", "%y": "year"}
    words = form.removesuffix(ZONED)
    for mark, name in names.items():
        words = words.replace(mark, name)
    return words
