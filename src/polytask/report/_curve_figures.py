"""Figures of learning curves: a panel for each task, or one for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polytask.report._curves import Line, Losses, losses, mean_losses
from polytask.report._figure import Figure, axis, layout, safe
from polytask.report._study import Study, Style

__all__ = ["curve_figures"]

OTHERS = 4  # further runs drawn faintly


def curve_figures(study: Study, run: int) -> list[Figure]:
    """Training and validation losses of one run of every learner, other runs faint."""
    figures = (
        [_together(study, run)]
        if study.many
        else [_panel(study, run, task["name"], i) for i, task in enumerate(study.tasks)]
    )
    return [figure for figure in figures if figure.data]


def _panel(study: Study, run: int, task: str, index: int) -> Figure:
    found = {name: losses(study, name, run, task) for name in study.by_learner}
    traces: list[dict[str, Any]] = []
    for name, entry in found.items():
        if entry:
            traces += _faint(study, name, run, task)
            traces += _learner(name, study.styles[name], entry)
    return Figure(
        key=f"curve-{index}",
        title=task,
        alt=f"Loss of {task} on training and validation rows against optimiser steps, for "
        f"{', '.join(name for name, entry in found.items() if entry)}. "
        "The table below says which epoch was kept.",
        data=traces,
        layout=_layout("loss"),
        height=260,
    )


def _together(study: Study, run: int) -> Figure:
    primary = [task["name"] for task in study.tasks if task["role"] == "primary"]
    found = {name: mean_losses(study, name, run, primary) for name in study.by_learner}
    return Figure(
        key="curve-all",
        title=f"Mean over {len(primary)} primary tasks",
        alt="Mean over the primary tasks of the loss relative to its first recorded value, on "
        "training and validation rows, for "
        f"{', '.join(name for name, entry in found.items() if entry)}.",
        data=[
            trace
            for name, entry in found.items()
            if entry
            for trace in _learner(name, study.styles[name], entry)
        ],
        layout=_layout("loss, relative to its first value"),
        height=380,
        caption="Each task's loss is divided by its first recorded value before the mean is taken.",
    )


def _layout(title: str) -> dict[str, Any]:
    return layout(
        xaxis=axis("optimiser steps", rangemode="tozero", zeroline=False),
        yaxis=axis(title, zeroline=False),
        showlegend=False,
        hovermode="closest",
    )


def _learner(name: str, style: Style, entry: Losses) -> list[dict[str, Any]]:
    """Dotted on training rows, solid on validation rows, the kept epoch marked."""
    parts = (
        ("training", entry.train, "dot", 1.5),
        ("validation", entry.validation, "solid", 2.2),
    )
    lines = [
        _line(entry.steps, values, f"{name}, {part}")
        | {"line": {"color": style.color, "dash": dash, "width": width}}
        for part, values, dash, width in parts
        if values
    ]
    return [*lines, *_marker(name, style, entry)]


def _faint(study: Study, name: str, run: int, task: str) -> list[dict[str, Any]]:
    """Validation curves of the other runs."""
    others = [other for other in range(len(study.runs)) if other != run][:OTHERS]
    found = [(other, losses(study, name, other, task)) for other in others]
    return [
        _line(entry.steps, entry.validation, f"{name}, {study.run_name(other)}")
        | {"line": {"color": study.styles[name].color, "width": 1}, "opacity": 0.35}
        for other, entry in found
        if entry and entry.validation
    ]


def _line(steps: Sequence[int], values: Line, name: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": safe(name),
        "x": list(steps),
        "y": [_rounded(value) for value in values],
        "hovertemplate": "%{y} at step %{x}<extra>%{fullData.name}</extra>",
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def _marker(name: str, style: Style, entry: Losses) -> list[dict[str, Any]]:
    place = entry.kept_at
    if place is None:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": safe(name),
            "x": [entry.steps[place]],
            "y": [_rounded(entry.validation[place])],
            "marker": {
                "color": style.color,
                "size": 11,
                "symbol": style.symbol,
                "line": {"color": "card", "width": 1.5},
            },
            "hovertemplate": f"kept (epoch {entry.kept})<br>%{{y}} at step %{{x}}"
            "<extra>%{fullData.name}</extra>",
        }
    ]
