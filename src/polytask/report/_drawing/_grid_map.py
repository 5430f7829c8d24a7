"""Heat map of rows × columns, such as tasks × input columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polytask.report._drawing._canvas import SIZE, Canvas
from polytask.report._drawing._figure_text import shorten, text_width
from polytask.report._drawing._heat_map import (
    HeatMap,
    draw_cell,
    draw_legend,
    draw_levels,
    name_rows,
    shade_of,
    value_range,
    write_values,
)

__all__ = ["GridMap", "grid_map"]

_LEGEND = 40  # pixels
_MOST_EXPLAINED = 1200  # cells that have tooltips
_MOST_NAMED = 60  # columns with names, and rows with numbers
_MOST_WRITTEN = 14  # columns whose cells have numbers
_TALLEST = 26.0  # pixels of a row
_LONGEST = 160.0  # pixels of the name of a column


@dataclass(frozen=True, eq=False)
class GridMap:
    """What a heat map of rows × columns shows.

    Attributes
    ----------
    rows, columns : sequence of str
    values : array of shape (rows, columns)
        NaN where there is none.
    label : str
        What the values are.
    form : str
        Format of a number.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    values: np.ndarray
    label: str
    form: str = ".0f"


def grid_map(shown: GridMap, width: int) -> Canvas:
    """Draw a heat map; of many rows without numbers and tooltips of cells, some of them with names."""
    n_rows, n_columns = shown.values.shape
    rows = [shorten(name, width * 0.3, SIZE - 1) for name in shown.rows]
    columns = [shorten(name, _LONGEST, SIZE - 1) for name in shown.columns]
    columns = columns if n_columns <= _MOST_NAMED else []
    left = 12 + max((text_width(name, SIZE - 1) for name in rows), default=0.0)
    top = 18 + max((text_width(name, SIZE - 1) for name in columns), default=0.0)
    side = min(width - left - 8, 48.0 * n_columns + 60)
    height = n_rows * min(_TALLEST, max(4.0, 1200 / n_rows))
    canvas = Canvas(width, height + top + _LEGEND + 12)
    right = width - left - side
    axes = canvas.axes(left=left, right=right, top=top, bottom=_LEGEND + 12)
    axes.set_xlim(0, n_columns)
    axes.set_ylim(n_rows, 0)
    name_rows(axes, rows, height / n_rows)
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(n_columns) + 0.5 if columns else [], columns, rotation=90)
    axes.tick_params(top=False, pad=4)
    low, high = value_range(shown.values)
    square = HeatMap(shown.rows, shown.values, None, (), shown.label, shown.form)
    if shown.values.size <= _MOST_EXPLAINED:
        for i, j in np.argwhere(np.isfinite(shown.values)).tolist():
            value = shown.values[i, j]
            text = f"{shown.rows[i]}, {shown.columns[j]}: {value:{shown.form}}"
            draw_cell(canvas, axes, (i, j), shade_of(value, low, high), text)
    else:
        draw_levels(canvas, axes, square, low, high)
    if n_rows <= _MOST_NAMED and n_columns <= _MOST_WRITTEN:
        write_values(axes, square, low, high, side / n_columns)
    legend = canvas.axes(left=left, right=right, top=canvas.height - 34, bottom=20)
    draw_legend(legend, square, low, high, side)
    return canvas
