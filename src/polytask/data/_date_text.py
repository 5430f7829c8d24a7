"""Dates in text: the forms that are known, and cells read by one of them."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Sequence
from functools import cache, partial

import polars as pl

from polytask.data._date_forms import (
    completion,
    directives,
    expanded,
    has_time,
    names_a_date,
    shape,
)

__all__ = [
    "dates_read",
    "doubtful_form",
    "first_part",
    "guessed_read",
    "is_date_form",
    "likely_forms",
    "nearest_forms",
    "plain_words",
    "usual_form",
]

ZONED = " %#z"
"""Ends the forms of columns whose every cell names its distance from UTC."""

_ORDERED = tuple(
    f"{first}{mark}{second}{mark}{year}"
    for mark in "/.-"
    for year in ("%Y", "%y")
    for first, second in (("%m", "%d"), ("%d", "%m"))
)
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y")
_NAMED_MONTHS = (
    *("%B %Y", "%B-%Y", "%B/%Y", "%B, %Y", "%Y-%B", "%Y/%B", "%Y %B"),
    *("%Y-Q%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y"),
    *("%G-W%V", "%GW%V", "%G-W%V-%u"),
)
"""Months, quarters and weeks that a name, Q or W makes known."""
_COMPACT = ("%Y%m%d", "%Y%m%d %H%M%S", "%Y%m%d%H%M%S", "%Y", "%Y%m")
_EPOCHS = {"%s": 1_000_000, "%s%3f": 1_000}
"""Seconds and milliseconds since 1970, and how many microseconds each is."""
_SINCE_1970 = {"%s": r"^\d{9,10}(?:\.\d+)?$", "%s%3f": r"^\d{12,13}(?:\.\d+)?$"}
_DASHED = tuple(form for form in _ORDERED if "-" in form and "%y" in form)
_DOUBTFUL = (
    *("%m-%Y", "%m.%Y", "%m/%y", "%m-%y", "%B-%y", "%B %y", "%B/%y", "%y-%B", "%d %B %y"),
    *_DASHED,
)
"""Scores, part numbers and days of a month look like these too."""
_DECLARED = (*_COMPACT, *_EPOCHS, *_DOUBTFUL)
"""Forms that are read only where dates are declared."""

_FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    *(form for form in _ORDERED if form not in _DASHED),
    "%d %B %Y",
    "%d %B, %Y",
    "%d-%B-%Y",
    "%d-%B-%y",
    "%d/%B/%Y",
    "%d. %B %Y",
    "%B %d %Y",
    "%B %d, %Y",
    "%Y-%B-%d",
    "%Y %B %d",
    *_MONTHS,
    *_NAMED_MONTHS,
    "%B %d %H:%M:%S %Y",  # C's ctime
    "%d/%B/%Y:%H:%M:%S",  # web servers
    "%d%B%Y:%H:%M:%S",  # SAS
)
_KNOWN = frozenset((*_FORMS, *_DECLARED))
_DOUBTED = frozenset((*_MONTHS, *_COMPACT, *_DOUBTFUL))
"""Forms in which nothing but numbers names a month, so that years are those of four centuries."""
_USUAL_YEARS = r"(?:18|19|20|21)\d\d"

_TIMES = (" %H:%M", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S%.f %p")
_ZONED_TIMES = (" %H:%M%#z", " %H:%M:%S%.f%#z")
_WEEKDAY = r"^(?i)(mon|tue|wed|thu|fri|sat|sun)[a-z]*[,.]?\s+"
_MONTH = "(?i)\\b(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"
_LIKE_A_DATE = (
    r"^(?:\d{1,4}(?:[-/]|\.\s?|\s)(?:\d{1,4}|[A-Za-z]{3,9}|[QW]\d)|\d{4}[QW]\d|\d{1,4}[A-Za-z]{3,9}(?:\d|$)"
    r"|\d\d?(?:st|nd|rd|th)\s|[A-Za-z]{3,9}[.,]?(?:[-/]|\s*)\d|Q[1-4][-/\s]\d)"
)
"""What dates start with after the day of the week."""
_ENDS_IN_A_ZONE = re.compile(r"(?:[+-]\d\d(?::?\d\d)?|[A-Za-z])$")
_SAMPLE = 100
_MOSTLY = 0.5
_TRIAL = dt.datetime(2021, 3, 4, 15, 6, 7, 250_000)  # noqa: DTZ001 - as it stands in text


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
    days, moments = _read(_spelt_alike(cells), form)
    if form.removesuffix(ZONED) not in _KNOWN:
        as_they_stand = _read(cells.str.strip_chars(), form)
        days, moments = pl.coalesce(as_they_stand[0], days), pl.coalesce(as_they_stand[1], moments)
    return days, moments


def guessed_read(cells: pl.Expr, form: str) -> pl.Expr:
    """Moments as `dates_read` gives them, without numbers that are more likely no dates."""
    bare, moments = form.removesuffix(ZONED), dates_read(cells, form)[1]
    if bare not in _DOUBTED:
        return moments
    usual = _spelt_alike(cells).str.contains(shape(bare, _USUAL_YEARS))
    return pl.when(usual).then(moments).otherwise(None)


def is_date_form(form: str) -> bool:
    """Whether text can be read as dates by a form.

    Examples
    --------
    >>> from polytask.data._date_text import is_date_form
    >>> is_date_form("%G-W%V"), is_date_form("%H:%M"), is_date_form("%Y %K")
    (True, False, False)
    """
    bare = form.removesuffix(ZONED)
    return bare in _KNOWN or (
        names_a_date(bare) and any((_polars_reads(bare), _python_reads(bare)))
    )


def _read(words: pl.Expr, form: str) -> tuple[pl.Expr, pl.Expr]:
    bare = form.removesuffix(ZONED)
    pattern = _SINCE_1970.get(form) or shape(bare)
    words = pl.when(words.str.contains(pattern)).then(words).otherwise(None)
    if form in _EPOCHS:
        since = (words.cast(pl.Float64, strict=False) * _EPOCHS[form]).round()
        return _never(), since.cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
    if form.endswith(ZONED):
        forms = [bare + "%#z"] if has_time(bare) else [bare + time for time in _ZONED_TIMES]
        return _never(), pl.coalesce(*(_moments(words, one) for one in forms))
    if has_time(bare):
        return _never(), _moments(words, form)
    days = _moments(words, form).cast(pl.Date)
    whole = days.cast(pl.Datetime("us"))
    if any(completion(form)):  # a month has no time of day
        return days, whole
    return days, pl.coalesce(whole, *(_moments(words, form + time) for time in _TIMES))


def _moments(words: pl.Expr, form: str) -> pl.Expr:
    """By polars, or by Python where only that reads a form rightly."""
    if not _polars_reads(form) and _python_reads(form):
        dtype = pl.Datetime("us", "UTC" if "z" in directives(form) else None)
        read = partial(_python_moments, form=form, zone=dtype.time_zone)
        return words.map_batches(read, return_dtype=dtype, is_elementwise=True)
    return _polars_moments(words, form)


def _polars_moments(words: pl.Expr, form: str) -> pl.Expr:
    """Polars wants a month and a day, though it be the first of a year, quarter, month or week."""
    form, (more, more_form) = expanded(form), completion(form)
    if "%q" in form:
        before, quarter, after = (words.str.extract(shape(form), group) for group in (1, 2, 3))
        first = (quarter.cast(pl.Int64) * 3 - 2).cast(pl.String).str.zfill(2)
        words, form = pl.concat_str(before, first, after), form.replace("%q", "%m")
    if not has_time(form):
        days = (words + more if more else words).str.to_date(form + more_form, strict=False)
        return days.cast(pl.Datetime("us"))
    return (words + more if more else words).str.to_datetime(
        form + more_form, strict=False, time_unit="us"
    )


@cache
def _polars_reads(form: str) -> bool:
    """Whether polars knows a form, and reads what Python writes in it as Python does."""
    written = _TRIAL.strftime(_writable(form))
    expected = _python_moment(written, form)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # polars warns of %f, which it reads otherwise
            cell = pl.lit(written) if expected else pl.lit(_TRIAL).dt.strftime(_writable(form))
            read = _polars_moments(cell, form).dt.replace_time_zone(None)
            found = pl.select(read).item()
    except pl.exceptions.PolarsError:
        return False
    return found == expected.replace(tzinfo=None) if expected else found is not None


def _writable(form: str) -> str:
    """A form with UTC for any zone, since the trial has none."""
    return form.replace("%#z", "+0000").replace("%z", "+0000").replace("%Z", "UTC")


@cache
def _python_reads(form: str) -> bool:
    return _python_moment(_TRIAL.strftime(_writable(form)), form) is not None


def _python_moments(words: pl.Series, form: str, zone: str | None) -> pl.Series:
    """Distinct cells read by Python."""
    dtype = pl.Datetime("us", zone)
    distinct = words.drop_nulls().unique()
    moments = pl.Series([_python_moment(cell, form) for cell in distinct], dtype=dtype)
    return words.replace_strict(distinct, moments, default=None, return_dtype=dtype)


def _python_moment(cell: str, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(cell, form)  # noqa: DTZ007 - a zone where the form has one
    except ValueError:
        return None


def _never() -> pl.Expr:
    return pl.lit(None, dtype=pl.Date)


def _spelt_alike(cells: pl.Expr) -> pl.Expr:
    """Without day of the week, T before the time, names of UTC, Sept, Jan. and 3rd."""
    return (
        cells.str.strip_chars()
        .str.replace(_WEEKDAY, "")
        .str.replace(_MONTH + r"\.(\s|$)", "${1}${2}")
        .str.replace(r"(?i)\bsept\b\.?", "Sep")
        .str.replace(r"(?i)\b(\d\d?)(?:st|nd|rd|th)\b", "${1}")
        .str.replace(r"(\d)[Tt](\d\d:?\d\d)", "${1} ${2}")
        .str.replace(r"(\d)\s*(?:[Zz]|UTC|GMT)$", "${1}+00:00")
    )


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
    sample = _sample(cells)
    if not declared and not _like_dates(sample).all():
        return []
    return _forms_of(sample, (*_FORMS, *(_DECLARED if declared else ())), len(sample))


def nearest_forms(cells: pl.Series, *, declared: bool = False) -> list[str]:
    """As `likely_forms`, of at least half of a few cells."""
    sample = _sample(cells)
    fewest = _MOSTLY * len(sample)
    if not declared and _like_dates(sample).sum() < fewest:
        return []
    return _forms_of(sample, (*_FORMS, *(_DECLARED if declared else ())), fewest)


def doubtful_form(cells: pl.Series) -> str | None:
    """A form that all cells have, but that numbers and names may have too."""
    sample = _sample(cells)
    if not _like_dates(sample).all():
        return None
    forms = _forms_of(sample, _DOUBTFUL, len(sample))
    return usual_form(forms) if forms else None


def _sample(cells: pl.Series) -> pl.Series:
    return cells.drop_nulls().unique(maintain_order=True).head(_SAMPLE).rename("cell")


def _like_dates(sample: pl.Series) -> pl.Series:
    return sample.str.strip_chars().str.replace(_WEEKDAY, "").str.contains(_LIKE_A_DATE)


def _forms_of(sample: pl.Series, known: Sequence[str], fewest: float) -> list[str]:
    """Forms that so many cells of a sample have."""
    zoned = [form + ZONED for form in known if not (form in _EPOCHS or any(completion(form)))]
    dated = sample.filter(_like_dates(sample)).head(1)
    cell = (dated if len(dated) else sample).first()
    if not isinstance(cell, str):
        return []
    forms = [form for form in (*known, *zoned) if _plausible(form, cell.strip())]
    if not forms:
        return []
    tests = (guessed_read(pl.col("cell"), form).is_not_null().sum() for form in forms)
    named = (test.alias(str(place)) for place, test in enumerate(tests))
    counts = sample.to_frame().select(named).row(0)
    return [form for form, count in zip(forms, counts, strict=True) if count >= fewest]


def _plausible(form: str, cell: str) -> bool:
    """Whether a cell holds the marks of a form; spares most of the parsing."""
    if form.endswith(ZONED) and not _ENDS_IN_A_ZONE.search(cell):
        return False
    if "%B" in form and not any(map(str.isalpha, cell)):
        return False
    return all(mark in cell for mark in "/.-,QW" if mark in form)


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
