"""Likely forms of dates in text cells, among the known forms."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from polytask.data.cells._date_forms import completion, shape
from polytask.data.cells._date_text import WEEKDAY, dates_read, spelt_alike
from polytask.data.cells._known_dates import DECLARED, DOUBTED, DOUBTFUL, EPOCHS, FORMS, ZONED

__all__ = [
    "doubtful_form",
    "first_part",
    "guessed_read",
    "likely_forms",
    "nearest_forms",
    "plain_words",
    "usual_form",
]

_USUAL_YEARS = r"(?:18|19|20|21)\d\d"
_LIKE_A_DATE = (
    r"^(?:\d{1,4}(?:[-/]|\.\s?|\s)(?:\d{1,4}|[A-Za-z]{3,9}|[QW]\d)"
    r"|\d{4}[QW]\d|\d{1,4}[A-Za-z]{3,9}(?:\d|$)"
    r"|\d\d?(?:st|nd|rd|th)\s|[A-Za-z]{3,9}[.,]?(?:[-/]|\s*)\d|Q[1-4][-/\s]\d)"
)
"""The start of a date after the day of the week."""
_ENDS_IN_A_ZONE = re.compile(r"(?:[+-]\d\d(?::?\d\d)?|[A-Za-z])$")
_SAMPLE = 100
_MOSTLY = 0.5


def first_part(form: str) -> str | None:
    """Whether day or month stands first in a form where one may be mistaken for the other.

    Examples
    --------
    >>> from polytask.data.cells._date_guess import first_part
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
    return _forms_of(sample, (*FORMS, *(DECLARED if declared else ())), len(sample))


def nearest_forms(cells: pl.Series, *, declared: bool = False) -> list[str]:
    """As `likely_forms`, of at least half of a few cells."""
    sample = _sample(cells)
    fewest = _MOSTLY * len(sample)
    if not declared and _like_dates(sample).sum() < fewest:
        return []
    return _forms_of(sample, (*FORMS, *(DECLARED if declared else ())), fewest)


def doubtful_form(cells: pl.Series) -> str | None:
    """A form that all cells have, but that numbers and names may have too."""
    sample = _sample(cells)
    if not _like_dates(sample).all():
        return None
    forms = _forms_of(sample, DOUBTFUL, len(sample))
    return usual_form(forms) if forms else None


def _sample(cells: pl.Series) -> pl.Series:
    return cells.drop_nulls().unique(maintain_order=True).head(_SAMPLE).rename("cell")


def _like_dates(sample: pl.Series) -> pl.Series:
    return sample.str.strip_chars().str.replace(WEEKDAY, "").str.contains(_LIKE_A_DATE)


def _forms_of(sample: pl.Series, known: Sequence[str], fewest: float) -> list[str]:
    """Forms that so many cells of a sample have."""
    zoned = [form + ZONED for form in known if not (form in EPOCHS or any(completion(form)))]
    dated = sample.filter(_like_dates(sample)).head(1)
    cell = (dated if len(dated) else sample).first()
    if not isinstance(cell, str):
        return []
    forms = [form for form in (*known, *zoned) if _plausible(form, cell.strip())]
    if not forms:
        return []
    tests = (guessed_read(pl.col("cell"), form).is_not_null().sum() for form in forms)
    named = (test.alias(str(index)) for index, test in enumerate(tests))
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
    text = form.removesuffix(ZONED)
    for mark, name in names.items():
        text = text.replace(mark, name)
    return text


def guessed_read(cells: pl.Expr, form: str) -> pl.Expr:
    """Moments as `dates_read` gives them, without numbers that are more likely no dates."""
    bare = form.removesuffix(ZONED)
    if (
        bare in DOUBTED
    ):  # of the cells, since polars 1.20 takes moments with a zone for such without
        usual = spelt_alike(cells).str.contains(shape(bare, _USUAL_YEARS))
        cells = pl.when(usual).then(cells).otherwise(None)
    return dates_read(cells, form)[1]
