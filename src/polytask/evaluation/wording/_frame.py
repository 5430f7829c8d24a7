"""The comparison as a frame: one row per learner, task and metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

__all__ = ["as_frame"]

_SCHEMA = {
    "learner": pl.String,
    "task": pl.String,
    "metric": pl.String,
    "headline": pl.Boolean,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "spread": pl.Float64,
    "n_units": pl.Int64,
    "undefined": pl.String,
}


def as_frame(comparison: Mapping[str, Any]) -> pl.DataFrame:
    """Values on test rows with their intervals.

    Parameters
    ----------
    comparison : mapping
        As `Comparison.to_dict` gives it.
    """
    headlines = {task["name"]: task["metric"] for task in comparison["study"]["tasks"]}
    rows = [
        _row(learner["name"], task, metric, estimate, headline=headlines[task] == metric)
        for learner in comparison["learners"]
        for task, metrics in learner["tasks"].items()
        for metric, estimate in metrics.items()
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _row(
    learner: str, task: str, metric: str, estimate: Mapping[str, Any], *, headline: bool
) -> dict[str, Any]:
    low, high = estimate["interval"] or (None, None)
    return {
        "learner": learner,
        "task": task,
        "metric": metric,
        "headline": headline,
        "value": estimate["value"],
        "low": low,
        "high": high,
        "spread": estimate["spread"],
        "n_units": estimate["n_units"],
        "undefined": estimate["undefined"],
    }
