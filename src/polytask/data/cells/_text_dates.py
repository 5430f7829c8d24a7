"""Text columns that hold dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl

from polytask.data.cells._date_guess import (
    doubtful_form,
    guessed_read,
    likely_forms,
    nearest_forms,
    plain_words,
    usual_form,
)
from polytask.data.cells._date_text import dates_read, is_date_form
from polytask.data.cells._marker_words import is_marker_word, likely_markers
from polytask.data.cells._sentinels import far_moments
from polytask.data.cells._text_numbers import marker_words
from polytask.data.cells._text_reading import TextReading, read_by, unread
from polytask.data.names._note_text import as_missing, named
from polytask.exceptions import DataError

__all__ = ["date_hint", "date_readings", "declared_dates", "may_be_dates", "may_hold_dates"]

_MOST_STRANGE = 5
_NEARLY_ALL = 0.9
_FEWEST_DOUBTFUL = 10
_MOST_FORMS = 6
"""So many forms are tried on a whole column of which some cells are no dates."""


def may_be_dates(head: pl.Series) -> bool:
    """Whether a column's first cells are dates of one form, or usual words for missing ones."""
    return bool(likely_forms(_without_words(head)[0]))


def may_hold_dates(head: pl.Series) -> bool:
    """Whether at least half of a column's first cells are dates of one form, or may be dates."""
    values = _without_words(head)[0]
    return bool(nearest_forms(values)) or doubtful_form(values) is not None


def date_readings(columns: Sequence[pl.Series]) -> dict[str, TextReading]:
    """Readings of the columns that hold dates and, besides, only cells that mean missing.

    Where both day and month may stand first, the form is that of which the rows are in order, or
    that of another column which leaves no doubt, or the usual one. Of columns that are dates but
    for some other cells, or may be dates, a note says so.
    """
    fitting = {cells.name: _fitting_forms(cells) for cells in columns}
    settled = {forms[0] for forms, _ in fitting.values() if len(forms) == 1}
    readings = {cells.name: _undeclared(cells, *fitting[cells.name], settled) for cells in columns}
    return {name: reading for name, reading in readings.items() if reading is not None}


def date_hint(cells: pl.Series) -> str:
    """Advice on text of which most cells, or perhaps all, are dates; NAME stands for its column."""
    bare = cells.cast(pl.String).str.strip_chars()
    reading = date_readings([bare]).get(cells.name) if may_hold_dates(bare.head(1000)) else None
    return reading.note if reading and not reading.read else ""


def declared_dates(cells: pl.Series, form: str | None) -> TextReading:
    """Dates of a column that was declared to hold them, in a form that is given or found.

    Raises
    ------
    DataError
        If the form is none of dates, or cells are neither dates nor likely to stand for missing
        ones.
    """
    if form and not is_date_form(form):
        raise DataError(_no_form(cells, form))
    values = _without_words(cells)[0]
    if values.null_count() == len(values):
        return TextReading()
    if form:
        forms, strange = [form], unread(values, partial(_moments, form=form))
    else:
        forms, strange = _fitting_forms(cells, declared=True)
    markers = _markers(values, strange)
    if not forms or markers is None:
        raise DataError(_no_dates(cells, forms, strange))
    return _date_reading(cells, forms, set(), strange, declared=form is not None)


def _no_form(cells: pl.Series, form: str) -> str:
    fitting = _fitting_form(cells)
    remedy = (
        _in_form(cells.name, fitting)
        if fitting
        else f"Name such a form, as in {cells.name}:date=%d/%m/%Y, or another role, as in "
        f"{cells.name}:categorical"
    )
    return (
        f"Column {cells.name!r} was declared to hold dates, but {form!r} is no form of dates. "
        f"Expected one of strftime that names the year at least. {remedy}."
    )


def _in_form(name: str, form: str) -> str:
    return f"All cells have another form: write --column '{name}:date={form}' (columns= in Python)"


def _fitting_form(cells: pl.Series) -> str | None:
    """A form that all cells of a declared column have."""
    forms, strange = _fitting_forms(cells, declared=True)
    return usual_form(forms) if forms and not strange else None


def _no_dates(cells: pl.Series, forms: Sequence[str], strange: Mapping[str, int]) -> str:
    """Sentence about a cell of a declared column that is no date, with a remedy."""
    cell = next(iter(strange or cells.drop_nulls()), None)
    how = f"of the form {forms[0]}" if forms else "of a form that is known"
    count = sum(strange.values())
    return (
        f"Column {cells.name!r} was declared to hold dates, but {cell!r} in row "
        f"{(cells == cell).arg_max()} is no date {how}{f' ({count:,} such cells)' * (count > 1)}. "
        f"{_remedy(cells, strange)}."
    )


def _remedy(cells: pl.Series, strange: Mapping[str, int]) -> str:
    if _are_few(strange, len(cells) - cells.null_count() - sum(strange.values())):
        options = named(as_missing(strange), cells.name)
        return f"Write {options} (missing= in Python) if that means missing"
    if fitting := _fitting_form(cells):
        return _in_form(cells.name, fitting)
    return f"Name the form, as in {cells.name}:date=%d/%m/%Y, or the cells that mean missing"


def _are_few(strange: Mapping[str, int], n_dates: int) -> bool:
    n_all = n_dates + sum(strange.values())
    return 0 < len(strange) <= _MOST_STRANGE and n_dates >= _NEARLY_ALL * n_all


def _markers(values: pl.Series, strange: Mapping[str, int]) -> tuple[str, ...] | None:
    """The cells among dates that are taken for missing ones; None if some cannot be."""
    n_dates = values.n_unique() - len(strange) - (values.null_count() > 0)
    return likely_markers(strange, n_dates) if strange else ()


def _undeclared(
    cells: pl.Series, forms: Sequence[str], strange: Mapping[str, int], settled: set[str]
) -> TextReading | None:
    values = _without_words(cells)[0]
    if not forms:
        return _doubtful(values)
    if _markers(values, strange) is not None:
        return _date_reading(cells, forms, settled, strange)
    n_strange = sum(strange.values())
    if not _are_few(strange, len(values) - values.null_count() - n_strange):
        return None
    cell, more = next(iter(strange)), len(strange) - 1
    shown = f"{cell!r}{f' and {more} more' * (more > 0)}"
    note = (
        f"dates but for {shown} ({n_strange:,} cell{'s' * (n_strange != 1)}), so that all are "
        f"taken for categories; {as_missing(strange)} if "
        f"{'it means' if more == 0 else 'they mean'} missing"
    )
    return TextReading(note=note)


def _doubtful(values: pl.Series) -> TextReading | None:
    """Note on text that may be dates or something else."""
    form = doubtful_form(values) if values.n_unique() >= _FEWEST_DOUBTFUL else None
    if form is None or unread(values, partial(guessed_read, form=form)):
        return None
    note = (
        f"text such as {values.drop_nulls()[0]!r}, which may be dates; "
        f"--column 'NAME:date={form}' reads it as {plain_words(form)}"
    )
    return TextReading(note=note)


def _fitting_forms(
    cells: pl.Series, *, declared: bool = False
) -> tuple[list[str], Mapping[str, int]]:
    """All forms that every cell has, or else that most cells have, and the cells that have not."""
    values = _without_words(cells)[0]
    distinct = values.unique(maintain_order=True)
    forms = likely_forms(distinct, declared=declared)
    forms = [form for form in forms if not unread(distinct, partial(guessed_read, form=form))]
    if forms:
        return forms, {}
    nearest = nearest_forms(distinct, declared=declared)[:_MOST_FORMS]
    strange = {form: unread(values, partial(guessed_read, form=form)) for form in nearest}
    fewest = min((sum(cells.values()) for cells in strange.values()), default=0)
    forms = [form for form, cells in strange.items() if sum(cells.values()) == fewest]
    return forms, strange[forms[0]] if forms else {}


def _without_words(cells: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """The cells without usual words for missing, and these words."""
    lettered = cells.filter(~cells.str.contains(r"[1-9]")).unique(maintain_order=True)
    markers = [cell for cell in lettered.drop_nulls() if is_marker_word(cell)]
    return cells.filter(~cells.is_in(markers)) if markers else cells, tuple(markers)


def _moments(cells: pl.Expr, form: str) -> pl.Expr:
    return dates_read(cells, form)[1]


def _days(cells: pl.Expr, form: str) -> pl.Expr:
    return dates_read(cells, form)[0]


def _date_reading(
    cells: pl.Series,
    forms: Sequence[str],
    settled: set[str],
    strange: Mapping[str, int],
    *,
    declared: bool = False,
) -> TextReading:
    """Dates of one of some forms that fit all cells but those which mean missing."""
    values, markers = _without_words(cells)
    values = values.filter(~values.is_in(list(strange)) | values.is_null()) if strange else values
    form, why = (forms[0], "") if declared else _chosen(values, forms, settled)
    counts = _counts(cells, markers) | dict(strange)
    notes = [why] if why else []
    notes += [f"dates but for {marker_words(counts)}"] if counts else []
    notes += _far_away(values, form)
    days = partial(_days, form=form)
    read = partial(_moments, form=form) if unread(values, days) else days
    return TextReading(read, tuple(counts), form, "; ".join(notes))


def _counts(cells: pl.Series, markers: Sequence[str]) -> dict[str, int]:
    return {marker: int((cells == marker).sum()) for marker in markers}


def _far_away(values: pl.Series, form: str) -> list[str]:
    """Notes on dates that repeat far away from all others, as they stand in the text."""
    moments = read_by(values, partial(_moments, form=form))
    notes = []
    for moment, count in far_moments(moments):
        cells = values.filter(moments == moment).unique(maintain_order=True).to_list()
        notes.append(
            f"{cells[0]!r} repeats far from all other values ({count:,} cells); "
            f"{as_missing(cells)} if it means missing"
        )
    return notes


def _chosen(values: pl.Series, forms: Sequence[str], settled: set[str]) -> tuple[str, str]:
    """One of the forms that fit, and why where day and month may be mistaken for each other."""
    orders = [form for form in forms if form.startswith(("%d", "%m")) and "%B" not in form]
    if len(forms) == 1 or len(orders) < 2:
        form = forms[0]
        numbered = form in orders and "%d" in form
        return form, f"dates written {plain_words(form)}, since nothing else fits" * numbered
    in_order = [form for form in orders if _in_order(values, form)]
    elsewhere = [form for form in orders if form in settled]
    if len(in_order) == 1:
        form, why = in_order[0], "since the rows are then in order"
    elif elsewhere:
        form, why = elsewhere[0], "as in other columns"
    else:
        form, why = usual_form(orders), "as is usual"
    (other,) = {*orders[:2]} - {form} or {orders[-1]}
    note = f"dates read as {plain_words(form)}, {why}, though {plain_words(other)} fits too"
    return form, f"{note}; --column 'NAME:date={other}' reads them so"


def _in_order(values: pl.Series, form: str) -> bool:
    moments = read_by(values, partial(_moments, form=form)).drop_nulls()
    return moments.is_sorted() or moments.is_sorted(descending=True)
