"""Texts with brackets: values of several values, names with settings."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["BRACKETS", "assignments", "name_and_settings", "parts"]

BRACKETS = {"(": ")", "[": "]"}
_EQUALS = re.compile(r"^([^=(]+)=(.*)$", re.DOTALL)


def parts(text: str) -> list[str]:
    """Split at commas outside inner brackets, with or without outer ones; ``()`` has no parts.

    Examples
    --------
    >>> from polytask._paths import parts
    >>> parts("(a,b),c")
    ['(a,b)', 'c']
    """
    ends = _ends(text)
    if ends and ends[0] == len(text) - 1 and BRACKETS.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
        ends = _ends(text)
    text = text.removesuffix(",")
    cuts = [-1, *(at for at in ends if text[at : at + 1] == ","), len(text)]
    return [text[i + 1 : j].strip() for i, j in pairwise(cuts)] if text else []


def _ends(text: str) -> list[int]:
    """Positions outside brackets: commas, and the brackets that close outermost ones."""
    depth, ends = 0, []
    for position, letter in enumerate(text):
        if letter in BRACKETS:
            depth += 1
        elif letter in BRACKETS.values():
            depth -= 1
        if depth == 0 and letter in {",", *BRACKETS.values()}:
            ends.append(position)
    return ends


def assignments(inner: str) -> tuple[list[str], list[tuple[str, str]]]:
    """What stands in brackets: parts without a path, and pairs of path and text.

    A part without an equals sign belongs to the value before it, if there is one.

    Examples
    --------
    >>> from polytask._paths import assignments
    >>> assignments("mmoe, widths=64,64, depth=3")
    (['mmoe'], [('widths', '64,64'), ('depth', '3')])
    """
    unnamed: list[str] = []
    pairs: list[tuple[str, str]] = []
    for part in parts(f"({inner})"):
        written = _EQUALS.match(part)
        if written is not None and written[1].strip():
            pairs.append((written[1].strip(), written[2].strip()))
        elif pairs:
            path, text = pairs[-1]
            pairs[-1] = path, f"{text},{part}"
        else:
            unnamed.append(part)
    return unnamed, pairs


def name_and_settings(text: str) -> tuple[str, str]:
    """Split ``NAME(…)`` into the name and what its brackets hold; the latter is empty without.

    Examples
    --------
    >>> from polytask._paths import name_and_settings
    >>> name_and_settings("piecewise_linear(by=quantiles)")
    ('piecewise_linear', 'by=quantiles')
    >>> name_and_settings("(a,b)")
    ('(a,b)', '')
    """
    name, bracket, rest = text.partition("(")
    whole = _ends(text)[:1] == [len(text) - 1] and rest.endswith(")")
    return (name.strip(), rest[:-1].strip()) if bracket and name.strip() and whole else (text, "")
