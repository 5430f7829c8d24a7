"""Options of text files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polytask._validation import message
from polytask.data.readers._frames import no_duplicates
from polytask.exceptions import ParameterError

__all__ = ["BLANKS", "TextOptions", "text_options"]

BLANKS = " "
"""The separator that stands for one or more blanks or tabs."""

_WORDS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "pipe": "|",
    "space": BLANKS,
    "blank": BLANKS,
    "whitespace": BLANKS,
}


@dataclass(frozen=True)
class TextOptions:
    """How a text file is written; None and False where that is to be found out.

    Parameters
    ----------
    separator : str, optional
        What stands between cells; a blank stands for any number of blanks and tabs.
    no_header : bool
        Whether the first line is a row like any other.
    names : tuple of str, optional
        Names of the columns of a file without a header.
    decimal : {".", ","}
        The decimal mark.
    """

    separator: str | None = None
    no_header: bool = False
    names: tuple[str, ...] | None = None
    decimal: str = "."


def text_options(
    *,
    separator: str | None = None,
    no_header: bool = False,
    names: str | Iterable[str] | None = None,
    decimal: str = ".",
) -> TextOptions:
    r"""Check what a user says; names may be one string with commas, and separators words.

    Examples
    --------
    >>> from polytask.data.readers._text_options import text_options
    >>> text_options(separator="tab", names="a,b")
    TextOptions(separator='\t', no_header=True, names=('a', 'b'), decimal='.')
    """
    if decimal not in {".", ","}:
        raise ParameterError(message("the data set", "decimal", "'.' or ','", decimal))
    mark = None if separator is None else _WORDS.get(separator.strip().casefold(), separator)
    if mark is not None and (len(mark) != 1 or mark.isalnum() or mark in "\"'\n\r."):
        expected = (
            f"one character, or one of the words {', '.join(w for w in _WORDS if w != BLANKS)}"
        )
        raise ParameterError(message("the data set", "separator", expected, separator))
    if mark == decimal:
        sentence = f"Cells cannot be separated by {mark!r} if that is the decimal mark too."
        raise ParameterError(sentence)
    if names is None:
        return TextOptions(mark, no_header, None, decimal)
    listed = tuple(name.strip() for name in (names.split(",") if isinstance(names, str) else names))
    if not all(listed):
        raise ParameterError(message("the data set", "names", "names of all columns", names))
    no_duplicates(listed)
    return TextOptions(mark, True, listed, decimal)
