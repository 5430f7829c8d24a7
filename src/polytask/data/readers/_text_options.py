"""Options of text files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from polytask._naming import suggestion
from polytask._validation import message
from polytask.data.readers._frame_columns import no_duplicates
from polytask.exceptions import ParameterError

__all__ = ["BLANKS", "TextOptions", "of_source", "source_text_options", "text_options"]

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
    """Notation of a text file; None and False where that is to be inferred.

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
    r"""The options, checked; names may be one string with commas, and separators words.

    Examples
    --------
    >>> from polytask.data.readers._text_options import text_options
    >>> text_options(separator="tab", names="a,b")
    TextOptions(separator='\t', no_header=True, names=('a', 'b'), decimal='.')
    """
    for option, value in {"separator": separator, "names": names, "decimal": decimal}.items():
        if isinstance(value, Mapping):
            expected = "one value, since there is one table and not several sources"
            raise ParameterError(message("the data set", option, expected, value))
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


def of_source(option: Any, source: str) -> Any:
    """The value of an option for one source; in a mapping, None stands for the other sources."""
    return option.get(source, option.get(None)) if isinstance(option, Mapping) else option


def source_text_options(
    sources: Collection[str], texts: Collection[str], no_header: bool, **options: Any
) -> dict[str, TextOptions]:
    """Notations of the text files among sources, by source.

    Parameters
    ----------
    sources : collection of str
        Names of all sources.
    texts : collection of str
        Those that are text files.
    no_header : bool
    **options
        `separator`, `names` and `decimal` as in `text_options`, or mappings of source name to
        such, in which None stands for the sources that are not named.

    Raises
    ------
    ParameterError
        If something is said of what is no source or no text file, or of all sources where none is
        a text file.
    """
    for option, value in options.items():
        for name in value if isinstance(value, Mapping) else ():
            if name is not None and name not in sources:
                known = suggestion(str(name), sources)
                raise ParameterError(f"`{option}` names {name!r}, which is no source. {known}")
            if name is not None and name not in texts:
                sentence = (
                    f"`{option}` is for text files, and source {name!r} is none; leave it out."
                )
                raise ParameterError(sentence)
    named = {option: value for option, value in options.items() if value is not None}
    if (no_header or named.pop("decimal", ".") != "." or named) and not texts:
        sentence = (
            "`names`, `no_header`, `separator` and `decimal` say how text files are written. "
            "None of the sources is one; leave them out."
        )
        raise ParameterError(sentence)
    by_source = {}
    for name in texts:
        own = {option: of_source(value, name) for option, value in options.items()}
        decimal = own.pop("decimal", None) or "."
        by_source[name] = text_options(no_header=no_header, decimal=decimal, **own)
    return by_source
