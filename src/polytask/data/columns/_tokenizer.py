"""Tokenizers of pretrained models: texts and words as pieces of a given vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

from polytask._plain import parse_json
from polytask._reason import reason
from polytask._validation import Choice, Constraint, Each, Interval, Satisfies, check_parameters
from polytask.data.cells import MOST_STEPS
from polytask.data.columns._text_growth import text_growth
from polytask.exceptions import MissingDependencyError

__all__ = ["TOKENIZER_TEXT", "PieceReader", "Tokenizer", "read_tokenizer"]

_LARGEST = 1 << 26
"""Characters of the text of a tokenizer; the largest known ones have half as many."""
_MOST_PIECES = 1_000_000
_MOST_GROWTH = 1 << 14
"""How many times as long as a text what is read of it may be; that of known ones is below 2000."""
_PROBES = ("a", "the", "0", ".")
"""Texts of which a tokenizer that reads any language should know one."""

TOKENIZER_TEXT = Satisfies(
    lambda text: isinstance(text, str) and 0 < len(text) <= _LARGEST,
    f"the text of a tokenizer.json, at most {_LARGEST:,} characters",
)


@dataclass(frozen=True)
class Tokenizer:
    """How texts and tokens become pieces of words, as the tokenizer of a pretrained model says.

    Parameters
    ----------
    text : str
        What a file ``tokenizer.json`` of the library `tokenizers` holds. It is data; no code of it
        is run.
    most : int, default 512
        Pieces that the model reads of all texts of a row, those that begin and end a text among
        them; at most 4096.
    roles : tuple of str, default ("text", "tokens")
        Roles of the columns that are read so.

    Examples
    --------
    >>> from polytask.data import Tokenizer
    >>> Tokenizer("{}", most=128).most
    128
    """

    text: str = field(repr=False)
    most: int = 512
    roles: tuple[str, ...] = ("text", "tokens")

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "text": TOKENIZER_TEXT,
        "most": Interval(int, 1, MOST_STEPS),
        "roles": Each(Choice(("text", "tokens"))),
    }

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(frozen=True, eq=False)
class PieceReader:
    """A tokenizer that was read and checked.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    n_pieces : int
        Of its vocabulary; the number of every piece is less.
    before, after : tuple of int
        Pieces that begin and end every text.
    unknown : int
        The piece of a word of which the tokenizer makes none.
    """

    tokenizer: Any
    n_pieces: int
    before: tuple[int, ...]
    after: tuple[int, ...]
    unknown: int

    @property
    def n_around(self) -> int:
        """How many pieces begin and end a text."""
        return len(self.before) + len(self.after)

    def of_texts(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Codes of the pieces of every text, from 1 on, without those around it.

        Raises
        ------
        ValueError
            If the tokenizer cannot read them.
        """
        with _explained():
            encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        for read in encoded:
            yield [piece + 1 for piece in read.ids]

    def of_words(self, rows: Sequence[Sequence[str]]) -> Iterator[list[int]]:
        """The same of lists of words, of which codes of later pieces of a word are below 0."""
        lists = [list(words) for words in rows]
        with _explained():
            encoded = self.tokenizer.encode_batch(
                lists, is_pretokenized=True, add_special_tokens=False
            )
        for words, read in zip(rows, encoded, strict=True):
            yield self._by_word(len(words), read.ids, read.word_ids)

    def _by_word(self, n_words: int, ids: Sequence[int], owners: Sequence[int]) -> list[int]:
        """Every word has a piece at least, so that the k-th first piece is that of the k-th word."""
        codes: list[int] = []
        word = -1
        for piece, owner in zip(ids, owners, strict=True):
            if owner == word:
                codes.append(-piece - 1)
                continue
            codes += [self.unknown + 1] * (owner - word - 1)
            codes.append(piece + 1)
            word = owner
        return codes + [self.unknown + 1] * (n_words - word - 1)


@lru_cache(maxsize=4)
def read_tokenizer(text: str, *, of_words: bool = False) -> PieceReader:
    """Read a tokenizer.

    Parameters
    ----------
    text : str
        What its file holds.
    of_words : bool, default False
        Whether it is for words that stand alone, each of which then begins as after a blank.

    Raises
    ------
    ValueError
        If it cannot be read, or numbers pieces as no tokenizer would.
    MissingDependencyError
        If the library `tokenizers` is not installed.
    """
    try:
        import tokenizers
    except ImportError as error:
        sentence = (
            "The tokenizer of a pretrained text model needs the library tokenizers, which is not "
            "installed. Install it: pip install 'polytask[text]'."
        )
        raise MissingDependencyError(sentence) from error
    state = parse_json(text)
    if not isinstance(state, dict):
        raise ValueError("it is no tokenizer")
    state = {**state, "truncation": None, "padding": None}
    if of_words:
        state["pre_tokenizer"] = _after_blanks(state.get("pre_tokenizer"))
    with _explained():
        return _checked(tokenizers.Tokenizer.from_str(json.dumps(state)), state)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn whatever the library raises into a ValueError."""
    try:
        yield
    except (ValueError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # panics of compiled code are no Exception
        raise ValueError(reason(Exception(str(error)), named=False)) from error


def _checked(tokenizer: Any, state: Mapping[str, Any]) -> PieceReader:
    numbers = tokenizer.get_vocab(with_added_tokens=True).values()
    n_pieces = max(numbers, default=-1) + 1
    if not 0 < n_pieces <= _MOST_PIECES:
        raise ValueError(f"it numbers its pieces up to {n_pieces - 1:,}")
    if text_growth(tokenizer) > _MOST_GROWTH:
        raise ValueError(f"it may make a text more than {_MOST_GROWTH:,} times as long")
    before, after = _around(tokenizer)
    if max(before + after, default=0) >= n_pieces:
        raise ValueError("pieces around a text are none of its vocabulary")
    model = state.get("model")
    named = model.get("unk_token") if isinstance(model, dict) else None
    unknown = tokenizer.token_to_id(named) if isinstance(named, str) else None
    others = (*after, *before, 0)
    return PieceReader(
        tokenizer, n_pieces, before, after, others[0] if unknown is None else unknown
    )


def _around(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Pieces that begin and end a text."""
    for probe in _PROBES:
        within = tokenizer.encode(probe, add_special_tokens=False).ids
        whole = tokenizer.encode(probe, add_special_tokens=True).ids
        if not within:
            continue
        for first in range(len(whole) - len(within) + 1):
            if whole[first : first + len(within)] == within:
                return tuple(whole[:first]), tuple(whole[first + len(within) :])
        raise ValueError("its pieces of a text change with those around it")
    raise ValueError(f"it has no piece for any of {', '.join(map(repr, _PROBES))}")


def _after_blanks(pre_tokenizer: Any) -> Any:
    """A pre-tokenizer for words that stand alone, of which some tokenizers read the blank before them."""
    if not isinstance(pre_tokenizer, dict):
        return pre_tokenizer
    if pre_tokenizer.get("type") == "ByteLevel":
        return {**pre_tokenizer, "add_prefix_space": True}
    inner = pre_tokenizer.get("pretokenizers")
    if isinstance(inner, list):
        return {**pre_tokenizer, "pretokenizers": [_after_blanks(part) for part in inner]}
    return pre_tokenizer
