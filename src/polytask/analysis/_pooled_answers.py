"""Predictions of several folds as one set of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int64

from polytask.evaluation.running._outcome import Outcome
from polytask.exceptions import DataError
from polytask.statistics import Answers
from polytask.tasks import Kind, TaskSet

__all__ = ["pooled_answers"]


def pooled_answers(
    rounds: Sequence[Sequence[Mapping[str, Outcome]]],
    tasks: TaskSet,
    units: Int64[np.ndarray, " n"],
) -> dict[str, Answers]:
    """The predictions of each task, one run per round, with the folds of a round one after another.

    Parameters
    ----------
    rounds : sequence of sequences of mappings of task to Outcome
        Per round and fold; all rounds measure the same rows.
    tasks : TaskSet
    units : array of shape (n,)
        The unit of every row of the whole data set.

    Raises
    ------
    DataError
        If the training rows of folds have different classes.
    """
    return {
        task.name: _pooled(
            [[by_task[task.name] for by_task in folds] for folds in rounds],
            task.name,
            task.known_kind,
            units,
        )
        for task in tasks
    }


def _pooled(
    rounds: Sequence[Sequence[Outcome]], task: str, kind: Kind, units: np.ndarray
) -> Answers:
    targets = [folds[0].target for folds in rounds]
    if len({outcome.target.classes for folds in rounds for outcome in folds}) > 1:
        sentence = (
            f"Task {task!r} has a class that is too rare to be in the training rows of every fold. "
            "Take fewer folds, join the class with another, or leave out the task."
        )
        raise DataError(sentence)
    joined = [_joined(folds, kind) for folds in rounds]
    first = joined[0]
    return Answers(
        truth=first.truth,
        responses=tuple(outcome.response for outcome in joined),
        weight=first.weight,
        units=units[first.rows],
        target=targets[0],
        kind=kind,
        targets=tuple(targets),
    )


def _joined(folds: Sequence[Outcome], kind: Kind) -> Outcome:
    """All folds, in the order of the rows, as the first one states its responses."""
    target = folds[0].target
    folds = [
        replace(one, response=kind.restated(one.response, one.target, target)) for one in folds
    ]
    rows = np.concatenate([outcome.rows for outcome in folds])
    order = np.argsort(rows, kind="stable")

    def together(name: str) -> np.ndarray:
        return np.concatenate([getattr(outcome, name) for outcome in folds])[order]

    return Outcome(together("truth"), together("response"), rows[order], together("weight"), target)
