"""`--tune PATH[=RANGE]`: settings to search, and ranges in place of the declared ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

from polytask._paths import parts
from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.ranges import Range, SearchRange

__all__ = ["tune_ranges"]

_FORMS = "PATH, PATH=LOW:HIGH, PATH=LOW:HIGH:log or PATH=VALUE,VALUE"


def tune_ranges(
    texts: Sequence[str],
) -> tuple[list[str] | None, dict[str, SearchRange | Sequence[str]]]:
    """Patterns of declared ranges, and ranges by path; no patterns if none is given.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    paths : list of str or None
        None searches what is searched by default.
    ranges : dict of path to SearchRange or list of str

    Raises
    ------
    ParameterError
        If a text is neither, or a range is upside down.

    Examples
    --------
    >>> from polytask.cli._tune_ranges import tune_ranges
    >>> paths, ranges = tune_ranges(["dropout", "trainer.learning_rate=1e-4:0.1:log"])
    >>> paths, str(ranges["trainer.learning_rate"])
    (['dropout'], '0.0001 to 0.1 (log)')
    """
    paths: list[str] = []
    ranges: dict[str, SearchRange | Sequence[str]] = {}
    for text in texts:
        path, equals, wanted = (part.strip() for part in text.partition("="))
        if not path or (equals and not wanted):
            raise ParameterError(message("the command line", "tune", _FORMS, text))
        if not equals:
            paths.append("*" if path == "all" else path)
        elif path in ranges:
            raise ParameterError(f"--tune gives {path!r} twice. Give it once.")
        else:
            ranges[path] = _range(wanted, text)
    return paths or None, ranges


def _range(wanted: str, text: str) -> SearchRange | Sequence[str]:
    ends = wanted.split(":")
    numbers = [_number(end) for end in ends[:2]]
    if len(ends) not in {2, 3} or None in numbers:
        return [_unwrapped(part) for part in parts(wanted)]
    if len(ends) == 3 and ends[2].strip() != "log":
        raise ParameterError(message("the command line", "tune", _FORMS, text))
    low, high = (number for number in numbers if number is not None)
    return Range(low, high, log=len(ends) == 3)


def _number(text: str) -> float | None:
    """A finite number, whole where it is written so."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _unwrapped(text: str) -> str:
    """A value of several, as ``(64,64)``, without its brackets."""
    inner = parts(text)
    return ",".join(inner) if inner and inner != [text] else text
