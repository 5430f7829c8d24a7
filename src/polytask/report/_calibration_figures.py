"""Figures of calibration: what the recommended learner and the yardstick state, and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polytask.report._calibration_view import CHARTS, checked_tasks, shown_learners
from polytask.report._drawing._canvas import NARROW
from polytask.report._drawing._reliability import Series, reliability
from polytask.report._figure import Figure
from polytask.report._study import Study

__all__ = ["calibration_figures"]


def calibration_figures(study: Study) -> list[Figure]:
    """Draw one panel for each of the first tasks that have a check."""
    return [
        _panel(study, task, position) for position, task in enumerate(checked_tasks(study)[:CHARTS])
    ]


def _panel(study: Study, task: str, position: int) -> Figure:
    checks = {
        name: study.by_learner[name]["calibration"][task]
        for name in shown_learners(study)
        if task in study.by_learner[name].get("calibration", {})
    }
    stated, happened = next(iter(checks.values()))["labels"]
    series = [_series(study, name, check) for name, check in checks.items()]
    canvas = reliability(series, NARROW, x_label=stated, y_label=happened)
    return Figure(
        title=task,
        alt=f"{happened} of {task} against {stated}, for {', '.join(checks)}. The table below has "
        "the mean distance of both.",
        drawings=[canvas.svg(f"calibration{position}")],
    )


def _series(study: Study, name: str, check: Mapping[str, Any]) -> Series:
    style = study.styles[name]
    points = zip(check["stated"], check["happened"], check["rows"], strict=True)
    unit = check.get("unit", "rows")
    texts = [f"{name}: stated {x:.3g}, happened {y:.3g} ({n:,.0f} {unit})" for x, y, n in points]
    return Series(
        check["stated"],
        check["happened"],
        check["low"],
        check["high"],
        style.color,
        style.symbol,
        texts,
    )
