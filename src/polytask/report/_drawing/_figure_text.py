"""Texts in figures: valid characters, widths and abbreviation."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["printable", "shorten", "text_width"]

_FORBIDDEN = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NARROW = frozenset("ijlftrI.,:;|!'`()[]{} ")
_BROAD = frozenset("mwMWOQGDHNU@%&—…")


def printable(text: str) -> str:
    """Return `text` on one line, with characters that XML does not allow replaced."""
    return _FORBIDDEN.sub("\ufffd", " ".join(text.split()))


def text_width(text: str, size: float) -> float:
    """Estimate the width of `text` in the fonts of browsers, with some excess."""
    return size * sum(map(_ems, text))


def _ems(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.38
    return 0.9 if character in _BROAD else 0.62


def shorten(text: str, width: float, size: float) -> str:
    """Cut `text` to a width, with an ellipsis if something is missing."""
    text = printable(text)
    if text_width(text, size) <= width:
        return text
    end = len(text)
    while end and text_width(f"{text[:end]}…", size) > width:
        end -= 1
    return f"{text[:end].rstrip()}…"
