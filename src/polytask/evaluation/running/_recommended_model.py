"""The recommended model: that of a run, or one combined from the trials kept per task."""

from __future__ import annotations

from polytask.evaluation.running._run import Run
from polytask.evaluation.running._store import RunStore
from polytask.evaluation.running._tuning import Tuned
from polytask.predictor import CombinedModel, FittedPredictor

__all__ = ["recommended_model"]


def recommended_model(run: Tuned, store: RunStore) -> FittedPredictor:
    """Return the fitted predictor that gives the predictions measured for the run."""
    store.check()
    kept = {trial: _kept(run.runs[trial], store) for trial in run.kept}
    first = next(iter(kept.values()))
    if len(kept) == 1:
        return first
    order = list(kept)
    parts = {task: order.index(trial) for task, trial in run.chosen.items()}
    model = CombinedModel(tuple(kept[trial].model for trial in order), parts)
    combined = FittedPredictor(first.tasks, first.schemas, model, None, first.name)
    thresholds = {task: kept[trial].thresholds.get(task, ()) for task, trial in run.chosen.items()}
    return combined.at_thresholds({task: given for task, given in thresholds.items() if given})


def _kept(run: Run, store: RunStore) -> FittedPredictor:
    return store.read_model(run.spec.key, run.spec.learner)
