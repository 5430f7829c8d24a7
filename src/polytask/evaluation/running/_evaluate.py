"""One fitted model on labelled rows."""

from __future__ import annotations

import numpy as np

from polytask.data import MultiTaskDataset
from polytask.evaluation.running._outcome import measure, outcomes
from polytask.evaluation.running._records import MetricRecord
from polytask.predictor import FittedPredictor

__all__ = ["evaluate"]


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
