"""A figure of the page: drawings and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Figure", "Key"]


@dataclass(frozen=True)
class Key:
    """One entry of a legend; colour and symbol are names of the page's theme."""

    words: str
    color: str
    symbol: str
    solid: bool = True


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes
    ----------
    title : str
    alt : str
        What it shows, for those who cannot see it.
    drawings : sequence of str
        SVG for wide and for narrow screens, or one for both.
    caption : str
        How to read it.
    legend : sequence of Key
    """

    title: str
    alt: str
    drawings: Sequence[str]
    caption: str = ""
    legend: Sequence[Key] = ()
