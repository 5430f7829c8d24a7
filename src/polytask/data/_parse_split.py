from __future__ import annotations

from polytask._naming import suggestion
from polytask.data._column_split import ColumnSplit
from polytask.data._group_split import GroupSplit
from polytask.data._random_split import RandomSplit
from polytask.data._splitter import Splitter
from polytask.exceptions import ParameterError, UnknownNameError

__all__ = ["parse_split"]

_FORMS = "random:0.2, group:COLUMN or column:COLUMN"


def parse_split(text: str) -> Splitter:
    """The splitter that a command line names.

    Parameters
    ----------
    text : str
        ``random``, ``random:TEST``, ``group:COLUMN`` or ``column:COLUMN``, where TEST is the
        share of test rows.

    Examples
    --------
    >>> from polytask.data import parse_split
    >>> parse_split("random:0.3").test
    0.3
    """
    word, _, rest = text.partition(":")
    match word.strip().casefold():
        case "random":
            return RandomSplit() if not rest else RandomSplit(test=_share(rest, text))
        case "group" if rest:
            return GroupSplit(rest)
        case "column" if rest:
            return ColumnSplit(rest)
        case "group" | "column":
            sentence = f"The split {text!r} names no column. Write {_FORMS}."
            raise ParameterError(sentence)
        case unknown:
            guess = suggestion(unknown, ("random", "group", "column"))
            sentence = f"There is no split named {unknown!r}. {guess} Write {_FORMS}."
            raise UnknownNameError(sentence)


def _share(word: str, text: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        sentence = f"The split {text!r} must give a share of test rows, such as random:0.2."
        raise ParameterError(sentence) from error
