"""Heat maps of tasks × input columns, and of pairs of tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask.report._drawing._canvas import both
from polytask.report._drawing._grid_map import GridMap, grid_map
from polytask.report._drawing._heat_map import HeatMap, heat_map
from polytask.report._figure import Figure
from polytask.report._relations_view import clustered

__all__ = ["columns_figure", "pairs_figure"]

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
    return Figure(title, alt, drawings[:1] if len(rows) > _ONE_DRAWING else drawings, caption)


def pairs_figure(
    tasks: Sequence[str],
    values: np.ndarray,
    title: str,
    label: str,
    caption: str,
    key: str,
    form: str = ".2f",
) -> Figure:
    """A heat map of tasks × tasks in the order of a clustering, with its tree."""
    own = values.copy()
    np.fill_diagonal(own, np.nan)
    tree = clustered(own)
    order = list(tree.order)
    placed = own[np.ix_(order, order)]
    names = [tasks[i] for i in order]
    shown = HeatMap(names, placed, tree.links, (), label, form)
    drawings, _ = both(lambda width: heat_map(shown, width), key)
    said = [f"{names[i]} with {names[j]} {placed[i, j]:{form}}" for i, j in _largest(placed)]
    alt = f"{label}; largest: {', '.join(said)}." if said else f"{label}: no pair is known."
    return Figure(title, alt, drawings[:1] if len(tasks) > _ONE_DRAWING else drawings, caption)


def _largest(values: np.ndarray) -> list[tuple[int, int]]:
    known = np.argwhere(np.isfinite(values))
    order = np.argsort([-values[i, j] for i, j in known], kind="stable")[:_CUT]
    return [(int(known[place][0]), int(known[place][1])) for place in order]
