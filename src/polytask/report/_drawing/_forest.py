"""Forest plot: estimates with intervals in rows, and a line at zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from polytask.report._drawing._canvas import NARROW, SIZE, Canvas, marker, scale
from polytask.report._drawing._figure_text import printable, shorten, text_width
from polytask.report._drawing._limits import limits
from polytask.report._theme import color

__all__ = ["PlottedEstimate", "forest"]

_PITCH = 18  # pixels between estimates of one row
_COLUMN = 220  # at most, of labels beside the rows
_BOTTOM = 46


@dataclass(frozen=True)
class PlottedEstimate:
    """A dot with its interval.

    Attributes
    ----------
    row : str
    value : float
    interval : pair of float or None
    color, symbol : str
        Names of the page's theme.
    solid : bool
        Whether the dot is filled or hollow.
    text : str
        Tooltip.
    """

    row: str
    value: float
    interval: tuple[float, float] | None
    color: str
    symbol: str
    solid: bool
    text: str


def forest(
    rows: Sequence[str],
    estimates: Sequence[PlottedEstimate],
    width: int,
    *,
    label: str,
    unit: str = "",
) -> Canvas:
    """Draw estimates in rows; an arrow replaces parts beyond the axis.

    Parameters
    ----------
    rows : sequence of str
        Names of rows from top to bottom.
    estimates : sequence of PlottedEstimate
        Estimates of one row are drawn below each other, in order.
    width : int
        In pixels; on a narrow canvas, labels are above their rows.
    label : str
        Title of the axis.
    unit : str, default ""
        Unit after the numbers of the axis.
    """
    narrow = width <= NARROW
    by_row = {row: [e for e in estimates if e.row == row] for row in rows}
    head = 22 if narrow else 0
    heights = [
        head + max(len(members), 1) * _PITCH + (10 if narrow else 14) for members in by_row.values()
    ]
    left = 8 if narrow else min(max(text_width(row, SIZE) for row in rows), _COLUMN) + 12
    canvas = Canvas(width, sum(heights) + _BOTTOM)
    axes = canvas.axes(left=left, right=14, top=0, bottom=_BOTTOM)
    axes.set_xlim(*limits([e.value for e in estimates], [e.interval for e in estimates]))
    axes.set_ylim(sum(heights), 0)
    axes.set_yticks([])
    scale(axes, "x", ticks=5 if narrow else 8, unit=unit)
    axes.set_xlabel(label)
    axes.axvline(0, color=color("muted"), linewidth=1.5)
    top = 0.0
    for (row, members), height in zip(by_row.items(), heights, strict=True):
        middle = top + head + (height - head) / 2
        _label(canvas, axes, row, top + 13 if narrow else middle, left, narrow=narrow)
        for position, estimate in enumerate(members):
            y = middle + _PITCH * (position - (len(members) - 1) / 2)
            _draw(canvas, axes, estimate, y)
        top += height
        if top < sum(heights):
            axes.axhline(top, color=color("line"), linewidth=1)
    return canvas


def _label(canvas: Canvas, axes: Axes, row: str, y: float, left: float, *, narrow: bool) -> None:
    room = canvas.width - left if narrow else left - 10
    text = axes.annotate(
        shorten(row, room, SIZE),
        (0, y),
        xytext=(0 if narrow else -10, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset pixels",
        ha="left" if narrow else "right",
        va="center",
        color=color("text"),
        size=SIZE,
    )
    if text.get_text() != printable(row):
        canvas.explain(text, row)


def _draw(canvas: Canvas, axes: Axes, estimate: PlottedEstimate, y: float) -> None:
    left, right = axes.get_xlim()
    paint = color(estimate.color)
    ends = [estimate.value, *(estimate.interval or ())]
    shown = [min(max(end, left), right) for end in (min(ends), max(ends))]
    axes.plot(shown, [y, y], color=paint, linewidth=2, clip_on=False)
    for beyond, edge, arrow in ((min(ends) < left, left, "<"), (max(ends) > right, right, ">")):
        if beyond:
            canvas.cut = True
            axes.plot(edge, y, arrow, color=paint, markersize=8, clip_on=False)
    if left <= estimate.value <= right:
        dot = axes.scatter(
            estimate.value,
            y,
            s=100,
            marker=marker(estimate.symbol),
            facecolor=paint if estimate.solid else color("card"),
            edgecolor=paint,
            linewidth=2,
            zorder=3,
            clip_on=False,
        )
        canvas.explain(dot, estimate.text)
    # A line without colour is wide enough to point at.
    area = axes.plot(shown, [y, y], color=paint, alpha=0, linewidth=_PITCH - 2, zorder=4)
    canvas.explain(area[0], estimate.text)
