"""Baseline that predicts the best constant of each task."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from polytask._learner import Learner
from polytask._validation import Constraint, InstanceOf, check_parameters
from polytask.bookkeeping import Budget, History
from polytask.data import MultiTaskDataset, fit_schemas
from polytask.metrics import metrics_for
from polytask.predictor import ConstantModel, FittedPredictor, fitted_targets
from polytask.tasks import FittedTarget, Task

__all__ = ["Constant"]


@dataclass(frozen=True)
class Constant(Learner):
    """A baseline that predicts, for all rows of a task, the constant best for its headline metric.

    The mean for RMSE, the median for MAE, the shares of the classes for log loss, Brier score and
    areas, the most frequent class for accuracy, the positive class for F1: the method `constant` of
    each metric gives it. Inputs are not used: every other learner in a comparison must beat it.

    Parameters
    ----------
    name : str, default "constant"

    Examples
    --------
    >>> import polytask
    >>> from polytask.learners import Constant
    >>> table = {"size": range(4), "price": [1.0, 2.0, 3.0, 10.0]}
    >>> data = polytask.read(table, [polytask.Task("price", "regression", metrics=["mae"])])
    >>> model = polytask.fit(data, Constant(), validation=data)
    >>> model.predict({"size": [7]})["price"].response.round(6)
    array([2.5])
    """

    name: str = "constant"

    joint: ClassVar[bool] = False
    reference: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"name": InstanceOf((str,))}

    def __post_init__(self) -> None:
        check_parameters(self)

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """False: nothing is drawn."""
        del train
        return False

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Find each task's constant on the training rows; other arguments are ignored."""
        del validation, seed, budget
        started = time.monotonic()
        train = train.without_zero_weights()
        schemas = fit_schemas(train)
        targets = fitted_targets(train.tasks, schemas)
        raw = {task.name: _raw(task, targets[task.name], train) for task in train.tasks}
        model = ConstantModel(raw)
        seconds = time.monotonic() - started
        history = History(n_parameters=model.n_parameters, seconds=seconds)
        return FittedPredictor(train.tasks, schemas, model, history, self.name)


def _raw(task: Task, target: FittedTarget, train: MultiTaskDataset) -> np.ndarray:
    """Raw scores of the constant response."""
    truth, weight = _labels_and_weights(task, target, train)
    kind = task.known_kind
    mean = kind.mean_response(truth, target, weight)
    response = metrics_for(task)[0].constant(mean, truth, weight, target)
    return kind.raw(response[None], target)[0]


def _labels_and_weights(
    task: Task, target: FittedTarget, train: MultiTaskDataset
) -> tuple[np.ndarray, np.ndarray]:
    """Truth and row weights of a task over the labelled rows of all sources."""
    carrying = [source for source in train.sources if task.name in source.tasks.names]
    truths = [
        task.known_kind.truth(list(source.labelled().columns(task.name).values()), target)
        for source in carrying
    ]
    weights = train.unit_weights(task.name)
    return np.concatenate(truths), np.concatenate([weights[source.name] for source in carrying])
