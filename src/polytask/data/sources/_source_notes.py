"""Notes on oddities of a source's inputs and targets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

import polars as pl

from polytask._listing import first_and_more
from polytask.data.cells import (
    SIGNS,
    Reading,
    date_hint,
    family,
    number_hint,
    sentinel_notes,
    unit_hint,
    written_hint,
)
from polytask.data.columns import MOST_CATEGORIES, n_distinct
from polytask.data.names import gathered
from polytask.data.sources._equal_targets import equal_target_notes
from polytask.data.sources._labels import target_columns
from polytask.data.sources._leaks import leak_notes
from polytask.data.sources._source import Source
from polytask.data.sources._step_notes import step_note

__all__ = ["source_notes"]

_MANY = 20
_MOSTLY = 0.5
_NO_SMILES = r"\s\S+\s|[^\x00-\x7f]|[a-zA-Z]{2,}\s|^[JQXjqx]"
"""What stands in sentences, and not in a molecule with a name after it."""
_HEAD = 1000
_EXACT = 2**53
_EIGHT_FIGURES = (1800_01_01, 2199_12_31)


def source_notes(
    source: Source,
    texts: Collection[str] = (),
    images: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Notes on inputs of little use, on leaks of targets, and on cells that may mean missing.

    Parameters
    ----------
    source : Source
    texts : collection of str
        Columns that were taken for free text.
    images : mapping of column to str
        What is to be said of columns of images.
    """
    free = [s for s in source.inputs.iter_columns() if s.name not in source.reading.roles]
    odd = [
        (series.name, text)
        for series in free
        if series.name not in images and (text := _oddity(series))
    ]
    pictured = [(name, text) for name, text in images.items() if text]
    roles = source.reading.roles
    many = [
        (series.name, text)
        for series in source.inputs.iter_columns()
        if (text := _many_categories(series, roles.get(series.name)))
    ]
    smiles = [
        (series.name, text)
        for series in source.inputs.iter_columns()
        if roles.get(series.name) == "smiles" and (text := _note_on_smiles(series))
    ]
    stepped = [
        (series.name, text)
        for series in source.inputs.iter_columns()
        if (text := _step_note(series, source.reading, texts))
    ]
    columns = [*free, *target_columns(source.labels)]
    return (
        *(f"input {note}" for note in gathered([*odd, *many, *smiles, *stepped, *pictured])),
        *_sign_notes(columns),
        *sentinel_notes([s for s in columns if s.name not in source.reading.dates]),
        *leak_notes(source),
        *equal_target_notes(source),
    )


def _step_note(series: pl.Series, reading: Reading, texts: Collection[str]) -> str:
    role, steps = reading.roles.get(series.name), reading.lengths.get(series.name)
    return step_note(series, role, steps, inferred=role is None or series.name in texts)


def _oddity(series: pl.Series) -> str:
    """Note on one input; empty if there is none."""
    observed = series.drop_nulls()
    count, holds = len(observed), family(series)
    if count == 0:
        return "left out, because all cells are missing"
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        return (
            f"time from {_shown(observed.min())} to {_shown(observed.max())}, learned as elapsed "
            "time and parts of the calendar; --column NAME:categorical for categories"
        )
    if series.dtype.is_integer() and _are_rounded(observed):
        return (
            "whole numbers of more than 15 figures, of which different ones are read as one number; "
            "--column NAME:identifier keeps them apart"
        )
    if len(series) < _MANY:
        return ""
    if series.dtype.is_integer() and _are_days(observed):
        return "whole numbers that may be dates; --column NAME:date reads them so"
    if series.dtype.is_integer() and observed.n_unique() == count >= _MANY:
        return (
            f"{count} different whole numbers in {len(series)} rows, as identifiers are; "
            "--drop NAME leaves it out"
        )
    return _oddity_of_text(series) if holds == "text" else ""


def _oddity_of_text(series: pl.Series) -> str:
    distinct = series.n_unique()
    if distinct < _MANY:
        return ""
    if _like_numbers(series.head(_HEAD)) and (unit_hint(series) or number_hint(series)):
        return unit_hint(series)  # numbers but for some cells were noted where they were read
    if date_hint(series):  # as dates but for some cells were
        return ""
    if written_hint(series.head(_HEAD)) and (hint := written_hint(series)):
        return f"{hint}, or --column NAME:categorical if they are none"
    if distinct * 2 > len(series):
        repeated = distinct < len(series)
        in_words = series.head(_HEAD).str.strip_chars().str.contains(r"\s").mean() or 0.0
        return (
            f"{distinct} distinct texts in {len(series)} rows, which a model can hardly learn from; "
            f"--drop NAME leaves it out{', --column NAME:identifier hashes it' * repeated}"
            f"{', --column NAME:text reads it word by word' * (in_words > _MOSTLY)}"  # type: ignore[operator]
        )
    return ""


def _note_on_smiles(series: pl.Series) -> str:
    """Note on texts that can hardly be molecules; empty if they may be."""
    texts = series.drop_nulls().head(_HEAD).cast(pl.String).str.strip_chars()
    if (texts.str.contains(_NO_SMILES).mean() or 0.0) <= _MOSTLY:  # type: ignore[operator]
        return ""
    return (
        "declared to be SMILES, but most of its texts hold blanks or letters that SMILES do not; "
        "--column NAME:text reads them word by word"
    )


def _many_categories(series: pl.Series, role: str | None) -> str:
    """Note on categories that may be more than a vocabulary holds; empty if they are not."""
    if role not in {None, "categorical"} or (role is None and family(series) != "text"):
        return ""
    distinct = n_distinct(series)
    if distinct <= MOST_CATEGORIES:
        return ""
    if role is None:
        return (
            f"hashed as identifiers are if more than {MOST_CATEGORIES:,} of its {distinct:,} "
            "distinct texts are in the training rows; --column NAME:categorical learns the most "
            "frequent alone"
        )
    return (
        f"{distinct:,} categories, of which the {MOST_CATEGORIES:,} most frequent in the training "
        "rows are learned; --column NAME:identifier hashes all of them"
    )


def _like_numbers(head: pl.Series) -> bool:
    return bool(unit_hint(head) or number_hint(head))


def _are_days(numbers: pl.Series) -> bool:
    """Whether whole numbers look like dates, such as 20200102."""
    low, high = _EIGHT_FIGURES
    first, last = numbers.min(), numbers.max()  # compared as Python's, whatever fits the column
    if not (isinstance(first, int) and isinstance(last, int) and low <= first < last <= high):
        return False
    return not numbers.cast(pl.String).str.to_date("%Y%m%d", strict=False).has_nulls()


def _are_rounded(numbers: pl.Series) -> bool:
    """Whether double precision does not tell all whole numbers apart."""
    ends = numbers.min(), numbers.max()
    if all(isinstance(end, int) and abs(end) <= _EXACT for end in ends):
        return False
    return numbers.cast(pl.Float64).n_unique() < numbers.n_unique()


def _shown(moment: object) -> str:
    return str(moment).removesuffix(" 00:00:00")


def _sign_notes(columns: list[pl.Series]) -> Iterator[str]:
    """Notes on text columns in which a sign such as “?” is a category."""
    counts_by_sign: dict[str, dict[str, int]] = {}
    for series in columns:
        if family(series) == "text":
            text = series.cast(pl.String)
            signs = text.filter(text.is_in(SIGNS)).value_counts()
            if signs.is_empty() or number_hint(series):
                continue  # numbers but for some cells were noted where they were read
            for cell, count in signs.iter_rows():
                counts_by_sign.setdefault(cell, {})[series.name] = count
    for cell, counts in counts_by_sign.items():
        total = sum(counts.values())
        yield (
            f"{first_and_more(list(counts))}: {cell!r} is a category like others ({total:,} "
            f"cell{'s' * (total != 1)}); --missing '{cell}' if it means missing"
        )
