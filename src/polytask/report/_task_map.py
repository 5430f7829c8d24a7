"""Heat maps of tasks × columns, such as input columns or source tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask.report._drawing._canvas import both
from polytask.report._drawing._grid_map import GridMap, grid_map
from polytask.report._figure import Figure

__all__ = ["columns_figure"]

_ONE_DRAWING = 40  # tasks from which narrow screens get no drawing of their own
_CUT = 3


def columns_figure(
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    title: str,
    label: str,
    caption: str,
    key: str,
    form: str = ".0f",
) -> Figure:
    """A heat map of rows × columns."""
    shown = GridMap(rows, columns, values, label, form)
    drawings, _ = both(lambda width: grid_map(shown, width), key)
    largest = _largest(values)
    said = [f"{rows[i]}, {columns[j]} {values[i, j]:{shown.form}}" for i, j in largest]
    alt = f"{label}; largest: {', '.join(said)}." if said else f"{label}: nothing is known."
    many = len(rows) > _ONE_DRAWING
    drawn = drawings[:1] if many else drawings
    return Figure(title, alt, drawn, caption, order=rows if many else ())


def _largest(values: np.ndarray) -> list[tuple[int, int]]:
    known = np.argwhere(np.isfinite(values))
    order = np.argsort([-values[i, j] for i, j in known], kind="stable")[:_CUT]
    return [(int(known[place][0]), int(known[place][1])) for place in order]
