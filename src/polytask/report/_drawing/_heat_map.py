"""Heat map of tasks × tasks in the order of a hierarchical clustering, with its dendrogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from scipy.cluster.hierarchy import dendrogram

from polytask.report._drawing._canvas import SIZE, Canvas
from polytask.report._drawing._figure_text import shorten, text_width
from polytask.report._theme import color

__all__ = [
    "HeatMap",
    "draw_cell",
    "draw_legend",
    "draw_levels",
    "heat_map",
    "name_rows",
    "shade_of",
    "value_range",
    "write_values",
]

_TREE, _LEGEND = 46, 52  # pixels
_MOST_EXPLAINED = 40  # tasks whose cells have tooltips
_MOST_WRITTEN = 12  # tasks whose cells have numbers
_LEVELS = 9  # of grey where cells are drawn together
_ZERO_APART = 50  # pixels between the ends of the legend and its mark at 0
_LINE = 13.0  # pixels between names
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
    """Draw a heat map; of many tasks without numbers and tooltips of cells, some rows with names."""
    size = len(shown.tasks)
    explained = size <= _MOST_EXPLAINED
    names = [shorten(task, width * 0.3, SIZE - 1) for task in shown.tasks]
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
    fits = widest < side / size
    axes.set_xticks(np.arange(size) + 0.5 if fits else [], names if fits else [])
    name_rows(axes, names, side / size)
    (_draw_cells if explained else draw_levels)(canvas, axes, shown, low, high)
    if size <= _MOST_WRITTEN:
        write_values(axes, shown, low, high, side / size)
    for first, count in shown.blocks:
        box = Rectangle((first, first), count, count, fill=False, linewidth=2.5)
        box.set_edgecolor(color("text"))
        axes.add_patch(box)
    legend = canvas.axes(left=left, right=right, top=canvas.height - 34, bottom=20)
    draw_legend(legend, shown, low, high, side)
    return canvas


def name_rows(axes: Axes, names: Sequence[str], height: float) -> None:
    """Name every row, or as many as stand apart where rows are low."""
    step = max(1, ceil(_LINE / height))
    axes.set_yticks(np.arange(0, len(names), step) + 0.5, names[::step])


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
    return tuple(_shades()((value - low) / (high - low)))


@cache
def _shades() -> Colormap:
    return colormaps[_MAP]


def _draw_cells(canvas: Canvas, axes: Axes, shown: HeatMap, low: float, high: float) -> None:
    """A cell with a tooltip per pair."""
    for i, j in np.argwhere(np.isfinite(shown.values)).tolist():
        value = shown.values[i, j]
        text = f"{shown.tasks[i]} with {shown.tasks[j]}: {value:{shown.form}}"
        draw_cell(canvas, axes, (i, j), shade_of(value, low, high), text)


def draw_cell(
    canvas: Canvas, axes: Axes, at: tuple[int, int], shade: tuple[float, ...], text: str
) -> None:
    """A cell with a tooltip, in axes whose limits are set."""
    cell = Rectangle((at[1], at[0]), 1, 1, linewidth=0, facecolor=shade)
    axes.add_artist(cell)
    canvas.explain(cell, text)


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
        ink = ink_on(shade_of(value, low, high))
        text = f"{value:{shown.form}}"
        size = min(SIZE - 2, SIZE * side / max(text_width(text, SIZE) + 2, 1))
        axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", size=size, color=ink)


def ink_on(shade: tuple[float, ...]) -> str:
    """Black or white, whichever has more contrast by WCAG's relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shade[:3]]
    luminance = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


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
