"""One fitted model on labelled rows."""

from __future__ import annotations

import numpy as np

from polytask.data import MultiTaskDataset
from polytask.evaluation.running._outcome import measure, outcomes
from polytask.evaluation.running._records import MetricRecord
from polytask.metrics import ClassRow, class_rows
from polytask.predictor import FittedPredictor
from polytask.tasks import Kind

__all__ = ["evaluate", "evaluate_classes"]


def evaluate(
    predictor: FittedPredictor, data: MultiTaskDataset
) -> dict[str, dict[str, MetricRecord]]:
    """Predict all rows and measure every task by every metric that serves it.

    Parameters
    ----------
    predictor : FittedPredictor
    data : MultiTaskDataset
        Labelled rows, of some or all of the model's tasks.

    Returns
    -------
    dict of task to dict of metric to MetricRecord
    """
    rows = {source.name: np.arange(source.n_rows) for source in data.sources}
    names = data.tasks.names
    return measure(data.tasks, names, outcomes(predictor, data, rows, names))


def evaluate_classes(
    predictor: FittedPredictor, data: MultiTaskDataset
) -> dict[str, tuple[ClassRow, ...]]:
    """Predict all rows and give precision, recall and F1 of each class or column of yes or no.

    Classes of pixels have their IoU (intersection over union), too.

    Parameters
    ----------
    predictor : FittedPredictor
    data : MultiTaskDataset
        Labelled rows, of some or all of the model's tasks.

    Returns
    -------
    dict of task to tuple of ClassRow
        Of the tasks with classes.
    """
    kinds = {task.name: task.known_kind for task in data.tasks}
    names = [
        name for name, kind in kinds.items() if type(kind).decided_codes is not Kind.decided_codes
    ]
    if not names:
        return {}
    rows = {source.name: np.arange(source.n_rows) for source in data.sources}
    by_task = outcomes(predictor, data, rows, names)
    return {
        name: class_rows(kinds[name], [(own.truth, own.response, own.target, own.weight)])
        for name, own in by_task.items()
    }
