"""One model fitted, scored on held-out rows and saved."""

from __future__ import annotations

from contextlib import nullcontext

from polytask.bookkeeping import Budget
from polytask.cli._checked_tasks import checked
from polytask.cli._class_table import class_table
from polytask.cli._one_learner import one_learner
from polytask.cli._said_warnings import warnings_as_notes
from polytask.cli._score_table import score_table
from polytask.cli._settings import FitSettings
from polytask.cli._voice import Voice
from polytask.data import MultiTaskDataset, Splitter
from polytask.evaluation import evaluate, evaluate_classes
from polytask.learners import fit
from polytask.predictor import FittedPredictor
from polytask.training import silently

__all__ = ["run_fit"]

_MOST_TASKS = 20


def run_fit(
    options: FitSettings,
    train: MultiTaskDataset,
    validation: MultiTaskDataset,
    splitter: Splitter,
    allowed: Budget | None,
    voice: Voice,
) -> None:
    """Fit one model, print its held-out metrics, and save it."""
    train = checked(train, voice)
    learner = one_learner(options, train, voice).for_split(splitter)
    voice.note(f"fitting {learner.name}")
    with warnings_as_notes(voice), silently() if options.quiet else nullcontext():
        predictor = fit(
            train,
            learner,
            validation=validation,
            seed=options.seed,
            budget=allowed,
            device=options.device,
            precision=options.precision,
        )
    _say_how(predictor, voice)
    voice.result(score_table(predictor.tasks, evaluate(predictor, validation)))
    if by_class := class_table(evaluate_classes(predictor, validation)):
        voice.result(by_class)
    predictor.save(options.out)
    voice.result(f"model: {options.out}")


def _say_how(predictor: FittedPredictor, voice: Voice) -> None:
    history = predictor.history
    if history is not None and history.stopped:
        voice.note(f"  {history.stopped}")
    for task, thresholds in list(predictor.thresholds.items())[:_MOST_TASKS]:
        shown = ", ".join(f"{threshold:.3g}" for threshold in thresholds)
        voice.note(f"  {task}: decided above {shown}")
    voice.note(f"{predictor.name}, {predictor.n_parameters:,} parameters, on validation rows:")
