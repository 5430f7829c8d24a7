"""The scale of a target's units."""

from __future__ import annotations

import numpy as np

from polytask.evaluation.judging._entry import Entry
from polytask.metrics import Metric

__all__ = ["target_size"]


def target_size(entry: Entry, task: str, metric: Metric) -> float:
    """The target's scale in training rows, for metrics in its units; 1 for all others."""
    answers = entry.answers[task]
    units = answers[0].kind.deviations(answers[0].target) if answers else ()
    return float(np.mean(units)) if units and metric.in_target_units else 1.0
