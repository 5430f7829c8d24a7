"""Conversion of new tables to the types of the training table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from polytask.data.cells import (
    MISSING,
    ImageForm,
    Read,
    Reading,
    amounts_read,
    booleans_read,
    counts_read,
    dates_read,
    family,
    first_part,
    likely_forms,
    numbers_read,
    plainly_written,
    read_by,
    truths_read,
    unread,
    without_markers,
)
from polytask.data.columns import CategoricalColumn, Column, ImageColumn
from polytask.data.encoding._schema import Schema
from polytask.data.readers import Fitted, as_images, written_lists

__all__ = ["conformed"]

_OF_LISTS = {"token lists", "number lists", "tensors"}


def conformed(table: pl.DataFrame, schema: Schema, folder: str = "") -> pl.DataFrame:
    """Read a model's inputs as in fitting: markers as null, text as numbers, dates or images.

    Where some cells cannot be read, they alone stay, and the column's encoder refuses the first.
    Paths of images begin in `folder`.
    """
    return table.with_columns(
        _image(table[column.name], column, schema.reading, folder)
        if isinstance(column, ImageColumn)
        else _conformed(table[column.name], column, schema.reading)
        for column in schema.columns
        if column.name in table.columns
    )


def _image(series: pl.Series, column: ImageColumn, reading: Reading, folder: str) -> pl.Series:
    """Paths and bytes as images in the size of training; arrays with their channels first."""
    clean = _without(series, reading.missing.get(series.name, ()), reading.decimal)
    channels, height, width = column.shape
    holds = family(clean)
    declared = ImageForm.of(reading.images.get(series.name, ""))
    if holds in {"text", "bytes"} and channels in {1, 3}:
        form = replace(declared, size=(height, width), channels=channels)
        return as_images(clean, form, folder, fitted=Fitted(column.bits)).cells
    if holds == "tensors" and len(clean.dtype.shape) in {2, 3}:  # type: ignore[attr-defined]
        return as_images(clean, ImageForm()).cells
    return clean


def _conformed(series: pl.Series, column: Column, reading: Reading) -> pl.Series:
    clean = _without(series, reading.missing.get(series.name, ()), reading.decimal)
    holds = family(clean)
    if holds == "booleans" and reading.roles.get(series.name) == "numeric":
        return clean.cast(pl.Int8)
    if holds == "numbers" and reading.roles.get(series.name) == "date":
        clean, holds = plainly_written(clean), "text"
    if isinstance(column, CategoricalColumn) and holds == "text":
        return _without_words(clean, column)
    if holds == "text" and not _OF_LISTS.isdisjoint(column.accepted):
        lists = written_lists(clean)
        if lists is not None and {family(lists), "text"} & {*column.accepted} != {"text"}:
            return lists
        if "text" not in column.accepted:
            cells = clean.cast(pl.String).str.strip_chars()
            bracketed = cells.str.starts_with("[") & cells.str.ends_with("]")
            return clean if bracketed.all() else _only(clean, ~bracketed)
    if holds != "text" or holds in column.accepted:
        return clean
    cells = _without(clean.cast(pl.String).str.strip_chars(), MISSING, reading.decimal)
    unreadable: list[Mapping[str, int]] = []
    for read in _reads(cells, column, reading):
        lost = unread(cells, read)
        if not lost:
            return read_by(cells, read)
        unreadable.append(lost)
    fewest = min(unreadable, key=lambda lost: sum(lost.values()), default=None)
    return clean if fewest is None else _only(clean, cells.is_in(list(fewest)))


def _only(series: pl.Series, kept: pl.Series) -> pl.Series:
    """The series with null in place of cells that are not kept."""
    cells = pl.col(series.name)
    return series.to_frame().select(pl.when(kept).then(cells).alias(series.name)).to_series()


def _without_words(series: pl.Series, column: CategoricalColumn) -> pl.Series:
    """Text without words such as NA, except those that are categories of the model."""
    markers = [word for word in MISSING if word not in column.vocabulary]
    cells = pl.col(series.name)
    gone = cells.cast(pl.String).str.strip_chars().is_in(markers)
    return (
        series.to_frame().select(pl.when(gone).then(None).otherwise(cells).name.keep()).to_series()
    )


def _without(series: pl.Series, markers: Sequence[str], decimal: str) -> pl.Series:
    if not markers:
        return series
    frame = series.to_frame().lazy()
    return without_markers(frame, {series.name: markers}, decimal).collect().to_series()


def _reads(cells: pl.Series, column: Column, reading: Reading) -> Iterator[Read]:
    """Readers of text cells for a column of another type, the strictest first."""
    role = reading.roles.get(cells.name)
    match column.family:
        case "numbers":
            yield partial(counts_read, decimal=reading.decimal)
            yield partial(numbers_read, decimal=reading.decimal)
            if role == "numeric":
                yield partial(amounts_read, decimal=reading.decimal)
                yield truths_read
        case "booleans":
            yield booleans_read
        case "dates":
            known = reading.dates.get(cells.name)
            for form in _date_forms(cells, known, declared=role == "date"):
                yield partial(_moments, form=form)


def _date_forms(cells: pl.Series, known: str | None, *, declared: bool) -> list[str]:
    """The form of the training table, then others that do not swap day and month."""
    others = likely_forms(cells, declared=declared)
    first = None if known is None else first_part(known)
    orders = {
        first_part(form) for form in others if not unread(cells, partial(_moments, form=form))
    }
    allowed = {None, first} if first or {"day", "month"} <= orders else {None, "day", "month"}
    kept = [form for form in others if first_part(form) in allowed]
    return kept if known is None else [known, *kept]


def _moments(cells: pl.Expr, form: str) -> pl.Expr:
    return dates_read(cells, form)[1]
