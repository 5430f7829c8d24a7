"""Thresholds of decisions, chosen on validation rows after a model was fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from polytask.data import MultiTaskDataset
from polytask.metrics import Metric, best_thresholds, threshold_metric
from polytask.predictor._labelled_parts import labelled_parts
from polytask.predictor._predictor import FittedPredictor
from polytask.tasks import TaskSet

__all__ = ["with_chosen_thresholds"]

_HALF = 0.5


def with_chosen_thresholds(
    predictor: FittedPredictor, validation: MultiTaskDataset, tasks: TaskSet
) -> FittedPredictor:
    """The model with the thresholds that its tasks ask for.

    Parameters
    ----------
    predictor : FittedPredictor
    validation : MultiTaskDataset
        Rows that choose the threshold of tasks that name a metric. Where that is undefined, such as
        for rows of one class, the threshold is one half.
    tasks : TaskSet
        What they ask for.
    """
    asked = {
        task.name: threshold_metric(task) for task in tasks if task.name in predictor.tasks.names
    }
    chosen: dict[str, Any] = {
        name: given for name, given in asked.items() if isinstance(given, float)
    }
    metrics = {name: given for name, given in asked.items() if isinstance(given, Metric)}
    if metrics:
        chosen |= _best(predictor, validation, metrics)
    return predictor.at_thresholds(chosen) if chosen else predictor


def _best(
    predictor: FittedPredictor, validation: MultiTaskDataset, metrics: Mapping[str, Metric]
) -> dict[str, list[float]]:
    """The best thresholds of each task on its labelled validation rows."""
    sources = tuple(source for source in validation.sources if source.n_rows)
    if not sources:
        return {}
    predictions = predictor.predict(
        {source.name: replace(source, labels=None) for source in sources}
    )
    chosen = {}
    for name, metric in metrics.items():
        if name not in predictions:
            continue
        prediction = predictions[name]
        parts = list(labelled_parts(name, sources, prediction.kind, prediction.target))
        weights = validation.unit_weights(name)
        thresholds = best_thresholds(
            metric,
            np.concatenate([truth for *_, truth in parts]),
            prediction.response[np.concatenate([positions for _, positions, *_ in parts])],
            prediction.target,
            np.concatenate([weights[source.name] for source, *_ in parts]),
        )
        if any(threshold is not None for threshold in thresholds):
            chosen[name] = [_HALF if threshold is None else threshold for threshold in thresholds]
    return chosen
