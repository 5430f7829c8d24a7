"""The recommended model: that of a run, or one made of the trials kept per task."""

from __future__ import annotations

from dataclasses import replace

from polytask.evaluation.running._run import Run
from polytask.evaluation.running._store import RunStore
from polytask.evaluation.running._tuning import Tuned
from polytask.predictor import (
    CombinedModel,
    FittedPredictor,
    GroupedModel,
    fitted_targets,
    with_targets,
)
from polytask.tasks import TaskSet

__all__ = ["recommended_model"]


def recommended_model(run: Tuned, store: RunStore, tasks: TaskSet) -> FittedPredictor:
    """Return the fitted predictor of all tasks that gives the predictions measured for the run."""
    store.check()
    kept = {trial: _kept(run.runs[trial], store) for trial in run.kept}
    first = next(iter(kept.values()))
    if len(kept) == 1:
        return first
    of_trials = {trial: fitted_targets(own.tasks, own.schemas) for trial, own in kept.items()}
    targets = {task: of_trials[trial][task] for task, trial in run.chosen.items()}
    models = tuple(own.model for own in kept.values())
    # a setting may leave out bins, which the networks of other settings need
    binned = (own.schemas for own in kept.values() if any(s.bins for s in own.schemas.values()))
    inputs = next(binned, first.schemas)
    if run.runs[next(iter(kept))].spec.tasks:  # of one table, of whose rows each is of all tasks
        grouped = GroupedModel(models, tuple(run.kept[trial] for trial in kept))
        schemas = {n: replace(schema, targets=targets) for n, schema in inputs.items()}
        return FittedPredictor(tasks, schemas, grouped, None, first.name)
    order = list(kept)
    combined = CombinedModel(models, {t: order.index(trial) for t, trial in run.chosen.items()})
    return FittedPredictor(tasks, with_targets(inputs, targets), combined, None, first.name)


def _kept(run: Run, store: RunStore) -> FittedPredictor:
    return store.read_model(run.spec.key, run.spec.learner)
