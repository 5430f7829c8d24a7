"""Base class of learners whose models read the predictions of models before them."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from polytask._learner import Learner
from polytask._seeds import derived_seed
from polytask._validation import (
    Constraint,
    InstanceOf,
    Interval,
    Optional,
    check_parameters,
    message,
)
from polytask.bookkeeping import Budget, History
from polytask.data import FoldSplit, MultiTaskDataset, Splitter, fit_schemas
from polytask.exceptions import DataError, ParameterError, PolytaskError
from polytask.learners._inner_tuned import inner_tuned
from polytask.learners._linear import Linear
from polytask.predictor import FittedPredictor, StagedModel, with_scores, with_targets
from polytask.tasks import TaskSet

__all__ = ["Staged"]


@dataclass(frozen=True)
class Staged(Learner):
    """A learner that is fitted in stages, which read the scores of those before them.

    Training rows have scores of models that did not learn from them: each stage but the last is fitted
    once more for every fold of the rows. A class defines `groups`.
    """

    learner: Learner = field(default_factory=Linear)
    folds: int = 5
    label: str | None = None

    joint: ClassVar[bool] = True
    word: ClassVar[str]
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "learner": InstanceOf((Learner,)),
        "folds": Interval(int, 2, 100),
        "label": Optional(InstanceOf((str,))),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        if isinstance(self.learner, Staged) or self.learner.reference:
            owner, expected = type(self).__name__, "a learner of one stage and no constant"
            raise ParameterError(message(owner, "learner", expected, self.learner))

    @abstractmethod
    def groups(self, tasks: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The tasks of each stage."""

    @property
    def name(self) -> str:
        """Name in tables and on the command line."""
        inner = self.learner.name
        word = self.word if inner == Linear().name else f"{self.word}({inner})"
        return word if self.label is None else self.label

    @property
    def tuned(self) -> tuple[str, ...] | None:  # type: ignore[override] # that of the learner
        """What a comparison tries of the learner."""
        return inner_tuned(self.learner, self.search_space())

    @property
    def budget_note(self) -> str:
        """How often the learner is fitted."""
        return f"{self.name} fits {self.learner.name} for each stage, and {self.folds} times more for scores of training rows."

    @property
    def remedy(self) -> str:
        """Which tasks are served."""
        return f"It serves tasks with one answer per row that {self.learner.name} serves."

    def serves(self, tasks: TaskSet) -> bool:
        """Whether the learner does, and all tasks have one answer per row."""
        apart = all(task.known_kind.form == "vector" for task in tasks)
        return apart and self.learner.serves(tasks)

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """Why the learner cannot learn from a data set, or that no source has two tasks."""
        if all(len(source.tasks) < 2 for source in data.sources):
            return (
                f"{self.name} has models read predictions of other tasks, and no source has two tasks. Use "
                f"{self.learner.name}."
            )
        return self.learner.refuses(data)

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """Those of the learner."""
        return self.learner.notes(data)

    def for_split(self, splitter: Splitter) -> Staged:
        """The same with the learner for these rows."""
        return replace(self, learner=self.learner.for_split(splitter))

    def single_task(self) -> Learner | None:
        """The learner itself, or the one that learns each task alone."""
        return self.learner.single_task() if self.learner.joint else self.learner

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Fit the stages one after another, and the folds of each but the last.

        Raises
        ------
        DataError
            If the learner cannot learn from the rows of a fold.
        """
        started = time.monotonic()
        train, validation = train.without_zero_weights(), validation.without_zero_weights()
        schemas, groups = fit_schemas(train), self.groups(train.tasks.names)
        parts, fitted = (train, validation), []
        for stage, group in enumerate(groups):
            own = derived_seed(seed, "stage", stage)
            rows, watched = (part.of_tasks(group) for part in parts)
            one = self.learner.fit(rows, watched, own, budget)
            fitted.append(one)
            if stage < len(groups) - 1:
                held_out = self._out_of_fold(group, *parts, own, budget)
                parts = _with(parts[0], held_out), _with(parts[1], _of_all(one, parts[1]))
        model = StagedModel(
            tuple(one.model for one in fitted),
            groups,
            tuple(one.schemas for one in fitted),
            train.tasks,
        )
        targets = {
            name: target
            for one in fitted
            for schema in one.schemas.values()
            for name, target in schema.targets.items()
        }
        history = _history([one.history for one in fitted], model, time.monotonic() - started)
        return FittedPredictor(
            train.tasks, with_targets(schemas, targets), model, history, self.name
        )

    def _out_of_fold(
        self,
        group: tuple[str, ...],
        train: MultiTaskDataset,
        validation: MultiTaskDataset,
        seed: int,
        budget: Budget,
    ) -> Mapping[str, Mapping[str, np.ndarray]]:
        """Scores of all training rows by models that did not learn from them, by source and task."""
        scores: dict[str, dict[str, np.ndarray]] = {source.name: {} for source in train.sources}
        for split in FoldSplit(self.folds, validation=0.0).splits(train, seed):
            held_out = split.test
            kept = {
                source.name: np.setdiff1d(np.arange(source.n_rows), held_out.get(source.name, ()))
                for source in train.sources
            }
            try:
                rest = train.take(kept).of_tasks(group)
                one = self.learner.fit(rest, validation.of_tasks(group), seed, budget)
            except PolytaskError as error:
                sentence = (
                    f"{self.name} learns from {self.folds} folds of the training rows, and one of them leaves too "
                    f"few: {error} Raise `folds`, or leave out small tasks."
                )
                raise DataError(sentence) from error
            for name, found in _of_all(one, train.take(held_out)).items():
                n_rows, rows = train.source(name).n_rows, held_out[name]
                for task, values in found.items():
                    empty = np.zeros((n_rows, *values.shape[1:]), dtype=np.float32)
                    scores[name].setdefault(task, empty)[rows] = values
        return scores


def _of_all(one: FittedPredictor, data: MultiTaskDataset) -> dict[str, dict[str, np.ndarray]]:
    """Scores of all rows for all tasks of a fitted model, by source and task."""
    alone = StagedModel((one.model,), (one.tasks.names,), (one.schemas,), one.tasks)
    return {source.name: alone.of_all_rows(0, source) for source in data.sources}


def _with(
    data: MultiTaskDataset, scores: Mapping[str, Mapping[str, np.ndarray]]
) -> MultiTaskDataset:
    """The data with scores as inputs."""
    sources = tuple(with_scores(source, scores[source.name]) for source in data.sources)
    return replace(data, sources=sources)


def _history(histories: Sequence[Any], model: StagedModel, seconds: float) -> History:
    """The histories of all stages as one."""
    known = [history for history in histories if history is not None]
    return History(
        stopped=" ".join(dict.fromkeys(history.stopped for history in known if history.stopped)),
        n_parameters=model.n_parameters,
        n_steps=sum(history.n_steps for history in known),
        seconds=seconds,
    )
