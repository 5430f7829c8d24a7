"""Histogram gradient boosting, one model per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.data import MultiTaskDataset
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import Range, SearchRange

__all__ = ["ROWS_OF_BINS", "GradientBoosting"]

ROWS_OF_BINS = 200_000
"""Of more rows scikit-learn and LightGBM draw so many, by which they cut numbers into bins."""


@dataclass(frozen=True)
class GradientBoosting(Recipe):
    """scikit-learn's histogram gradient boosting per task, stopped early on the validation rows.

    Trees split on categories directly; those beyond the 254 most frequent of a column count as
    unknown. Counts are learned with a Poisson loss, quantiles by one model per level.

    Parameters
    ----------
    learning_rate : float, default 0.1
    max_leaf_nodes : int, default 31
        Largest number of leaves per tree.
    min_samples_leaf : int, default 20
        Smallest number of rows per leaf.
    l2_regularization : float, default 0.0
        Penalty on the values of leaves.
    max_iter : int, default 500
        Largest number of rounds; at most 100 if fewer than ten validation rows are labelled.
    name : str, default "gradient_boosting"

    Examples
    --------
    >>> from polytask.learners import GradientBoosting
    >>> GradientBoosting().configured({"learning_rate": 0.03}).learning_rate
    0.03
    """

    learning_rate: float = 0.1
    max_leaf_nodes: int = 31
    min_samples_leaf: int = 20
    l2_regularization: float = 0.0
    max_iter: int = 500
    name: str = "gradient_boosting"

    joint: ClassVar[bool] = False
    tuned: ClassVar[tuple[str, ...]] = ("learning_rate", "max_leaf_nodes")
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "learning_rate": Range(0.01, 0.3, log=True, default=0.1, values=(0.03,)),
        "max_leaf_nodes": Range(4, 128, log=True, default=31, integer=True, values=(8,)),
        "min_samples_leaf": Range(1, 100, log=True, default=20, integer=True),
        "l2_regularization": Range(1e-3, 100.0, log=True, default=0.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "learning_rate": Interval(float, 0.0, closed="neither"),
        "max_leaf_nodes": Interval(int, 2),
        "min_samples_leaf": Interval(int, 1),
        "l2_regularization": Interval(float, 0.0, closed="left"),
        "max_iter": Interval(int, 1),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """Whether bins are learned from a draw of the rows."""
        return train.n_rows > ROWS_OF_BINS

    def learner(self) -> PerTaskEstimator:
        """Regressor and classifier with these settings."""
        settings = {
            "learning_rate": self.learning_rate,
            "max_leaf_nodes": self.max_leaf_nodes,
            "min_samples_leaf": self.min_samples_leaf,
            "l2_regularization": self.l2_regularization,
            "max_iter": self.max_iter,
        }
        estimators = (
            HistGradientBoostingRegressor(**settings),
            HistGradientBoostingClassifier(**settings),
        )
        return PerTaskEstimator(estimators, self.name, categorical="codes", early_stopping=True)
