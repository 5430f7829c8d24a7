"""Heat map of tasks × tasks in the order of a hierarchical clustering, with its dendrogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from scipy.cluster.hierarchy import dendrogram

from polytask.report._drawing._canvas import SIZE, Canvas
from polytask.report._drawing._figure_text import shorten, text_width
from polytask.report._theme import color

__all__ = [
    "HeatMap",
    "draw_legend",
    "draw_levels",
    "heat_map",
    "shade_of",
    "value_range",
    "write_values",
]

_TREE, _LEGEND = 46, 52  # pixels
_MOST_EXPLAINED = 40  # tasks whose cells have tooltips
_MOST_WRITTEN = 12  # tasks whose cells have numbers
_LEVELS = 9  # of grey where cells are drawn together
_ZERO_APART = 50  # pixels between the ends of the legend and its mark at 0
_MAP = "cividis"  # whose lightness rises steadily, so that a print in grey reads alike


@dataclass(frozen=True, eq=False)
class HeatMap:
    """What a heat map shows.

    Attributes
    ----------
    tasks : sequence of str
        In the order of the rows.
    values : array of shape (k, k)
        NaN where there is none; row i is task i, column j its partner.
    links : array of shape (k − 1, 4) or None
        Hierarchical clustering of the tasks in this order, as scipy's `linkage` gives it.
    blocks : sequence of (int, int)
        First row and size of groups that are framed.
    label : str
        What the values are.
    form : str
        Format of a number.
    """

    tasks: Sequence[str]
    values: np.ndarray
    links: np.ndarray | None
    blocks: Sequence[tuple[int, int]]
    label: str
    form: str = ".2f"


def heat_map(shown: HeatMap, width: int) -> Canvas:
    """Draw a heat map; of many tasks without names, numbers and tooltips of cells."""
    size = len(shown.tasks)
    named = size <= _MOST_EXPLAINED
    names = [shorten(task, width * 0.3, SIZE - 1) for task in shown.tasks] if named else []
    widest = max(map(_label_width, names), default=0.0)
    left = 12 + widest
    wanted = 24.0 * size + 60
    if size <= _MOST_WRITTEN:
        wanted = max(wanted, (widest + 8) * size)  # so that names of columns fit
    side = min(width - left - 8, wanted)
    tree = _TREE if shown.links is not None and shown.links[:, 2].any() else 0
    canvas = Canvas(width, side + tree + _LEGEND + 16)
    right = width - left - side
    low, high = value_range(shown.values)
    if tree and shown.links is not None:
        _draw_tree(canvas.axes(left=left, right=right, top=6, bottom=side + _LEGEND + 12), shown)
    axes = canvas.axes(left=left, right=right, top=tree + 8, bottom=_LEGEND + 8)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    fits = named and widest < side / size
    axes.set_xticks(np.arange(size) + 0.5 if fits else [], names if fits else [])
    axes.set_yticks(np.arange(size) + 0.5 if named else [], names)
    (_draw_cells if named else draw_levels)(canvas, axes, shown, low, high)
    if size <= _MOST_WRITTEN:
        write_values(axes, shown, low, high, side / size)
    for first, count in shown.blocks:
        box = Rectangle((first, first), count, count, fill=False, linewidth=2.5)
        box.set_edgecolor(color("text"))
        axes.add_patch(box)
    legend = canvas.axes(left=left, right=right, top=canvas.height - 34, bottom=20)
    draw_legend(legend, shown, low, high, side)
    return canvas


def _label_width(name: str) -> float:
    return text_width(name, SIZE - 1)


def value_range(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _draw_tree(axes: Axes, shown: HeatMap) -> None:
    dendrogram(
        shown.links,
        ax=axes,
        no_labels=True,
        link_color_func=lambda _: color("muted"),
        above_threshold_color=color("muted"),
    )
    axes.set_xlim(0, 10 * len(shown.tasks))
    axes.set_yticks([])
    axes.set_xticks([])


def shade_of(value: float, low: float, high: float) -> tuple[float, ...]:
    return tuple(colormaps[_MAP]((value - low) / (high - low)))


def _draw_cells(canvas: Canvas, axes: Axes, shown: HeatMap, low: float, high: float) -> None:
    """A cell with a tooltip per pair."""
    for i, j in np.argwhere(np.isfinite(shown.values)).tolist():
        value = shown.values[i, j]
        cell = Rectangle((j, i), 1, 1, linewidth=0, facecolor=shade_of(value, low, high))
        axes.add_patch(cell)
        canvas.explain(cell, f"{shown.tasks[i]} with {shown.tasks[j]}: {value:{shown.form}}")


def draw_levels(canvas: Canvas, axes: Axes, shown: HeatMap, low: float, high: float) -> None:
    """All cells of one level as one path of thick lines, so that many tasks make a small page."""
    edges = np.linspace(low, high, _LEVELS + 1)
    level = np.clip(np.digitize(shown.values, edges[1:-1]), 0, _LEVELS - 1)
    level[~np.isfinite(shown.values)] = -1
    height = axes.get_position().height * canvas.height / len(shown.tasks)
    for position in range(_LEVELS):
        points = _runs(level == position)
        if not len(points):
            continue
        codes = [Path.MOVETO, Path.LINETO] * (len(points) // 2)
        shade = shade_of((edges[position] + edges[position + 1]) / 2, low, high)
        patch = PathPatch(
            Path(points, codes), fill=False, linewidth=height, edgecolor=shade, capstyle="butt"
        )
        axes.add_patch(patch)
        between = f"{edges[position]:{shown.form}} to {edges[position + 1]:{shown.form}}"
        canvas.explain(patch, f"{shown.label}: {between}")


def _runs(cells: np.ndarray) -> np.ndarray:
    """Start and end of every horizontal run of cells, at half the height of its row."""
    padded = np.pad(cells.astype(np.int8), ((0, 0), (1, 1)))
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    _, ends = np.nonzero(change == -1)
    points = np.empty((2 * len(rows), 2))
    points[0::2] = np.stack([starts, rows + 0.5], axis=1)
    points[1::2] = np.stack([ends, rows + 0.5], axis=1)
    return points


def write_values(axes: Axes, shown: HeatMap, low: float, high: float, side: float) -> None:
    """Numbers in the cells, dark on light ground and light on dark."""
    for i, j in np.argwhere(np.isfinite(shown.values)).tolist():
        value = shown.values[i, j]
        ink = "#000000" if (value - low) / (high - low) > 0.55 else "#ffffff"
        text = f"{value:{shown.form}}"
        size = min(SIZE - 2, SIZE * side / max(text_width(text, SIZE) + 2, 1))
        axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", size=size, color=ink)


def draw_legend(axes: Axes, shown: HeatMap, low: float, high: float, width: float) -> None:
    """Shades from the smallest to the largest value, with a mark where gains turn into losses."""
    for position in range(_LEVELS):
        middle = low + (position + 0.5) / _LEVELS * (high - low)
        axes.add_patch(
            Rectangle((position, 0), 1, 1, linewidth=0, facecolor=shade_of(middle, low, high))
        )
    axes.set_xlim(0, _LEVELS)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    marks = {0.0: f"{low:{shown.form}}", float(_LEVELS): f"{high:{shown.form}}"}
    zero, apart = -low / (high - low), _ZERO_APART / width
    if apart < zero < 1 - apart:
        marks[zero * _LEVELS] = "0"
    axes.set_xticks(list(marks), list(marks.values()))
    first, last, *_ = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
