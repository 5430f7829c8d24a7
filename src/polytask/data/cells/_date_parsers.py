"""Text parsed by a form, by polars or by Python."""

from __future__ import annotations

import datetime as dt
import warnings
from functools import cache, partial

import polars as pl

from polytask.data.cells._date_forms import completion, directives, expanded, has_time, shape

__all__ = ["is_parsed", "parsed"]

_TRIAL = dt.datetime(2021, 3, 4, 15, 6, 7, 250_000)  # noqa: DTZ001 - as it stands in text


def parsed(cells: pl.Expr, form: str) -> pl.Expr:
    """By polars, or by Python where only that reads a form rightly."""
    if not _polars_reads(form) and _python_reads(form):
        dtype = pl.Datetime("us", "UTC" if "z" in directives(form) else None)
        read = partial(_python_moments, form=form, zone=dtype.time_zone)
        return cells.map_batches(read, return_dtype=dtype, is_elementwise=True)
    return _polars_moments(cells, form)


@cache
def is_parsed(form: str) -> bool:
    """Whether polars or Python knows a form."""
    return _polars_reads(form) or _python_reads(form)


def _polars_moments(cells: pl.Expr, form: str) -> pl.Expr:
    """Polars wants a month and a day, though it be the first of a year, quarter, month or week."""
    form, (more, more_form) = expanded(form), completion(form)
    if "%q" in form:
        before, quarter, after = (cells.str.extract(shape(form), group) for group in (1, 2, 3))
        first = (quarter.cast(pl.Int64) * 3 - 2).cast(pl.String).str.zfill(2)
        cells, form = pl.concat_str(before, first, after), form.replace("%q", "%m")
    if not has_time(form):
        days = (cells + more if more else cells).str.to_date(form + more_form, strict=False)
        return days.cast(pl.Datetime("us"))
    return (cells + more if more else cells).str.to_datetime(
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
            moment = pl.select(read).item()
    except pl.exceptions.PolarsError:
        return False
    return moment == expected.replace(tzinfo=None) if expected else moment is not None


def _writable(form: str) -> str:
    """A form with UTC for any zone, since the trial has none, and its quarter for `%q`."""
    return (
        form.replace("%q", "1").replace("%#z", "+0000").replace("%z", "+0000").replace("%Z", "UTC")
    )


@cache
def _python_reads(form: str) -> bool:
    return _python_moment(_TRIAL.strftime(_writable(form)), form) is not None


def _python_moments(cells: pl.Series, form: str, zone: str | None) -> pl.Series:
    """Distinct cells read by Python."""
    dtype = pl.Datetime("us", zone)
    distinct = cells.drop_nulls().unique()
    moments = pl.Series([_python_moment(cell, form) for cell in distinct], dtype=dtype)
    return cells.replace_strict(distinct, moments, default=None, return_dtype=dtype)


def _python_moment(cell: str, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(cell, form)  # noqa: DTZ007 - a zone where the form has one
    except ValueError:
        return None
