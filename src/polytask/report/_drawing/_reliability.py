"""Reliability plot: what happened against what was stated, with the diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polytask.report._drawing._canvas import NARROW, Canvas, marker, scale
from polytask.report._theme import color

__all__ = ["Series", "reliability"]

_TOP, _BOTTOM = 10, 46


@dataclass(frozen=True)
class Series:
    """Points of one learner with their intervals.

    Attributes
    ----------
    x, y, low, high : sequence of float
    color, symbol : str
        Names of the page's theme.
    texts : sequence of str
        Tooltips.
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    color: str
    symbol: str
    texts: Sequence[str]


def reliability(
    drawn: Sequence[Series], width: int, *, x_label: str, y_label: str, height: int = 250
) -> Canvas:
    """Draw what happened over what was stated.

    Parameters
    ----------
    drawn : sequence of Series
        The last is in front.
    width, height : int
        In pixels.
    x_label, y_label : str
        Titles of the axes.
    """
    canvas = Canvas(width, height)
    axes = canvas.axes(right=14, top=_TOP, bottom=_BOTTOM)
    x = [value for series in drawn for value in series.x]
    y = [value for series in drawn for value in (*series.x, *series.low, *series.high)]
    diagonal = axes.plot(
        [min(x), max(x)], [min(x), max(x)], color=color("muted"), linewidth=1, clip_on=False
    )
    canvas.explain(diagonal[0], "what is stated happens")
    for series in drawn:
        axes.vlines(series.x, series.low, series.high, color=color(series.color), linewidth=1.5)
        dots = axes.scatter(
            series.x,
            series.y,
            s=60,
            marker=marker(series.symbol),
            facecolor=color(series.color),
            edgecolor=color("card"),
            linewidth=1,
            zorder=3,
            clip_on=False,
        )
        canvas.explain(dots, series.texts)
    margin = 0.04 * (max(y) - min(y)) or 1.0
    axes.set_ylim(min(y) - margin, max(y) + margin)
    axes.margins(x=0.05)
    scale(axes, "x", ticks=4 if width <= NARROW else 7, grid=False)
    scale(axes, "y", ticks=5)
    axes.set_xlabel(x_label)
    canvas.y_label(axes, y_label)
    return canvas
