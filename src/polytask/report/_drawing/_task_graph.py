"""Graph of tasks on a circle, with an edge for those that are most alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from polytask.report._drawing._canvas import SIZE, Canvas, marker
from polytask.report._drawing._figure_text import shorten, text_width
from polytask.report._theme import SYMBOLS, color

__all__ = ["TaskGraph", "task_graph"]

_MOST_LEVEL = 40  # tasks whose names are written from left to right
_MOST_NAMED = 160  # tasks with names, along the rays
_SHAPES = tuple(SYMBOLS)
_TALLEST = 420
_SMALL = 8.5  # font size of names along rays


@dataclass(frozen=True, eq=False)
class TaskGraph:
    """What a graph shows.

    Attributes
    ----------
    tasks : sequence of str
        In the order around the circle.
    edges : sequence of (int, int, float)
        Positions of two tasks, and how alike they are; a thicker line is more, a dashed one below 0.
    clusters : sequence of int
        The cluster of every task, which gives its symbol.
    label : str
        What the values are.
    """

    tasks: Sequence[str]
    edges: Sequence[tuple[int, int, float]]
    clusters: Sequence[int]
    label: str


def task_graph(shown: TaskGraph, width: int) -> Canvas:
    """Draw a graph; of very many tasks without names, which tooltips have."""
    size = len(shown.tasks)
    named, level = size <= _MOST_NAMED, size <= _MOST_LEVEL
    font = SIZE - 1 if level else _SMALL
    names = [shorten(task, width * 0.22, font) if named else "" for task in shown.tasks]
    margin = 14 + max(text_width(name, font) for name in names)
    side = min(width - 2 * margin, _TALLEST)
    above = 24 if level else margin
    canvas = Canvas(width, side + 2 * above)
    left = (width - side) / 2
    axes = canvas.axes(left=left, right=left, top=above, bottom=above)
    axes.set_xlim(-1.08, 1.08)
    axes.set_ylim(-1.08, 1.08)
    axes.set_xticks([])
    axes.set_yticks([])
    angles = np.pi / 2 - 2 * np.pi * np.arange(size) / size
    x, y = np.cos(angles), np.sin(angles)
    _draw_edges(canvas, axes, shown, x, y)
    for i, task in enumerate(shown.tasks):
        _draw_node(
            canvas,
            axes,
            f"{task}, cluster {shown.clusters[i] + 1}",
            shown.clusters[i],
            (x[i], y[i]),
            large=level,
        )
        if level:
            _write_name(axes, names[i], x[i], y[i])
        elif named:
            _write_along_ray(axes, names[i], x[i], y[i])
    return canvas


def _draw_edges(canvas: Canvas, axes: Axes, shown: TaskGraph, x: np.ndarray, y: np.ndarray) -> None:
    largest = max((abs(value) for _, _, value in shown.edges), default=1.0)
    for i, j, value in shown.edges:
        (line,) = axes.plot(
            x[[i, j]],
            y[[i, j]],
            color=color("muted"),
            linewidth=0.6 + 3.4 * abs(value) / largest,
            linestyle="-" if value >= 0 else (0, (2, 1.5)),
        )
        canvas.explain(line, f"{shown.tasks[i]} and {shown.tasks[j]}: {shown.label} {value:.2f}")


def _draw_node(
    canvas: Canvas, axes: Axes, text: str, cluster: int, at: tuple[float, float], *, large: bool
) -> None:
    node = axes.scatter(
        *at,
        s=90 if large else 14,
        marker=marker(_SHAPES[cluster % len(_SHAPES)]),
        facecolor=color(f"c{1 + cluster % 7}"),
        edgecolor=color("card"),
        zorder=3,
        clip_on=False,
    )
    canvas.explain(node, text)


def _write_name(axes: Axes, name: str, x: float, y: float) -> None:
    """Outside of the circle."""
    sideways = "center" if abs(x) < 0.1 else "left" if x > 0 else "right"
    up = "center" if abs(y) < 0.9 else "bottom" if y > 0 else "top"
    axes.annotate(
        name,
        (x, y),
        xytext=(9 * x, 9 * y),
        textcoords="offset points",
        ha=sideways,
        va=up,
        size=SIZE - 1,
        color=color("text"),
        annotation_clip=False,
    )


def _write_along_ray(axes: Axes, name: str, x: float, y: float) -> None:
    """Outside of the circle, away from its middle, never upside down."""
    degrees = float(np.degrees(np.arctan2(y, x)))
    right = x >= 0
    axes.annotate(
        name,
        (x, y),
        xytext=(7 * x, 7 * y),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        rotation=degrees if right else degrees - 180,
        rotation_mode="anchor",
        size=_SMALL,
        color=color("text"),
        annotation_clip=False,
    )
