"""Base class of ensembles of trees that are grown independently, one per task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import Range, SearchRange

__all__ = ["Forest"]


@dataclass(frozen=True)
class Forest(Recipe):
    """Trees that are grown independently, one ensemble per task.

    A class defines `estimators`.
    """

    trees: int = 200
    columns: float = 0.4
    min_samples_leaf: int = 1
    name: str = "forest"

    joint: ClassVar[bool] = False
    tuned: ClassVar[tuple[str, ...]] = ("min_samples_leaf", "columns")
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "min_samples_leaf": Range(1, 50, log=True, default=1, integer=True, values=(5,)),
        "columns": Range(0.05, 1.0, default=0.4, values=(1.0, 0.1)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "trees": Interval(int, 1),
        "columns": Interval(float, 0.0, 1.0, closed="right"),
        "min_samples_leaf": Interval(int, 1),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @abstractmethod
    def estimators(self, **settings: Any) -> tuple[Any, ...]:
        """The regressor and the classifier of scikit-learn with these settings."""

    def learner(self) -> PerTaskEstimator:
        """Regressor and classifier with these settings."""
        estimators = self.estimators(
            n_estimators=self.trees,
            max_features=self.columns,
            min_samples_leaf=self.min_samples_leaf,
        )
        return PerTaskEstimator(estimators, self.name, categorical="codes")
