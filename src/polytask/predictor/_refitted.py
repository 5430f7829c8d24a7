"""Targets that learn more from the scores of a trained model on its training rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polytask.data import MultiTaskDataset, Source
from polytask.predictor._fitted_targets import with_targets
from polytask.predictor._labelled_parts import labelled_parts
from polytask.predictor._predictor import FittedPredictor
from polytask.predictor._task_prediction import TaskPrediction
from polytask.tasks import FittedTarget, Kind

__all__ = ["refitted"]


def refitted(predictor: FittedPredictor, train: MultiTaskDataset) -> FittedPredictor:
    """The model with what the kinds of its tasks learn from its scores: see `Kind.refit`.

    Training rows are scored only if a kind learns anything.

    Parameters
    ----------
    predictor : FittedPredictor
    train : MultiTaskDataset
        Its training rows.
    """
    learning = {
        task.name
        for task in predictor.tasks
        if type(task.known_kind).refit is not Kind.refit and task.name in train.tasks.names
    }
    sources = tuple(
        source
        for source in train.sources
        if source.n_rows and not learning.isdisjoint(source.tasks.names)
    )
    if not sources:
        return predictor
    predictions = predictor.predict(
        {source.name: replace(source, labels=None) for source in sources}, tasks=sorted(learning)
    )
    targets = {
        name: _refit(name, predictions[name], sources, train)
        for name in learning
        if name in predictions
    }
    return replace(predictor, schemas=with_targets(predictor.schemas, targets))


def _refit(
    name: str, prediction: TaskPrediction, sources: tuple[Source, ...], train: MultiTaskDataset
) -> FittedTarget:
    parts = list(labelled_parts(name, sources, prediction.kind, prediction.target))
    weights = train.unit_weights(name)
    return prediction.kind.refit(
        np.concatenate([truth for *_, truth in parts]),
        prediction.raw[np.concatenate([positions for _, positions, *_ in parts])],
        prediction.target,
        np.concatenate([weights[source.name] for source, *_ in parts]),
    )
