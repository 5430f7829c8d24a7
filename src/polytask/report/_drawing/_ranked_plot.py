"""Ranked plot: many estimates in order, with a histogram beside them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes

from polytask.report._drawing._canvas import NARROW, Canvas, marker, scale
from polytask.report._drawing._forest import PlottedEstimate
from polytask.report._drawing._limits import limits
from polytask.report._format import plural
from polytask.report._theme import color

__all__ = ["drawn_every", "ranked_plot"]

BINS = 30
DRAWN = 1000  # of more estimates, some are left out
EXPLAINED = 200  # more estimates have no tooltips on narrow screens, where they are too close
_HEIGHT, _TOP, _BOTTOM, _GAP, _RIGHT = 380, 10, 46, 24, 12


def ranked_plot(
    estimates: Sequence[PlottedEstimate], width: int, *, x_label: str, y_label: str, unit: str = ""
) -> Canvas:
    """Draw estimates from the lowest to the highest, and a histogram of their values.

    Parameters
    ----------
    estimates : sequence of PlottedEstimate
        In any order; their `row` is not drawn.
    width : int
        In pixels.
    x_label, y_label : str
        Titles of the axes.
    unit : str, default ""
        Unit after the numbers of the y axis.
    """
    narrow = width <= NARROW
    side = 46 if narrow else 90
    ordered = sorted(estimates, key=lambda estimate: estimate.value)
    values = [estimate.value for estimate in ordered]
    canvas = Canvas(width, _HEIGHT)
    axes = canvas.axes(right=side + _GAP + _RIGHT, top=_TOP, bottom=_BOTTOM)
    axes.set_xlim(0, len(ordered) + 1)
    axes.set_ylim(*limits(values, [estimate.interval for estimate in ordered]))
    scale(axes, "x", ticks=3 if narrow else 7, whole=True, grid=False)
    scale(axes, "y", ticks=6, unit=unit)
    axes.set_xlabel(x_label)
    canvas.y_label(axes, y_label)
    axes.axhline(0, color=color("muted"), linewidth=1.5)
    ranks = sorted(
        list(enumerate(ordered, 1))[:: drawn_every(ordered)], key=lambda p: _appearance(p[1])
    )
    for _, alike in groupby(ranks, key=lambda ranked: _appearance(ranked[1])):
        _draw(canvas, axes, list(alike), explained=not narrow or len(ordered) <= EXPLAINED)
    _histogram(canvas, values, axes.get_ylim(), side, narrow=narrow)
    return canvas


def drawn_every(estimates: Sequence[PlottedEstimate]) -> int:
    """Return k if only every k-th of many estimates is drawn."""
    return -(-len(estimates) // DRAWN)


def _appearance(estimate: PlottedEstimate) -> tuple[str, str, bool]:
    return estimate.color, estimate.symbol, estimate.solid


def _draw(
    canvas: Canvas, axes: Axes, ranks: Sequence[tuple[int, PlottedEstimate]], *, explained: bool
) -> None:
    """Draw estimates of equal appearance."""
    paint, symbol, solid = _appearance(ranks[0][1])
    low, high = axes.get_ylim()
    whiskers = [(x, e.interval) for x, e in ranks if e.interval and e.interval[0] < high]
    axes.vlines(
        [x for x, _ in whiskers],
        [max(low, start) for _, (start, _) in whiskers],
        [min(high, end) for _, (_, end) in whiskers],
        color=color(paint),
        alpha=0.35,
        linewidth=1,
    )
    for shape, edge in (("triangle-up", high), ("triangle-down", low), (symbol, None)):
        members = [(x, e) for x, e in ranks if _edge(e.value, low, high) == edge]
        if not members:
            continue
        canvas.cut |= edge is not None
        dots = axes.scatter(
            [x for x, _ in members],
            [estimate.value if edge is None else edge for _, estimate in members],
            s=20,
            marker=marker(shape),
            facecolor=color(paint if solid else "card"),
            edgecolor=color(paint),
            linewidth=1,
            zorder=3,
            clip_on=False,
        )
        if explained:
            canvas.explain(dots, [estimate.text for _, estimate in members])


def _edge(value: float, low: float, high: float) -> float | None:
    """Return the end of the axis that a value lies beyond."""
    return low if value < low else high if value > high else None


def _histogram(
    canvas: Canvas,
    values: Sequence[float],
    shown: tuple[float, float],
    side: float,
    *,
    narrow: bool,
) -> None:
    axes = canvas.axes(left=canvas.width - side - _RIGHT, right=_RIGHT, top=_TOP, bottom=_BOTTOM)
    inside = [min(max(value, shown[0]), shown[1]) for value in values]
    counts, edges = np.histogram(inside, bins=BINS, range=shown)
    bars = axes.barh(
        edges[:-1], counts, np.diff(edges), align="edge", color=color("muted"), alpha=0.4
    )
    axes.set_ylim(*shown)
    axes.set_yticks([])
    scale(axes, "x", ticks=1 if narrow else 2, whole=True)
    axes.set_xlabel("tasks")
    for bar, count in zip(bars, counts, strict=True):
        canvas.explain(bar, plural(int(count), "task"))
