"""Adapter of scikit-learn estimators, one per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from polytask._learner import Learner
from polytask._validation import Choice, Constraint, InstanceOf, check_parameters
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, Source
from polytask.learners._early_stopping import stops_early
from polytask.learners._estimators import (
    ESTIMATORS,
    SPACE,
    as_tuple,
    declared_ranges,
    draws,
    learns_standardized,
    named_after,
    serves,
)
from polytask.learners._fit_estimator import fit_task
from polytask.learners._global_generator import seeded_global_generator
from polytask.learners._rows import Rows, task_rows
from polytask.learners._workbench import Workbench
from polytask.predictor import EstimatorsPart, FittedPredictor
from polytask.ranges import SearchRange
from polytask.tasks import Task, TaskSet

__all__ = ["PerTaskEstimator"]


@dataclass(frozen=True)
class PerTaskEstimator(Learner):
    """Any scikit-learn estimator, fitted per task on the rows that have its label.

    Numbers are standardised; missing ones become their column's mean, with an indicator. The
    targets of regressions are standardised too, unless the estimator requires positive ones, as for
    a Poisson loss, so that units do not change the model. Row weights are passed if `fit` takes
    ``sample_weight``, and columns of codes are named if the estimator has
    ``categorical_features`` or `fit` takes ``categorical_feature``. A regression with several columns is one estimator if that gives
    several outputs and no cell is missing, otherwise one per column. A task labelled in several
    sources has an estimator in each.

    Parameters
    ----------
    estimator : estimator or tuple of them
        Unfitted; of several, each task gets the first of those that suit its kind best: regressors
        for numbers, classifiers with ``predict_proba`` for classes. An open ``random_state`` is seeded.
    name : str, optional
        Name in tables; by default made of the estimator's class.
    categorical : {"one_hot", "codes"}, default "one_hot"
        Categories as indicators, or as whole numbers with 0 for unknown ones.
    early_stopping : bool, default False
        Whether histogram boosting and LightGBM stop on the validation rows; they are not used
        otherwise.
    space : mapping of setting to Range, Choices or tuple of values, optional
        Search ranges, by the names of the estimator's own parameters.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> from polytask.learners import PerTaskEstimator
    >>> PerTaskEstimator(RandomForestRegressor(), categorical="codes").name
    'random_forest_regressor'
    """

    estimator: Any
    name: str = ""
    categorical: Literal["one_hot", "codes"] = "one_hot"
    early_stopping: bool = False
    space: Mapping[str, SearchRange | tuple[object, ...]] = field(default_factory=dict)

    joint: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "estimator": ESTIMATORS,
        "name": InstanceOf((str,)),
        "categorical": Choice(("one_hot", "codes")),
        "early_stopping": InstanceOf((bool,)),
        "space": SPACE,
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "name", self.name or named_after(self.estimator))

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """Whether an estimator may draw, as all but those of polytask without a ``random_state``."""
        del train
        return draws(as_tuple(self.estimator))

    def search_space(self) -> Mapping[str, SearchRange]:
        """The ranges of `space`, around the estimator's own values."""
        return declared_ranges(self.space, self.settings(), self.name)

    def serves(self, tasks: TaskSet) -> bool:
        """Whether every task has an estimator that can learn it."""
        return serves(tasks, as_tuple(self.estimator))

    def fit(
        self, train: MultiTaskDataset, validation: MultiTaskDataset, seed: int, budget: Budget
    ) -> FittedPredictor:
        """Fit each task of each source; the budget's steps are ignored."""
        train = train.without_zero_weights()
        watched = validation.without_zero_weights() if self.early_stopping else None
        bench = Workbench(self.name, as_tuple(self.estimator), self.categorical, train, seed)
        with seeded_global_generator(seed):
            for source in train.sources:
                held_out = None if watched is None else watched.source(source.name)
                for task in source.tasks:
                    bench.add(_fit_part(bench, source, held_out, task))
        return bench.predictor()


def _fit_part(
    bench: Workbench, source: Source, held_out: Source | None, task: Task
) -> EstimatorsPart:
    bench.check_labelled(source, [task])
    estimator = bench.estimator(task)
    design, X = bench.table(source, estimator)
    target = bench.targets[task.name]
    standardized = learns_standardized(estimator)
    rows = task_rows(X, source, task, target, standardized=standardized)
    watched: Rows | None = None
    if held_out is not None and stops_early(estimator):
        matrix = bench.matrix(held_out, design)
        watched = task_rows(matrix, held_out, task, target, standardized=standardized)
    remark = bench.remarks.about((task.name,))
    estimator, arguments = bench.with_code_columns(estimator, source, design)
    answering = task.known_kind.estimators(estimator, target)
    fitted = fit_task(answering, rows, watched, len(target.classes), remark, arguments)
    if watched is not None:
        bench.rounds[task.name] = max(map(_rounds, fitted))
    return EstimatorsPart(source.name, (task.name,), fitted, design, standardized=standardized)


def _rounds(fitted: Any) -> int:
    """Rounds of boosting that a fitted estimator predicts with."""
    return getattr(fitted, "best_iteration_", 0) or getattr(fitted, "n_iter_", 0)
