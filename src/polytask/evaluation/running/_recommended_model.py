"""The recommended model: that of a run, or one combined from the trials kept per task."""

from __future__ import annotations

from polytask.evaluation.running._run import Run
from polytask.evaluation.running._store import RunStore
from polytask.evaluation.running._tuning import Tuned
from polytask.predictor import CombinedModel, FittedPredictor, fitted_targets, with_targets

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
    of_trials = {trial: fitted_targets(first.tasks, kept[trial].schemas) for trial in order}
    targets = {task: of_trials[trial][task] for task, trial in run.chosen.items()}
    schemas = with_targets(first.schemas, targets)
    return FittedPredictor(first.tasks, schemas, model, None, first.name)


def _kept(run: Run, store: RunStore) -> FittedPredictor:
    return store.read_model(run.spec.key, run.spec.learner)
