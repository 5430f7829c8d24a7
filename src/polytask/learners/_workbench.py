"""State shared by the fits of estimators: schemas, matrices, remarks and fitted parts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from polytask.bookkeeping import History
from polytask.data import MultiTaskDataset, Schema, Source, fit_schemas
from polytask.exceptions import DataError, ParameterError
from polytask.learners._estimators import accepts_sparse, estimator_for, seeded_clone, takes
from polytask.learners._remarks import Remarks
from polytask.predictor import (
    Design,
    EstimatorsModel,
    EstimatorsPart,
    FittedPredictor,
    fitted_targets,
)
from polytask.tasks import Task

__all__ = ["Workbench"]


class Workbench:
    """Schemas fitted on training rows, cached matrices, and the parts fitted so far.

    Parameters
    ----------
    name : str
        The learner's name.
    estimators : tuple
        Unfitted, in the order of preference.
    categorical : {"one_hot", "codes"}
    train : MultiTaskDataset
    seed : int
    task_as_input : bool
        Whether the task of each row is an input, if each row belongs to one task.
    schemas : mapping of source name to Schema, optional
        By default fitted on each source's rows.
    """

    def __init__(
        self,
        name: str,
        estimators: tuple[Any, ...],
        categorical: Literal["one_hot", "codes"],
        train: MultiTaskDataset,
        seed: int,
        *,
        task_as_input: bool = False,
        schemas: Mapping[str, Schema] | None = None,
    ) -> None:
        self.name, self.estimators, self.categorical = name, estimators, categorical
        self.tasks, self.seed, self.task_as_input = train.tasks, seed, task_as_input
        self.schemas = fit_schemas(train) if schemas is None else dict(schemas)
        self.targets = fitted_targets(train.tasks, self.schemas)
        self.remarks = Remarks()
        for task in train.tasks:
            _note_ignored_loss(task, self.remarks)
        self.rounds: dict[str, int] = {}
        self._parts: list[EstimatorsPart] = []
        self._designs: dict[tuple[str, bool], Design] = {}
        self._matrices: dict[tuple[int, Design], Any] = {}
        self._started = time.monotonic()

    def estimator(self, task: Task) -> Any:
        """A seeded clone of the estimator that learns the task."""
        chosen = estimator_for(task.known_kind, self.estimators)
        if chosen is None:
            sentence = (
                f"{self.name} cannot learn task {task.name!r}, whose kind is "
                f"{task.known_kind.name}: it needs a regressor for numbers, and a classifier with "
                "predict_proba for classes."
            )
            raise ParameterError(sentence)
        return seeded_clone(chosen, self.seed)

    def table(self, source: Source, estimator: Any) -> tuple[Design, Any]:
        """The design for an estimator, and the matrix of the source's rows."""
        key = (source.name, accepts_sparse(estimator))
        if key not in self._designs:
            self._designs[key] = Design.fit(
                source,
                self.schemas[source.name],
                categorical=self.categorical,
                accepts_sparse=key[1],
                task_as_input=self.task_as_input and source.own_rows,
            )
        return self._designs[key], self.matrix(source, self._designs[key])

    def matrix(self, source: Source, design: Design) -> Any:
        """The matrix of a source's rows."""
        key = (id(source), design)
        if key not in self._matrices:
            self._matrices[key] = design.matrix(source, self.schemas[source.name])
        return self._matrices[key]

    def check_labelled(self, source: Source, tasks: Sequence[Task]) -> None:
        """Raise if a source has no labelled row of these tasks."""
        if not any(len(source.labelled().rows(task.name)) for task in tasks):
            names = ", ".join(repr(task.name) for task in tasks)
            sentence = (
                f"{self.name} has an estimator in each source, and source {source.name!r} holds no "
                f"labelled training row of {names}. Join it with another source, or leave it out."
            )
            raise DataError(sentence)

    def with_code_columns(
        self, estimator: Any, source: Source, design: Design
    ) -> tuple[Any, dict[str, Any]]:
        """Name the columns of codes to an estimator that splits on categories.

        Returns
        -------
        estimator
            With ``categorical_features`` set, if it has them.
        dict
            Arguments of its `fit`: ``categorical_feature``, if it takes them.
        """
        if self.categorical != "codes":
            return estimator, {}
        columns = design.categorical_columns(self.schemas[source.name])
        if "categorical_features" in estimator.get_params():
            estimator.set_params(categorical_features=columns or None)
        named = bool(columns) and takes(estimator, "categorical_feature")
        return estimator, {"categorical_feature": list(columns)} if named else {}

    def add(self, part: EstimatorsPart) -> None:
        """Add a fitted part."""
        self._parts.append(part)

    def predictor(self) -> FittedPredictor:
        """The fitted predictor, with the remarks in its history."""
        model = EstimatorsModel(self.tasks, self.schemas, tuple(self._parts))
        history = History(
            best_epochs=self.rounds,
            stopped=str(self.remarks),
            n_parameters=model.n_parameters,
            seconds=time.monotonic() - self._started,
        )
        return FittedPredictor(self.tasks, self.schemas, model, history, self.name)


def _note_ignored_loss(task: Task, remarks: Remarks) -> None:
    """Add a remark if a task's own loss is not used."""
    if task.loss is None:
        return
    remarks.about([task.name])("the task's loss is ignored, since estimators have their own")
