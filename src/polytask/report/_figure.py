"""Figures of the page: drawings with title, caption and legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Figure", "Key"]


@dataclass(frozen=True)
class Key:
    """An entry of a legend; colour and symbol are names of the page's theme."""

    text: str
    color: str
    symbol: str
    solid: bool = True


@dataclass(frozen=True)
class Figure:
    """A figure with its texts.

    Attributes
    ----------
    title : str
    alt : str
        Description for readers who cannot see it.
    drawings : sequence of str
        SVG for wide and for narrow screens, or one for both.
    caption : str
        Explanation of the figure.
    legend : sequence of Key
    order : sequence of str
        Names of all rows from the top, where the drawing does not have each; they are listed below it.
    """

    title: str
    alt: str
    drawings: Sequence[str]
    caption: str = ""
    legend: Sequence[Key] = ()
    order: Sequence[str] = ()
