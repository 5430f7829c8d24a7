"""Forms of dates in the notation of strftime, and patterns of text in these forms."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["completion", "directives", "expanded", "has_time", "names_a_date", "shape"]

_DIRECTIVE = re.compile(r"%([-_0#:]?\.?\d?[A-Za-z%+])")
_COMPOSITES = {
    "%c": "%a %B %e %T %Y",
    "%x": "%D",
    "%X": "%T",
    "%v": "%e-%B-%Y",
    "%F": "%Y-%m-%d",
    "%D": "%m/%d/%y",
    "%T": "%H:%M:%S",
    "%R": "%H:%M",
    "%h": "%B",
}
_YEARS, _MONTHS, _DAYS = set("YyGgs"), set("mBbqjGgs"), set("dejuwaAs")
_TIMES = set("HIklMSpPsf")
_YEAR = r"(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])"
"""From 1 to 9999, with all figures and no sign."""
_FIXED = {"Y": _YEAR, "G": _YEAR, "y": r"\d\d", "g": r"\d\d", "q": "[1-4]", "u": "[1-7]"}
_UP_TO_TWO = set("mdeHIklMSVUW")
_WORDS = {"B": r"\p{L}{3,9}\.?", "b": r"\p{L}{3,9}\.?", "a": r"\p{L}+", "A": r"\p{L}+", "%": "%"}


def expanded(form: str) -> str:
    """The form with directives that stand for several written out, and ``%B`` for any month's name.

    ``%B`` reads short names too, and ``%.f`` is a fraction whatever its number of figures.
    """
    for short, long in _COMPOSITES.items():
        form = form.replace(short, long)
    return form.replace("%b", "%B").replace(".%f", "%.f")


def directives(form: str) -> set[str]:
    """Letters of the directives in a form."""
    return {mark[-1] for mark in _DIRECTIVE.findall(expanded(form))}


def has_time(form: str) -> bool:
    """Whether a form names a time of day."""
    return bool(directives(form) & _TIMES)


def names_a_date(form: str) -> bool:
    """Whether a form names a year, and a month if it names a day.

    Examples
    --------
    >>> from polytask.data.cells._date_forms import names_a_date
    >>> names_a_date("%b-%Y"), names_a_date("%H:%M"), names_a_date("%d %Y")
    (True, False, False)
    """
    marks = directives(form)
    return bool(marks & _YEARS) and (not marks & set("de") or bool(marks & _MONTHS))


def completion(form: str) -> tuple[str, str]:
    """The ends that cells and their form lack to name one day, the first of a period.

    Examples
    --------
    >>> from polytask.data.cells._date_forms import completion
    >>> completion("%Y-%m"), completion("%G-W%V"), completion("%Y-%m-%d")
    ((' 01', ' %d'), (' 1', ' %u'), ('', ''))
    """
    marks, cells, form_end = directives(form), "", ""
    weeks = marks & set("VUW")
    if weeks and not marks & _DAYS:
        cells, form_end = (" 0", " %w") if "U" in weeks else (" 1", " %u")
    elif not weeks and not marks & _MONTHS:
        cells, form_end = " 01 01", " %m %d"
    elif not weeks and not marks & _DAYS:
        cells, form_end = " 01", " %d"
    if marks & set("HIkl") and "M" not in marks:
        cells, form_end = cells + " 00", form_end + " %M"
    return cells, form_end


@cache
def shape(form: str, year: str = _YEAR) -> str:
    """A pattern of text that starts with a date of this form.

    What stands before ``%q``, the quarter, and what follows are groups.

    Parameters
    ----------
    form : str
    year : str
        Pattern of a year with four figures.
    """
    pieces = _pieces(expanded(form))
    patterns = [
        _pattern(piece, pieces[index - 1 : index] + pieces[index + 1 : index + 2])
        for index, piece in enumerate(pieces)
    ]
    if "%q" in pieces:
        index = pieces.index("%q")
        parts = ("".join(patterns[:index]), patterns[index], "".join(patterns[index + 1 :]))
        return "^({})({})({})$".format(*parts)
    return rf"^{''.join(patterns)}(?:\D|$)".replace(_YEAR, year)


def _pieces(form: str) -> list[str]:
    """Directives and the single characters between them."""
    return [piece for piece in re.split(r"(%[-_0#:]?\.?\d?[A-Za-z%+])|", form) if piece]


def _pattern(piece: str, neighbours: list[str]) -> str:
    """Pattern of one piece; numbers beside others have all their figures."""
    if not (len(piece) > 1 and piece[0] == "%"):
        return r"\s*" if piece.isspace() else _literal(piece)
    mark = piece[-1]
    if mark in _UP_TO_TWO:
        beside = any(
            other[0] == "%" and other[-1] in _UP_TO_TWO | set("YyGg") for other in neighbours
        )
        return r"\d\d" if beside else r"\s?\d\d?"
    return _FIXED.get(mark) or _WORDS.get(mark) or ".*"


def _literal(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if sign.isascii() and not sign.isalnum() else sign
