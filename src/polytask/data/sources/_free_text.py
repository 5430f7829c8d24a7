"""Which columns of text are free text, to be read word by word."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from polytask.data.cells import LETTERS_ALONE, family
from polytask.data.sources._source import Source

__all__ = ["with_free_text"]

_FEWEST_ROWS = 20
_FEWEST_WORDS = 4
_SAMPLE = 10_000
_WORD = r"(?:^|\s)[^\w\s]?[^\W\d_]{2,}"
"""A word of letters after a blank: codes, paths, dates and amounts have few or none."""
_LETTER = f"[{LETTERS_ALONE}]"
"""A letter of a script without blanks, two of which count as a word."""


def with_free_text(source: Source) -> tuple[Source, tuple[str, ...]]:
    """The source, whose reading gives columns of free text the role ``"text"``; also their names.

    Free text differs from row to row: more than half of at least 20 texts are distinct, and the
    middle one has at least four words. Columns with a declared role keep it.
    """
    roles = source.reading.roles
    names = tuple(
        series.name
        for series in source.inputs.iter_columns()
        if series.name not in roles and _is_free_text(series)
    )
    if not names:
        return source, ()
    reading = replace(source.reading, roles={**roles, **dict.fromkeys(names, "text")})
    return replace(source, reading=reading), names


def _is_free_text(series: pl.Series) -> bool:
    if family(series) != "text":
        return False
    texts = series.drop_nulls()
    if len(texts) < _FEWEST_ROWS:
        return False
    sample = texts[:: -(-len(texts) // _SAMPLE)].cast(pl.String)
    apart = sample.str.replace_all(_LETTER, "")
    n_letters = sample.str.count_matches(_LETTER)
    n_words = (apart.str.count_matches(_WORD) + n_letters // 2).median()
    enough = isinstance(n_words, float) and n_words >= _FEWEST_WORDS
    return enough and 2 * texts.n_unique() > len(texts)
