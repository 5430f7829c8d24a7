"""Models fitted for rows that they were not trained on, and their predictions of changed rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from polytask._recipes import to_json
from polytask.analysis._measured_store import MeasuredStore
from polytask.analysis._pooled_answers import pooled_answers
from polytask.analysis._trainings import Trainings
from polytask.data import MultiTaskDataset, Split
from polytask.evaluation.judging._unit_ids import unit_ids
from polytask.evaluation.running._outcome import Outcome, outcomes
from polytask.evaluation.running._positions import positions
from polytask.predictor import FittedPredictor
from polytask.statistics import Answers, Paired

__all__ = ["Change", "FittedRounds", "Fold", "fitted_rounds"]

Change = Callable[[MultiTaskDataset, int], list[MultiTaskDataset]]


@dataclass(frozen=True, eq=False)
class Fold:
    """A fitted model and the rows that it was not trained on.

    Attributes
    ----------
    seed : int
        Differs between all folds of all rounds.
    predictor : FittedPredictor
    train : MultiTaskDataset
        Rows that it was trained on; the rows to predict where these are not known.
    test : MultiTaskDataset
    rows : mapping of source name to array
        Position in the whole data set of every test row, the sources one after another.
    """

    seed: int
    predictor: FittedPredictor
    train: MultiTaskDataset
    test: MultiTaskDataset
    rows: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class FittedRounds:
    """Models of several rounds, each of which predicts all rows that are measured.

    Attributes
    ----------
    data : MultiTaskDataset
    name : str
        The learner's name.
    rounds : tuple of tuple of Fold
    measured : str
        Which rows are measured, in words.
    store : MeasuredStore, optional
        Keeps what was measured.
    """

    data: MultiTaskDataset
    name: str
    rounds: tuple[tuple[Fold, ...], ...]
    measured: str
    store: MeasuredStore | None = None

    def kept(
        self, method: Any, what: str, measure: Callable[[], Mapping[str, Paired]]
    ) -> Mapping[str, Paired]:
        """What a method measured of one column, or task, before or now.

        Parameters
        ----------
        method : dataclass
            Whose settings it depends on.
        what : str
            Name of the column, or task.
        measure : callable
        """
        if self.store is None:
            return measure()
        named = {"method": to_json(method), "what": what, "tasks": list(self.tasks)}
        return self.store.kept(named, measure)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Tasks of the data that the models predict."""
        known = self.rounds[0][0].predictor.tasks.names
        return tuple(name for name in self.data.tasks.names if name in known)

    @cached_property
    def units(self) -> np.ndarray:
        """The independent unit of every row of the data."""
        return unit_ids(self.data)

    @cached_property
    def intact(self) -> Mapping[str, Answers]:
        """Predictions of the rows as they are, one run per round."""
        (answers,) = self.answers(self.tasks, lambda test, _: [test])
        return answers

    @property
    def n_rows(self) -> int:
        """Rows that are measured."""
        return sum(fold.test.n_rows for fold in self.rounds[0])

    @property
    def folds(self) -> tuple[Fold, ...]:
        """Folds of all rounds."""
        return tuple(fold for one in self.rounds for fold in one)

    def answers(self, tasks: Collection[str], change: Change) -> list[dict[str, Answers]]:
        """Predictions of changed rows, one run per round, for each repeat.

        Parameters
        ----------
        tasks : collection of str
        change : callable
            Receives the test rows of a fold and the fold's seed, and returns one data set of the same
            rows per repeat. It may leave out sources without the tasks.
        """
        by_round = [[self._predicted(fold, tasks, change) for fold in one] for one in self.rounds]
        kept = self.data.tasks.subset([name for name in self.tasks if name in tasks])
        return [
            pooled_answers(
                [[of_fold[repeat] for of_fold in folds] for folds in by_round], kept, self.units
            )
            for repeat in range(len(by_round[0][0]))
        ]

    def _predicted(
        self, fold: Fold, tasks: Collection[str], change: Change
    ) -> list[dict[str, Outcome]]:
        """Outcomes of each repeat; all repeats are predicted at once."""
        changed = change(fold.test, fold.seed)
        joined = _joined(changed)
        n_rows = self.data.n_rows
        rows = {
            source.name: np.concatenate(
                [fold.rows[source.name] + repeat * n_rows for repeat in range(len(changed))]
            )
            for source in joined.sources
        }
        predicted = outcomes(fold.predictor, joined, rows, tasks)
        return [
            {name: _of_repeat(outcome, repeat, n_rows) for name, outcome in predicted.items()}
            for repeat in range(len(changed))
        ]


def fitted_rounds(
    trainings: Trainings, measured: str, check: Callable[[FittedRounds], None]
) -> FittedRounds:
    """The models of all tasks for every fold of every round, trained where they are not there.

    Parameters
    ----------
    trainings : Trainings
    measured : str
        Which rows are measured, in words.
    check : callable
        Receives the first model that is there, alone, so that one that cannot be served is refused before
        others are trained.
    """
    data, rounds, name = trainings.data, trainings.rounds, trainings.learner.name
    splits = [split for one in rounds for split in one.splits]
    numbers = {id(split): number for number, split in enumerate(splits)}
    folds: dict[int, Fold] = {}

    def receive(split: Split, model: FittedPredictor) -> None:
        train, _, test = split.apply(data)
        number, rows = numbers[id(split)], positions(data, split.test)
        fold = Fold(number, model, train, test, rows)
        if not folds:
            check(FittedRounds(data, name, ((fold,),), measured))
        folds[number] = fold

    trainings.models(on_model=receive)
    by_round = [tuple(folds[numbers[id(split)]] for split in one.splits) for one in rounds]
    return FittedRounds(data, name, tuple(by_round), measured, trainings.measured_store())


def _joined(parts: Sequence[MultiTaskDataset]) -> MultiTaskDataset:
    """The rows of all data sets, which differ in cells of inputs alone, one after another."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    tiled = first.take(
        {source.name: np.tile(np.arange(source.n_rows), len(parts)) for source in first.sources}
    )
    sources = tuple(
        replace(source, inputs=pl.concat([part.source(source.name).inputs for part in parts]))
        for source in tiled.sources
    )
    return replace(tiled, sources=sources)


def _of_repeat(outcome: Outcome, repeat: int, n_rows: int) -> Outcome:
    own = outcome.rows // n_rows == repeat
    return Outcome(
        outcome.truth[own],
        outcome.response[own],
        outcome.rows[own] - repeat * n_rows,
        outcome.weight[own],
        outcome.target,
    )
