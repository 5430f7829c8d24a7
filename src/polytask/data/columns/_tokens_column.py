from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

import polars as pl

from polytask._validation import Choice, Constraint
from polytask.data.cells import MISSING, family
from polytask.data.columns._step_codes import learned_steps
from polytask.data.columns._stepped_column import STEPS_CONSTRAINTS, SteppedColumn

__all__ = ["TokensColumn", "tokens"]


@dataclass(frozen=True)
class TokensColumn(SteppedColumn):
    """Encoder of lists of text, such as the words of a sentence, as one code per token.

    Tokens are what stands in the lists, or between the blanks of text that was declared to be
    tokens. Those that training rows lack, and missing ones within a list, are unknown. A missing
    list has no tokens.

    Parameters
    ----------
    name : str
    vocabulary : tuple of str
        Tokens of the training rows, those of most rows first; at most 30 000.
    steps : int
        Tokens that are read of a row, the first ones. Unless they are declared, fitting chooses the
        length of the longest training row, at most 512.
    holds : {"token lists", "text"}
        Type of the cells in fitting.

    Examples
    --------
    >>> import polars as pl
    >>> from polytask.data.columns import TokensColumn
    >>> column = TokensColumn.fit(pl.Series("path", [["home", "cart"], ["home"], []]))
    >>> column.vocabulary
    ('home', 'cart')
    >>> column.encode(pl.DataFrame({"path": [["cart", "pay"], ["home"]]}))[1].tolist()
    [[3, 1], [2, 0]]
    """

    vocabulary: tuple[str, ...]
    steps: int
    holds: str = "token lists"

    encoder: ClassVar[str] = "tokens"
    usual_steps: ClassVar[int] = 512
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **STEPS_CONSTRAINTS,
        "holds": Choice(("token lists", "text")),
    }

    @classmethod
    def of(cls, series: pl.Series, steps: int, *, trimmed: bool = False) -> TokensColumn:
        """Learn from the first tokens of every row, as many of which are read of new rows."""
        holds = "text" if family(series) == "text" else "token lists"
        lists = partial(tokens, split=holds == "text")
        vocabulary, longest = learned_steps(series, lists, steps, rows=1)
        return cls(series.name, vocabulary, longest if trimmed else steps, holds)

    @property
    def family(self) -> str:
        """Token lists, or text that is split at blanks."""
        return self.holds

    @property
    def accepted(self) -> tuple[str, ...]:
        """Lists and text, which is also what lists of one token each are read as."""
        return ("token lists", "text", "empty lists")

    def lists(self, series: pl.Series) -> pl.Series:
        """Tokens of every cell; text is one token alone where known tokens hold blanks."""
        return tokens(series, split=self.holds == "text" or not self._with_blanks)

    @cached_property
    def _with_blanks(self) -> bool:
        return any(len(token.split()) != 1 for token in self.vocabulary)


def tokens(series: pl.Series, *, split: bool = True) -> pl.Series:
    """Lists of tokens; text is split at blanks, or is one token."""
    if series.dtype == pl.Null:
        return series.cast(pl.List(pl.String))
    if isinstance(series.dtype, pl.Array):
        series = series.arr.to_list()
    if isinstance(series.dtype, pl.List):
        return series.cast(pl.List(pl.String))
    text = pl.col("text")
    present = text.str.strip_chars().is_in(list(MISSING)).not_()
    found = text.str.extract_all(r"\S+") if split else pl.concat_list(text)
    lists = pl.when(present).then(found)
    return series.cast(pl.String).to_frame("text").select(lists).to_series()
