"""Text columns that hold dates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from polytask.data._date_text import dates_read, likely_forms, plain_words, usual_form
from polytask.data._marker_words import is_marker_word
from polytask.data._verdict import Verdict, read_by, unread
from polytask.exceptions import DataError

__all__ = ["date_verdicts", "declared_dates", "may_be_dates"]


def may_be_dates(head: pl.Series) -> bool:
    """Whether a column's first cells are dates of one form, or usual words for missing ones."""
    return bool(likely_forms(_without_words(head)[0]))


def date_verdicts(columns: Sequence[pl.Series]) -> dict[str, Verdict]:
    """How dates are read, for the columns that hold nothing else.

    Where both day and month may stand first, the form is that of which the rows are in order, or
    that of another column which leaves no doubt, or the usual one.
    """
    fitting = {cells.name: _fitting_forms(cells) for cells in columns}
    settled = {forms[0] for forms in fitting.values() if len(forms) == 1}
    return {
        cells.name: _verdict(cells, fitting[cells.name], settled)
        for cells in columns
        if fitting[cells.name]
    }


def declared_dates(cells: pl.Series, form: str | None) -> Verdict:
    """Dates of a column that was declared to hold them, in a form that is given or found.

    Raises
    ------
    DataError
        If cells cannot be read so.
    """
    values, markers = _without_words(cells)
    forms = [form] if form else _fitting_forms(cells, declared=True)
    strange = unread(values, partial(_moments, form=forms[0])) if forms else {}
    if strange or not forms:
        cell = next(iter(strange or values.drop_nulls()), None)
        how = f"of the form {form}" if form else "of a form that is known"
        sentence = (
            f"Column {cells.name!r} was declared to hold dates, but {cell!r} in row "
            f"{(cells == cell).arg_max()} is no date {how}. Name the form, as in "
            f"{cells.name}:date=%d/%m/%Y, or the cells that mean missing."
        )
        raise DataError(sentence)
    if form:
        return _dates(values, form, markers, "")
    return _verdict(cells, forms, set())


def _fitting_forms(cells: pl.Series, *, declared: bool = False) -> list[str]:
    """All forms that every cell has."""
    values = _without_words(cells)[0].unique()
    forms = likely_forms(values, declared=declared)
    return [form for form in forms if not unread(values, partial(_moments, form=form))]


def _without_words(cells: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """The cells without usual words for missing, and these words."""
    lettered = cells.filter(~cells.str.contains(r"[1-9]")).unique(maintain_order=True)
    words = [cell for cell in lettered.drop_nulls() if is_marker_word(cell)]
    return cells.filter(~cells.is_in(words)) if words else cells, tuple(words)


def _moments(cells: pl.Expr, form: str) -> pl.Expr:
    return dates_read(cells, form)[1]


def _days(cells: pl.Expr, form: str) -> pl.Expr:
    return dates_read(cells, form)[0]


def _verdict(cells: pl.Series, forms: Sequence[str], settled: set[str]) -> Verdict:
    values, markers = _without_words(cells)
    form, why = _chosen(values, forms, settled)
    return _dates(values, form, markers, why)


def _dates(values: pl.Series, form: str, markers: tuple[str, ...], why: str) -> Verdict:
    shown = " and ".join(map(repr, markers))
    words = [why] if why else []
    words += [f"dates but for {shown}, read as missing"] if markers else []
    days = partial(_days, form=form)
    read = partial(_moments, form=form) if unread(values, days) else days
    return Verdict(read, markers, form, "; ".join(words))


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
    words = f"dates read as {plain_words(form)}, {why}, though {plain_words(other)} fits too"
    return form, f"{words}; --column 'NAME:date={other}' reads them so"


def _in_order(values: pl.Series, form: str) -> bool:
    moments = read_by(values, partial(_moments, form=form)).drop_nulls()
    return moments.is_sorted() or moments.is_sorted(descending=True)
