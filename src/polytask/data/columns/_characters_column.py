from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from polytask._validation import Constraint
from polytask.data.cells import MISSING
from polytask.data.columns._step_codes import learned_steps
from polytask.data.columns._stepped_column import STEPS_CONSTRAINTS, SteppedColumn

__all__ = ["CharactersColumn", "characters"]


@dataclass(frozen=True)
class CharactersColumn(SteppedColumn):
    """Encoder of text as one code per character.

    Characters stay as they are: upper and lower case differ, and blanks count. Those of a single
    training row are unknown, as are all that training rows lack. A missing cell, an empty one, or
    one that is a word such as NA has no characters.

    Parameters
    ----------
    name : str
    vocabulary : tuple of str
        Characters of at least two training rows, those of most rows first.
    steps : int
        Characters that are read of a text, the first ones. Unless they are declared, fitting chooses
        the length of the longest training text, at most 1014.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns import CharactersColumn
    >>> column = CharactersColumn.fit(pl.Series("name", ["Anna", "Hanna", "Ha"]))
    >>> column.vocabulary
    ('a', 'H', 'n')
    >>> column.encode(pl.DataFrame({"name": ["Ha", "nah", None]}))[1].tolist()
    [[3, 2, 0, 0, 0], [4, 2, 1, 0, 0], [0, 0, 0, 0, 0]]
    """

    vocabulary: tuple[str, ...]
    steps: int

    encoder: ClassVar[str] = "characters"
    usual_steps: ClassVar[int] = 1014
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = STEPS_CONSTRAINTS

    @classmethod
    def of(cls, series: pl.Series, steps: int, *, trimmed: bool = False) -> CharactersColumn:
        """Learn from the first characters of every row, as many of which are read of new rows."""
        vocabulary, longest = learned_steps(series, characters, steps, rows=2)
        return cls(series.name, vocabulary, longest if trimmed else steps)

    @property
    def family(self) -> str:
        """Text."""
        return "text"

    def lists(self, series: pl.Series) -> pl.Series:
        """Characters of every cell."""
        return characters(series)


def characters(series: pl.Series) -> pl.Series:
    """Lists of the characters of texts, without blanks around them.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns._characters_column import characters
    >>> characters(pl.Series([" So, é ", "", None, "NA"])).to_list()
    [['S', 'o', ',', ' ', 'é'], None, None, None]
    """
    text = pl.col("text").str.strip_chars()
    kept = pl.when(text.is_in(list(MISSING)).not_()).then(text)
    frame = series.cast(pl.String).to_frame("text")
    return frame.select(kept.str.extract_all("(?s).")).to_series()
