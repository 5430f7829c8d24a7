"""Predictions of a candidate on test rows, by task, split and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int64

from polytask.evaluation.running._outcome import Outcome
from polytask.evaluation.running._store import RunStore
from polytask.evaluation.running._tuning import Tuned
from polytask.statistics import Answers
from polytask.tasks import Kind, TaskSet

__all__ = ["TaskAnswers", "read_answers"]

TaskAnswers = Mapping[str, tuple[Answers, ...]]
"""Task → one `Answers` per split that tests it, its runs in order."""


def read_answers(
    runs: Sequence[Tuned], store: RunStore, tasks: TaskSet, units: Int64[np.ndarray, " n"]
) -> dict[str, tuple[Answers, ...]]:
    """Read the predictions of every run that was kept.

    Parameters
    ----------
    runs : sequence of Tuned
        Of one candidate.
    store : RunStore
    tasks : TaskSet
    units : array of shape (n,)
        The unit of every row of the whole data set.
    """
    by_split: dict[str, list[Mapping[str, Outcome]]] = {}
    for run in runs:
        split = run.runs[0].spec.split["digest"]
        by_split.setdefault(split, []).append(_outcomes(run, store))
    return {
        name: tuple(
            _answers(
                [outcome_by_task[name] for outcome_by_task in outcomes],
                units,
                tasks[name].known_kind,
            )
            for outcomes in by_split.values()
            if all(name in outcome_by_task for outcome_by_task in outcomes)
        )
        for name in tasks.names
    }


def _outcomes(run: Tuned, store: RunStore) -> dict[str, Outcome]:
    """The outcome of every task in the trial that was kept for it."""
    files = {trial: store.read_outcomes(run.trials[trial].spec.key, "test") for trial in run.kept}
    return {task: files[trial][task] for task, trial in run.chosen.items() if task in files[trial]}


def _answers(outcomes: Sequence[Outcome], units: np.ndarray, kind: Kind) -> Answers:
    """All runs on the rows of one split, in the order of the rows."""
    first = outcomes[0]
    order = np.argsort(first.rows, kind="stable")
    return Answers(
        truth=first.truth[order],
        responses=tuple(_response(outcome, first.rows[order]) for outcome in outcomes),
        weight=first.weight[order],
        units=units[first.rows[order]],
        target=first.target,
        kind=kind,
        targets=tuple(outcome.target for outcome in outcomes),
    )


def _response(outcome: Outcome, rows: np.ndarray) -> np.ndarray:
    order = np.argsort(outcome.rows, kind="stable")
    if not np.array_equal(outcome.rows[order], rows):  # one split has one set of labelled rows
        sentence = "Runs of one split answered for different test rows."
        raise RuntimeError(sentence)
    return outcome.response[order]
