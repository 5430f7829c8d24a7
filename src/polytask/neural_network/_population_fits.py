"""Fits of networks of one shape as one population."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polytask._learner import FitRequest, OnFitted
from polytask.data import MultiTaskDataset
from polytask.exceptions import PolytaskError
from polytask.neural_network._population_shape import dropout_of
from polytask.predictor import FittedPredictor, NetworkModel, refitted
from polytask.training import Member, Trained, Trainer

__all__ = ["fit_population"]


def fit_population(
    trainer: Trainer,
    requests: Sequence[FitRequest],
    train: MultiTaskDataset,
    validation: MultiTaskDataset,
    checkpoint: Path | None,
    on_done: OnFitted | None,
) -> list[FittedPredictor | PolytaskError]:
    """Train networks of one shape by `Trainer.fit_many`; errors take the place of predictors.

    Parameters
    ----------
    trainer : Trainer
        That of the first, with the steps of the budget.
    requests : sequence of FitRequest
        Of learners that are `MultiTaskNetwork`.
    train, validation, checkpoint, on_done
        As for `Learner.fit_many`.
    """
    first: Any = requests[0].learner

    def end(position: int, trained: Trained) -> None:
        if on_done is not None:
            on_done(position, _predictor(requests[position], trained, train))

    results = trainer.fit_many(
        first.architecture,
        [_member(request) for request in requests],
        train,
        validation,
        checkpoint=checkpoint,
        progress=False,
        on_done=end,
        return_errors=True,
    )
    return [
        result if isinstance(result, PolytaskError) else _predictor(request, result, train)
        for request, result in zip(requests, results, strict=True)
    ]


def _member(request: FitRequest) -> Member:
    """The member of a population that a request stands for."""
    learner: Any = request.learner
    return Member(
        tasks=dict.fromkeys(request.tasks, 1.0) if request.tasks else None,
        seed=request.seed,
        learning_rate=learner.trainer.learning_rate,
        weight_decay=learner.trainer.weight_decay,
        dropout=dropout_of(learner.architecture),
    )


def _predictor(request: FitRequest, trained: Trained, rows: MultiTaskDataset) -> FittedPredictor:
    """What `fit` would return of a trained network."""
    learner: Any = request.learner
    train, schemas = request.rows(rows), dict(trained.schemas)
    model = NetworkModel(learner.architecture, trained.network, train.tasks, schemas)
    fitted = FittedPredictor(train.tasks, schemas, model, trained.history, learner.name)
    return refitted(fitted, train)
