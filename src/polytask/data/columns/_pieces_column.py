"""Columns of text and tokens as the pieces of words of a pretrained model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import polars as pl
from jaxtyping import Int32

from polytask._validation import Choice, Constraint, Interval
from polytask.data.cells import MISSING, MOST_STEPS, family
from polytask.data.columns._column import Column
from polytask.data.columns._tokenizer import (
    TOKENIZER_TEXT,
    PieceReader,
    Tokenizer,
    read_tokenizer,
)
from polytask.data.columns._tokens_column import tokens
from polytask.exceptions import DataError, ParameterError

__all__ = ["PiecesColumn", "fit_pieces"]

_CHUNK = 1 << 12
"""Rows whose pieces are in memory at once."""


@dataclass(frozen=True)
class PiecesColumn(Column):
    """Encoder of free text, or of tokens, as the pieces of words that a pretrained model reads.

    Codes of pieces are their numbers in the tokenizer's vocabulary plus 1; 0 is no piece. Of tokens,
    the first piece of each stands for it; codes of all other pieces are negative. A missing text, an
    empty one, or one that is a word such as NA has only the pieces around a text.

    Parameters
    ----------
    name : str
    read : {"text", "tokens"}
        The column's role.
    steps : int
        Pieces that are read of a row.
    words : int
        Tokens that are read of a row.
    longest : int
        Pieces of the longest training row.
    holds : {"text", "token lists"}
        Type of the cells in fitting.
    pieces : str
        The text of the tokenizer.
    """

    read: str
    steps: int
    words: int
    longest: int
    holds: str
    pieces: str = field(repr=False)

    encoder: ClassVar[str] = "pieces"
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "read": Choice(("text", "tokens")),
        "steps": Interval(int, 1, MOST_STEPS),
        "words": Interval(int, 1, MOST_STEPS),
        "longest": Interval(int, 1),
        "holds": Choice(("text", "token lists")),
        "pieces": TOKENIZER_TEXT,
    }

    @classmethod
    def fit(cls, series: pl.Series) -> PiecesColumn:
        """Not without a tokenizer: see `fit_pieces`."""
        raise NotImplementedError(series.name)

    @property
    def role(self) -> str:
        """That of the column: text or tokens."""
        return self.read

    @property
    def part(self) -> str:
        """``"text:NAME"`` or ``"tokens:NAME"``."""
        return f"{self.read}:{self.name}"

    @property
    def family(self) -> str:
        """Text or token lists."""
        return self.holds

    @property
    def accepted(self) -> tuple[str, ...]:
        """Of tokens, lists and text, which is split at blanks."""
        return ("text",) if self.read == "text" else ("token lists", "text", "empty lists")

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of pieces."""
        return (self.steps,)

    @property
    def n_codes(self) -> int:
        """No piece, and those of the vocabulary."""
        return 1 + self.reader.n_pieces

    @property
    def reader(self) -> PieceReader:
        """The tokenizer."""
        return read_tokenizer(self.pieces, of_words=self.read == "tokens")

    def problem(self) -> str | None:
        """Why no fit could have given this; None if one could have."""
        try:
            around = self.reader.n_around
        except ValueError as error:
            return f"the tokenizer of column {self.name!r} cannot be read: {error}"
        if around >= self.steps:
            return f"column {self.name!r} reads no piece of its text"
        return None

    def encode(self, inputs: pl.DataFrame) -> tuple[str, np.ndarray]:
        """Codes (n, steps), int32: 0 after the last piece, below 0 for those that begin no token."""
        series = self.series(inputs)
        codes = np.zeros((len(series), self.steps), dtype=np.int32)
        most = self.steps - self.reader.n_around
        for row, within in enumerate(self._rows(series)):
            whole = self._whole(within[:most])
            codes[row, : len(whole)] = whole
        return self.part, codes

    def _whole(self, within: list[int]) -> list[int]:
        """Codes with those around them, which begin no token."""
        sign = 1 if self.read == "text" else -1
        before, after = self.reader.before, self.reader.after
        return [sign * (p + 1) for p in before] + within + [sign * (p + 1) for p in after]

    def lengths(self, series: pl.Series) -> Int32[np.ndarray, " n"]:
        """Pieces of every row, those around them too, before any is left out."""
        around = self.reader.n_around
        return np.fromiter((len(row) + around for row in self._rows(series)), dtype=np.int32)

    def n_cut(self, inputs: pl.DataFrame) -> int:
        """How many rows have more pieces than are read."""
        return int((self.lengths(self.series(inputs)) > self.steps).sum())

    def _rows(self, series: pl.Series) -> Iterator[list[int]]:
        """Codes of all pieces of every row, without those around them."""
        for first in range(0, len(series), _CHUNK):
            try:
                yield from self._codes(series[first : first + _CHUNK])
            except ValueError as error:
                sentence = (
                    f"Column {self.name!r} cannot be read by the tokenizer of its pretrained model, which "
                    f"said: {error}. Copy the files of the model again."
                )
                raise DataError(sentence) from error

    def _codes(self, series: pl.Series) -> Iterable[list[int]]:
        if self.read == "text":
            cells = series.cast(pl.String).fill_null("").to_list()
            return self.reader.of_texts(["" if c.strip() in MISSING else c for c in cells])
        rows = tokens(series).to_list()
        words = [[str(word or "") for word in (row or ())[: self.words]] for row in rows]
        return self.reader.of_words(words)


def fit_pieces(
    columns: Sequence[pl.Series],
    roles: Mapping[str, str],
    lengths: Mapping[str, int],
    tokenizer: Tokenizer,
) -> dict[str, PiecesColumn]:
    """Fit the encoders of all columns of text and tokens of a table, by name.

    The pieces that a model reads are shared between them: each is read up to its longest training
    row, or as far as declared; where that is too much, those that need less leave the rest to others.

    Parameters
    ----------
    columns : sequence of polars.Series
    roles : mapping of column to str
        Text or tokens.
    lengths : mapping of column to int
        Declared numbers of pieces of a text, or of tokens.
    tokenizer : Tokenizer

    Raises
    ------
    ParameterError
        If the tokenizer cannot be read.
    DataError
        If there are more columns than the model could read.
    """
    fitted = [_fitted(s, roles[s.name], lengths.get(s.name), tokenizer) for s in columns]
    left = tokenizer.most
    shared: dict[str, PiecesColumn] = {}
    for place, column in enumerate(sorted(fitted, key=lambda column: column.steps)):
        steps = min(column.steps, left // (len(fitted) - place))
        shared[column.name] = replace(column, steps=steps)
        left -= steps
        if steps <= column.reader.n_around:
            sentence = (
                f"A model that reads {tokenizer.most} pieces of words cannot read {len(fitted)} columns "
                f"of text: {', '.join(series.name for series in columns)}. Leave some out (--drop)."
            )
            raise DataError(sentence)
    return shared


def _fitted(
    series: pl.Series, role: str, declared: int | None, tokenizer: Tokenizer
) -> PiecesColumn:
    holds = "text" if role == "text" or family(series) == "text" else "token lists"
    words = declared if role == "tokens" and declared is not None else MOST_STEPS
    column = PiecesColumn(series.name, role, tokenizer.most, words, 1, holds, tokenizer.text)
    try:
        around = column.reader.n_around
    except ValueError as error:
        sentence = (
            "The `tokenizer` parameter must be that of a pretrained model, as its tokenizer.json holds "
            f"it. It cannot be read: {error}."
        )
        raise ParameterError(sentence) from error
    longest = int(column.lengths(series).max(initial=around + 1))
    steps = longest if declared is None else tokenizer.most
    if declared is not None and role == "text":
        steps = max(declared, around + 1)
    return replace(column, steps=min(steps, tokenizer.most), longest=longest)
