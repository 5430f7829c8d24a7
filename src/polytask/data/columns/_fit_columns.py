"""Fitting of column encoders to a table's inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl

from polytask.data.cells import family
from polytask.data.columns._boolean_column import BooleanColumn
from polytask.data.columns._categorical_column import MOST_CATEGORIES, CategoricalColumn
from polytask.data.columns._category_labels import n_distinct
from polytask.data.columns._characters_column import CharactersColumn
from polytask.data.columns._column import Column
from polytask.data.columns._date_column import DateColumn
from polytask.data.columns._hashed_column import HashedColumn
from polytask.data.columns._image_column import ImageColumn
from polytask.data.columns._numeric_column import NumericColumn
from polytask.data.columns._pieces_column import PiecesColumn, fit_pieces
from polytask.data.columns._sequence_column import SequenceColumn
from polytask.data.columns._smiles_column import SmilesColumn
from polytask.data.columns._stepped_column import SteppedColumn
from polytask.data.columns._tensor_column import TensorColumn
from polytask.data.columns._text_column import TextColumn
from polytask.data.columns._tokenizer import Tokenizer
from polytask.data.columns._tokens_column import TokensColumn
from polytask.data.readers import fault
from polytask.exceptions import DataError

__all__ = ["ENCODERS", "column_type", "fit_columns", "unusable"]

ENCODERS = (
    NumericColumn,
    BooleanColumn,
    CategoricalColumn,
    HashedColumn,
    DateColumn,
    TensorColumn,
    TextColumn,
    CharactersColumn,
    TokensColumn,
    SequenceColumn,
    SmilesColumn,
    ImageColumn,
    PiecesColumn,
)
"""Every encoder, for reading saved schemas."""

_BY_ROLE: Mapping[str, type[Column]] = {
    "numeric": NumericColumn,
    "categorical": CategoricalColumn,
    "identifier": HashedColumn,
    "date": DateColumn,
    "text": TextColumn,
    "characters": CharactersColumn,
    "tokens": TokensColumn,
    "sequence": SequenceColumn,
    "tensor": TensorColumn,
    "smiles": SmilesColumn,
    "image": ImageColumn,
}
"""Encoders of columns with a declared role."""

_BY_FAMILY: Mapping[str, type[Column]] = {
    "numbers": NumericColumn,
    "booleans": BooleanColumn,
    "text": CategoricalColumn,
    "tensors": TensorColumn,
    "token lists": TokensColumn,
    "number lists": SequenceColumn,
}


def fit_columns(
    inputs: pl.DataFrame,
    roles: Mapping[str, str] = MappingProxyType({}),
    buckets: Mapping[str, int] = MappingProxyType({}),
    lengths: Mapping[str, int] = MappingProxyType({}),
    tokenizer: Tokenizer | None = None,
) -> tuple[Column, ...]:
    """Fit one encoder per column, by its role or type; empty columns are left out.

    Text of more than 10 000 distinct values is hashed unless it was declared to be categories.

    Parameters
    ----------
    inputs : polars.DataFrame
    roles : mapping of column to role
        Declared roles.
    buckets : mapping of column to int
        Declared numbers of buckets of identifiers.
    lengths : mapping of column to int
        Declared numbers of steps of texts, tokens and sequences.
    tokenizer : Tokenizer, optional
        Makes pieces of words of all texts and tokens, in place of vocabularies.
    """
    present = [s for s in inputs.iter_columns() if s.null_count() < len(s)]
    encoders = {series.name: column_type(series, roles.get(series.name)) for series in present}
    pieces = {} if tokenizer is None else _pieces(present, encoders, lengths, tokenizer)
    fitted: list[Column] = []
    for series in present:
        encoder = encoders[series.name]
        if series.name in pieces:
            fitted.append(pieces[series.name])
        elif issubclass(encoder, HashedColumn) and series.name in buckets:
            fitted.append(encoder.of(series, buckets[series.name]))
        elif issubclass(encoder, SteppedColumn | SequenceColumn) and series.name in lengths:
            fitted.append(encoder.of(series, lengths[series.name]))
        else:
            fitted.append(encoder.fit(series))
    if not fitted:
        sentence = f"No input column holds a value in the training rows. Got {inputs.columns}."
        raise DataError(sentence)
    return tuple(fitted)


def _pieces(
    columns: Sequence[pl.Series],
    encoders: Mapping[str, type[Column]],
    lengths: Mapping[str, int],
    tokenizer: Tokenizer,
) -> Mapping[str, PiecesColumn]:
    roles = {
        name: encoder.encoder
        for name, encoder in encoders.items()
        if issubclass(encoder, TextColumn | TokensColumn) and encoder.encoder in tokenizer.roles
    }
    return fit_pieces([s for s in columns if s.name in roles], roles, lengths, tokenizer)


def column_type(series: pl.Series, role: str | None) -> type[Column]:
    """The encoder of a column that holds a value, by its declared role, or else by its type."""
    if role is not None:
        return _BY_ROLE[role]
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        return DateColumn
    if series.dtype.is_temporal():  # times of day and durations
        return NumericColumn
    holds = family(series)
    if holds is None or holds not in _BY_FAMILY:
        raise DataError(unusable(series))
    if holds == "text" and n_distinct(series) > MOST_CATEGORIES:
        return HashedColumn
    return _BY_FAMILY[holds]


def unusable(series: pl.Series) -> str:
    """Sentence about an input column that no encoder accepts."""
    why, dropped = fault(series), f"drop={series.name!r}"
    if series.dtype == pl.Object and why:
        return f"{why} Or leave the column out ({dropped})."
    sentence = (
        f"Column {series.name!r} has the type {series.dtype}, which cannot be an input. "
        f"Drop it ({dropped}), or give numbers, text, booleans, dates, arrays of one shape, or lists."
    )
    return f"{sentence} {why}".rstrip()
