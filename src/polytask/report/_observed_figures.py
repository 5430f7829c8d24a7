"""Figures of what observers returned, over training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polytask.report._drawing._canvas import NARROW
from polytask.report._drawing._lines import Line, Point, lines
from polytask.report._figure import Figure, Key
from polytask.report._observed_view import Observed, ObservedSeries
from polytask.report._theme import SYMBOLS

__all__ = ["observed_figures"]

_MOST_LINES = 7  # as many as there are colours; of more the median and the spread are drawn
_SYMBOLS = tuple(SYMBOLS)
_SPREAD = {"largest 10 %": 90, "median": 50, "smallest 10 %": 10}


def observed_figures(view: Observed, position: int) -> list[Figure]:
    """A panel per number that was observed at several evaluations.

    Lines end in a symbol each, so that they can be told apart without colour.

    Parameters
    ----------
    view : Observed
    position : int
        Of the view, for keys that are unique in the page.
    """
    return [
        _panel(view, series, f"observed{position}-{place}")
        for place, series in enumerate(view.series)
    ]


def _panel(view: Observed, series: ObservedSeries, key: str) -> Figure:
    few = len(series.labels) <= _MOST_LINES
    labels, values = (series.labels, series.lines) if few else _spread(series)
    drawn, points, legend = [], [], []
    for place, (label, line) in enumerate(zip(labels, values, strict=True)):
        color, symbol = f"c{1 + place % 7}", _SYMBOLS[place % len(_SYMBOLS)]
        text = f"{label}: {series.name}" if label else series.name
        drawn.append(Line(series.steps, line, color, _described(text, line)))
        known = [(step, v) for step, v in zip(series.steps, line, strict=True) if v is not None]
        if known:
            points.append(Point(*known[-1], color, symbol, _described(text, line)))
        if label:
            legend.append(Key(label, color, symbol))
    canvas = lines(drawn, points, NARROW, x_label="optimiser steps", y_label=series.name)
    whole = "; ".join(line.text for line in drawn)
    more = "" if few else f"Of {len(series.labels)}, the median and the spread at each evaluation."
    return Figure(
        series.name,
        f"{series.name} of {view.learner} over training. {whole}.",
        [canvas.svg(key)],
        more,
        legend,
    )


def _spread(series: ObservedSeries) -> tuple[list[str], list[Sequence[float | None]]]:
    """Median, and the tenth from above and below, at every evaluation."""
    table = np.array(series.lines, dtype=np.float64)
    found: list[Sequence[float | None]] = []
    for share in _SPREAD.values():
        known = [column[np.isfinite(column)] for column in table.T]
        found.append([float(np.percentile(one, share)) if len(one) else None for one in known])
    return list(_SPREAD), found


def _described(text: str, line: Sequence[float | None]) -> str:
    known = [value for value in line if value is not None]
    return f"{text}, {known[0]:.3g} at first, {known[-1]:.3g} at last" if known else text
