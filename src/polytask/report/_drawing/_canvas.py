"""Canvases: matplotlib figures in pixels that become SVG in the page's colours."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from polytask.report._drawing._figure_text import printable, text_width
from polytask.report._drawing._svg import page_svg
from polytask.report._format import plain
from polytask.report._theme import SYMBOLS, color

__all__ = ["NARROW", "SIZE", "WIDE", "Canvas", "both", "marker", "scale"]

WIDE, NARROW = 720, 340  # pixels
SIZE = 12.5  # of texts


@dataclass
class Canvas:
    """A figure of `width` × `height` pixels.

    Draw on its axes with colours such as `color("accent")` from `_theme`, which the page's style
    sheet resolves; explain marks with `explain`; get the result with `svg`.
    """

    width: float
    height: float
    cut: bool = False  # whether an arrow replaces something beyond the axes
    figure: Figure = field(init=False)
    _titles: dict[str, Sequence[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.figure = Figure((self.width / 72, self.height / 72), dpi=72, frameon=False)

    def axes(self, *, left: float = 0, right: float = 0, top: float = 0, bottom: float = 0) -> Axes:
        """Add axes within margins, without a frame, ticks or ground."""
        box = (
            left / self.width,
            bottom / self.height,
            (self.width - left - right) / self.width,
            (self.height - top - bottom) / self.height,
        )
        axes = self.figure.add_axes(box, frameon=False)
        axes.tick_params(
            bottom=False, left=False, labelsize=SIZE - 1, labelcolor=color("muted"), pad=6
        )
        axes.xaxis.label.set(color=color("muted"), size=SIZE)
        axes.yaxis.label.set(color=color("muted"), size=SIZE)
        return axes

    def y_label(self, axes: Axes, label: str) -> None:
        """Set the title of the y axis, and the left margin to fit its numbers."""
        low, high = axes.get_ylim()
        ticks = [tick for tick in axes.yaxis.get_majorticklocs() if low <= tick <= high]
        texts = axes.yaxis.get_major_formatter().format_ticks(ticks)
        left = 2 * SIZE + 8 + max(text_width(text, SIZE - 1) for text in texts)
        box = axes.get_position()
        axes.set_position((left / self.width, box.y0, box.x1 - left / self.width, box.height))
        axes.set_ylabel(label)
        middle = (box.y0 + box.y1) / 2
        axes.yaxis.set_label_coords(
            (SIZE + 4) / self.width, middle, transform=self.figure.transFigure
        )

    def explain(self, artist: Artist, text: str | Sequence[str]) -> None:
        """Set the tooltip of an artist, or of each member of a collection."""
        key = f"explained-{len(self._titles)}"
        artist.set_gid(key)
        self._titles[key] = [printable(t) for t in ([text] if isinstance(text, str) else text)]

    def svg(self, key: str) -> str:
        """Return the figure as SVG for a page in which `key` is unique."""
        target = io.StringIO()
        self.figure.savefig(
            target, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
        return page_svg(target.getvalue(), self._titles, key)


def both(draw: Callable[[int], Canvas], key: str) -> tuple[list[str], bool]:
    """Draw for wide and for narrow screens; the page shows the one that fits.

    Returns
    -------
    drawings : list of str
    cut : bool
        Whether something lies beyond an axis.
    """
    canvases = [draw(width) for width in (WIDE, NARROW)]
    drawings = [canvas.svg(f"{key}{position}") for position, canvas in enumerate(canvases)]
    return drawings, any(canvas.cut for canvas in canvases)


@cache
def marker(symbol: str) -> Path:
    """Return a symbol of the page as a marker."""
    points = SYMBOLS[symbol]
    return Path([*points, points[0]], closed=True) if points else Path.unit_circle()


def scale(
    axes: Axes,
    which: Literal["x", "y"],
    *,
    ticks: int,
    unit: str = "",
    whole: bool = False,
    grid: bool = True,
) -> None:
    """Set at most `ticks` + 1 round numbers on an axis, with thin grid lines."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10], integer=whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{plain(value)}{unit}"))
    if grid:
        axes.grid(axis=which, color=color("line"), linewidth=1)
