from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from polytask._validation import Constraint
from polytask.data.cells import LETTERS_ALONE, MISSING
from polytask.data.columns._step_codes import learned_steps
from polytask.data.columns._stepped_column import STEPS_CONSTRAINTS, SteppedColumn

__all__ = ["TextColumn", "words"]

_LETTER = rf"[\w--{LETTERS_ALONE}]"
_WORD = rf"[{LETTERS_ALONE}]|{_LETTER}+(?:['’]{_LETTER}+)*|[^\w\s]"
"""A word, with apostrophes within it, a letter of a script without blanks, or one other sign."""


@dataclass(frozen=True)
class TextColumn(SteppedColumn):
    """Encoder of free text as one code per word.

    Words are those of the text in lower case; a sign, such as an exclamation mark, is a word of its
    own, and so is every letter of a script without blanks between words, such as Chinese. Words of a single training row are unknown, as are all that training rows lack. A missing
    cell, an empty one, or one that is a word such as NA has no words.

    Parameters
    ----------
    name : str
    vocabulary : tuple of str
        Words of at least two training rows, those of most rows first; at most 30 000.
    steps : int
        Words that are read of a text, the first ones. Unless they are declared, fitting chooses the
        length of the longest training text, at most 256.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns import TextColumn
    >>> column = TextColumn.fit(pl.Series("review", ["Not good!", "Good, good", "not bad"]))
    >>> column.vocabulary
    ('good', 'not')
    >>> column.encode(pl.DataFrame({"review": ["good", "not so good", None]}))[1].tolist()
    [[2, 0, 0], [3, 1, 2], [0, 0, 0]]
    """

    vocabulary: tuple[str, ...]
    steps: int

    encoder: ClassVar[str] = "text"
    usual_steps: ClassVar[int] = 256
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = STEPS_CONSTRAINTS

    @classmethod
    def of(cls, series: pl.Series, steps: int, *, trimmed: bool = False) -> TextColumn:
        """Learn from the first words of every row, as many of which are read of new rows."""
        vocabulary, longest = learned_steps(series, words, steps, rows=2)
        return cls(series.name, vocabulary, longest if trimmed else steps)

    @property
    def family(self) -> str:
        """Text."""
        return "text"

    def lists(self, series: pl.Series) -> pl.Series:
        """Words of every cell."""
        return words(series)


def words(series: pl.Series) -> pl.Series:
    """Lists of the words of texts, in lower case.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns._text_column import words
    >>> words(pl.Series(["Don't go!", "", None, "NA"])).to_list()
    [["don't", 'go', '!'], None, None, None]
    >>> words(pl.Series(["很好 ok"])).to_list()
    [['很', '好', 'ok']]
    """
    text = pl.col("text")
    present = text.str.strip_chars().is_in(list(MISSING)).not_()
    kept = pl.when(present).then(text.str.to_lowercase())
    frame = series.cast(pl.String).to_frame("text")
    return frame.select(kept.str.extract_all(_WORD)).to_series()
