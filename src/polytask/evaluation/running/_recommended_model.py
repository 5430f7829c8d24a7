"""The model to use: a run's own, or one put together of what was kept for each task."""

from __future__ import annotations

from polytask.evaluation.running._run import Run
from polytask.evaluation.running._store import RunStore
from polytask.evaluation.running._tuning import Tuned
from polytask.predictor import CombinedModel, FittedPredictor

__all__ = ["recommended_model"]


def recommended_model(run: Tuned, store: RunStore) -> FittedPredictor:
    """The fitted predictor that answers as the run was measured."""
    store.check()
    kept = {place: _kept(run.runs[place], store) for place in run.kept}
    first = next(iter(kept.values()))
    if len(kept) == 1:
        return first
    order = list(kept)
    parts = {task: order.index(place) for task, place in run.chosen.items()}
    model = CombinedModel(tuple(kept[place].model for place in order), parts)
    return FittedPredictor(first.tasks, first.schemas, model, None, first.name)


def _kept(run: Run, store: RunStore) -> FittedPredictor:
    return store.read_model(run.spec.key, run.spec.learner)
