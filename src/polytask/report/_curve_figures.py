"""Figures of learning curves: one panel per task, or one for all tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polytask.report._drawing._canvas import NARROW, both
from polytask.report._drawing._lines import Line, Point, lines
from polytask.report._figure import Figure
from polytask.report._study import Study
from polytask.report._training_curves import Losses, losses, mean_losses

__all__ = ["LEARNERS", "curve_figures"]

LEARNERS = 8  # in one figure
OTHERS = 4  # further runs drawn faintly
_STEPS = "optimiser steps"


def curve_figures(study: Study, run: int) -> list[Figure]:
    """Draw training and validation losses of one run of every learner, other runs faintly."""
    figures = (
        [_mean_panel(study, run)]
        if study.many
        else [
            _panel(study, run, task["name"], position) for position, task in enumerate(study.tasks)
        ]
    )
    return [figure for figure in figures if figure]


def _panel(study: Study, run: int, task: str, position: int) -> Figure | None:
    curves = _known({name: losses(study, name, run, task) for name in study.by_weight})
    if not curves:
        return None
    drawn = [line for name in curves for line in _faint(study, name, run, task)]
    drawn += [line for name, entry in curves.items() for line in _lines(study, name, entry)]
    points = [point for name, entry in curves.items() for point in _kept(study, name, entry)]
    canvas = lines(drawn, points, NARROW, x_label=_STEPS, y_label="loss")
    return Figure(
        title=task,
        alt=f"Loss of {task} on training and validation rows against optimiser steps, for "
        f"{', '.join(curves)}. The table below says which epoch was kept.",
        drawings=[canvas.svg(f"curve{position}")],
    )


def _mean_panel(study: Study, run: int) -> Figure | None:
    primary = [task["name"] for task in study.tasks if task["role"] == "primary"]
    curves = _known({name: mean_losses(study, name, run, primary) for name in study.by_weight})
    if not curves:
        return None
    drawn = [line for name, entry in curves.items() for line in _lines(study, name, entry)]
    points = [point for name, entry in curves.items() for point in _kept(study, name, entry)]
    drawings, _ = both(
        lambda width: lines(
            drawn,
            points,
            width,
            x_label=_STEPS,
            y_label="loss, relative to its first value",
            height=340,
        ),
        "curves",
    )
    return Figure(
        title=f"Mean over {len(primary)} primary tasks",
        alt="Mean over the primary tasks of the loss relative to its first recorded value, on "
        f"training and validation rows, for {', '.join(curves)}.",
        drawings=drawings,
        caption="Each task's loss is divided by its first recorded value before the mean is taken.",
    )


def _known(curves: Mapping[str, Losses | None]) -> dict[str, Losses]:
    """Return the curves of the first learners that have one."""
    known = [
        (name, entry)
        for name, entry in curves.items()
        if entry and (entry.train or entry.validation)
    ]
    return dict(known[:LEARNERS])


def _lines(study: Study, name: str, entry: Losses) -> list[Line]:
    """Curves of one learner: dotted on training rows, solid on validation rows."""
    parts = (("training", entry.train, True), ("validation", entry.validation, False))
    return [
        Line(
            entry.steps,
            values,
            study.styles[name].color,
            _curve_text(f"{name}, {part}", values),
            dotted,
        )
        for part, values, dotted in parts
        if values
    ]


def _curve_text(name: str, values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{name}: {known[0]:.4g} at first, {known[-1]:.4g} at last" if known else name


def _kept(study: Study, name: str, entry: Losses) -> list[Point]:
    """The point of the kept epoch."""
    position = entry.kept_at
    value = None if position is None else entry.validation[position]
    if position is None or value is None:
        return []
    style = study.styles[name]
    step = entry.steps[position]
    text = f"{name}: epoch {entry.kept} was kept, {value:.4g} at step {step:,}"
    return [Point(step, value, style.color, style.symbol, text)]


def _faint(study: Study, name: str, run: int, task: str) -> list[Line]:
    """Validation curves of other runs."""
    others = [other for other in range(len(study.runs)) if other != run][:OTHERS]
    curves = [(other, losses(study, name, other, task)) for other in others]
    return [
        Line(
            entry.steps,
            entry.validation,
            study.styles[name].color,
            _curve_text(f"{name}, {study.run_name(other)}", entry.validation),
            faint=True,
        )
        for other, entry in curves
        if entry and entry.validation
    ]
