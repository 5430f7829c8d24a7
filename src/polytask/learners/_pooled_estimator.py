"""Adapter of scikit-learn estimators, one for all tasks of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from sklearn.base import is_classifier

from polytask._learner import Learner
from polytask._validation import Choice, Constraint, InstanceOf, check_parameters
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Source
from polytask.exceptions import DataError
from polytask.learners._estimators import (
    ESTIMATORS,
    SPACE,
    as_tuple,
    declared_ranges,
    estimator_for,
    gives_several_outputs,
    learns_standardized,
    named_after,
    serves,
)
from polytask.learners._fit_estimator import fit_estimator, fit_task
from polytask.learners._global_generator import seeded_global_generator
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._rows import pooled_rows, side_by_side
from polytask.learners._workbench import Workbench
from polytask.predictor import EstimatorsPart, FittedPredictor
from polytask.ranges import SearchRange
from polytask.tasks import Task, TaskSet

__all__ = ["PooledEstimator"]


@dataclass(frozen=True)
class PooledEstimator(Learner):
    """One scikit-learn estimator for all tasks of one kind in a source.

    If each row belongs to one task, all rows are stacked and the estimator learns from them as one
    task. If tasks share their rows, regressions are the outputs of one estimator, which learns from
    the rows that have all their labels; a task that is the only one of its kind is fitted alone.
    Everything else is as in `PerTaskEstimator`.

    Parameters
    ----------
    estimator : estimator or tuple of them
        Unfitted; of several, each kind gets the first of those that suit it best.
    name : str, optional
        Name in tables; by default ``pooled_`` and the estimator's class.
    categorical : {"one_hot", "codes"}, default "one_hot"
        Categories as indicators, or as whole numbers with 0 for unknown ones.
    task_as_input : bool, default False
        Whether the task of each row is an additional categorical column.
    space : mapping of setting to Range, Choices or tuple of values, optional
        Search ranges, by the names of the estimator's own parameters.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from polytask.learners import PooledEstimator
    >>> PooledEstimator(Ridge(alpha=10.0), task_as_input=True).name
    'pooled_ridge'
    """

    estimator: Any
    name: str = ""
    categorical: Literal["one_hot", "codes"] = "one_hot"
    task_as_input: bool = False
    space: Mapping[str, SearchRange | tuple[object, ...]] = field(default_factory=dict)

    joint: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "estimator": ESTIMATORS,
        "name": InstanceOf((str,)),
        "categorical": Choice(("one_hot", "codes")),
        "task_as_input": InstanceOf((bool,)),
        "space": SPACE,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "name", self.name or f"pooled_{named_after(self.estimator)}")

    def search_space(self) -> Mapping[str, SearchRange]:
        """The ranges of `space`, around the estimator's own values."""
        return declared_ranges(self.space, self.settings(), self.name)

    def single_task(self) -> PerTaskEstimator:
        """The same estimator, fitted per task."""
        return PerTaskEstimator(self.estimator, categorical=self.categorical, space=self.space)

    def serves(self, tasks: TaskSet) -> bool:
        """Whether every task has an estimator that can learn it."""
        return serves(tasks, as_tuple(self.estimator))

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """Why this learner cannot learn from a data set; None if it can."""
        for source in data.sources:
            for tasks in _by_kind(source):
                estimator = estimator_for(tasks[0].known_kind, as_tuple(self.estimator))
                if not _pools(source, tasks, estimator):
                    return _refusal(self.name, tasks)
        return None

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Fit each source's tasks kind by kind; validation rows and the budget are ignored."""
        train = train.without_zero_weights()
        bench = Workbench(
            self.name,
            as_tuple(self.estimator),
            self.categorical,
            train,
            seed,
            task_as_input=self.task_as_input,
        )
        with seeded_global_generator(seed):
            for source in train.sources:
                for tasks in _by_kind(source):
                    fit_tasks = _fit_stacked if source.own_rows or len(tasks) == 1 else _fit_outputs
                    bench.add(fit_tasks(bench, source, tasks))
        return bench.predictor()


def _by_kind(source: Source) -> Iterator[tuple[Task, ...]]:
    groups: dict[object, list[Task]] = {}
    for task in source.tasks:
        groups.setdefault(task.known_kind, []).append(task)
    return (tuple(group) for group in groups.values())


def _pools(source: Source, tasks: tuple[Task, ...], estimator: Any) -> bool:
    """Whether tasks of one kind can share one estimator: stacked rows, or several outputs."""
    apart = source.own_rows or len(tasks) == 1
    together = tasks[0].known_kind.joint_outputs and not is_classifier(estimator)
    return apart or (together and gives_several_outputs(estimator))


def _refusal(name: str, tasks: tuple[Task, ...]) -> str:
    return (
        f"{name} pools tasks that have rows of their own, or regressions on one table "
        f"by an estimator of several outputs. Got {', '.join(repr(t.name) for t in tasks)} on one "
        "table; use PerTaskEstimator, or linear in place of pooled_linear."
    )


def _fit_stacked(bench: Workbench, source: Source, tasks: tuple[Task, ...]) -> EstimatorsPart:
    """Fit the rows of all tasks as one task."""
    bench.check_labelled(source, tasks)
    estimator = bench.estimator(tasks[0])
    design, X = bench.table(source, estimator)
    target = bench.targets[tasks[0].name]
    standardized = learns_standardized(estimator)
    names = tuple(task.name for task in tasks)
    targets = [bench.targets[name] for name in names]
    rows = pooled_rows(X, source, tasks, targets, standardized=standardized)
    estimator, arguments = bench.with_code_columns(estimator, source, design)
    remark = bench.remarks.about(names)
    answering = tasks[0].known_kind.estimators(estimator, target)
    fitted = fit_task(answering, rows, None, len(target.classes), remark, arguments)
    return EstimatorsPart(source.name, names, fitted, design, standardized=standardized)


def _fit_outputs(bench: Workbench, source: Source, tasks: tuple[Task, ...]) -> EstimatorsPart:
    """Fit all tasks as outputs of one estimator."""
    estimator = bench.estimator(tasks[0])
    names = tuple(task.name for task in tasks)
    if not _pools(source, tasks, estimator):
        raise DataError(_refusal(bench.name, tasks))
    design, X = bench.table(source, estimator)
    standardized = learns_standardized(estimator)
    targets = [bench.targets[name] for name in names]
    rows = side_by_side(X, source, tasks, targets, standardized=standardized)
    complete = rows.complete()
    if len(complete) == 0:
        sentence = (
            f"{bench.name} learns from rows on which {', '.join(map(repr, names))} are all "
            "labelled, and there is none. Use PerTaskEstimator."
        )
        raise DataError(sentence)
    remark = bench.remarks.about(names)
    if len(complete) < len(rows):
        remark(f"learned from the {len(complete)} of {len(rows)} rows on which all are labelled")
    if source.weights is not None and source.weights.ndim > 1:
        remark(
            "row weights are averaged over these tasks, since one estimator learns them together"
        )
    estimator, arguments = bench.with_code_columns(estimator, source, design)
    fitted = fit_estimator(estimator, complete, None, 0, remark, arguments)
    return EstimatorsPart(
        source.name, names, (fitted,), design, spread=True, standardized=standardized
    )
