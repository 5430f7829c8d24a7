"""Line plot: curves over a common axis, with marked points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from polytask.report._drawing._canvas import NARROW, Canvas, marker, scale
from polytask.report._theme import color

__all__ = ["Line", "Point", "lines"]

_TOP, _BOTTOM = 10, 46


@dataclass(frozen=True)
class Line:
    """A curve, interrupted at missing values.

    Attributes
    ----------
    x : sequence of float
    y : sequence of float or None
    color : str
        Name of the page's theme.
    text : str
        Tooltip.
    dotted : bool, default False
    faint : bool, default False
    """

    x: Sequence[float]
    y: Sequence[float | None]
    color: str
    text: str
    dotted: bool = False
    faint: bool = False


@dataclass(frozen=True)
class Point:
    """A marked point."""

    x: float
    y: float
    color: str
    symbol: str
    text: str


def lines(
    drawn: Sequence[Line],
    points: Sequence[Point],
    width: int,
    *,
    x_label: str,
    y_label: str,
    height: int = 250,
) -> Canvas:
    """Draw curves over x, from zero.

    Parameters
    ----------
    drawn : sequence of Line
    points : sequence of Point
        Drawn above all curves.
    width, height : int
        In pixels.
    x_label, y_label : str
        Titles of the axes.
    """
    canvas = Canvas(width, height)
    axes = canvas.axes(right=14, top=_TOP, bottom=_BOTTOM)
    for line in drawn:
        thickness = 1.0 if line.faint else 1.5 if line.dotted else 2.2
        artist = axes.plot(
            line.x[: len(line.y)],
            [math.nan if value is None else value for value in line.y],
            color=color(line.color),
            alpha=0.35 if line.faint else None,
            linewidth=thickness,
            linestyle=(0, (1.2, 1.8)) if line.dotted else "solid",
            clip_on=False,
        )
        canvas.explain(artist[0], line.text)
    for point in points:
        dot = axes.scatter(
            point.x,
            point.y,
            s=110,
            marker=marker(point.symbol),
            facecolor=color(point.color),
            edgecolor=color("card"),
            linewidth=1.5,
            zorder=3,
            clip_on=False,
        )
        canvas.explain(dot, point.text)
    axes.set_xlim(0, None)
    axes.margins(y=0.06)
    scale(axes, "x", ticks=4 if width <= NARROW else 7, whole=True, grid=False)
    scale(axes, "y", ticks=5)
    axes.set_xlabel(x_label)
    canvas.y_label(axes, y_label)
    return canvas
