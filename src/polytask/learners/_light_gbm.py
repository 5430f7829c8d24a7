"""LightGBM's gradient boosting, one model per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from polytask._validation import Constraint, Interval, check_parameters
from polytask.data import MultiTaskDataset
from polytask.exceptions import MissingDependencyError
from polytask.learners._estimators import serves
from polytask.learners._gradient_boosting import ROWS_OF_BINS, GradientBoosting
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["LightGBM"]

_MISSING = "The learner lightgbm needs LightGBM, which is not installed. Install it: pip install 'polytask[trees]'."


@dataclass(frozen=True)
class LightGBM(Recipe):
    """LightGBM's trees per task, stopped early on the validation rows; needs ``polytask[trees]``.

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
    columns : float in (0, 1], default 1.0
        Share of the columns that is drawn for each tree.
    max_iter : int, default 1000
        Largest number of rounds; at most 100 if fewer than ten validation rows are labelled.
    name : str, default "lightgbm"

    References
    ----------
    Ke et al., "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS 2017.

    Examples
    --------
    >>> from polytask.learners import LightGBM
    >>> LightGBM().configured({"learning_rate": 0.03}).learning_rate
    0.03
    """

    learning_rate: float = 0.1
    max_leaf_nodes: int = 31
    min_samples_leaf: int = 20
    l2_regularization: float = 0.0
    columns: float = 1.0
    max_iter: int = 1000
    name: str = "lightgbm"

    joint: ClassVar[bool] = False
    tuned: ClassVar[tuple[str, ...]] = GradientBoosting.tuned
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **GradientBoosting.search_ranges,
        "columns": Range(0.2, 1.0, default=1.0),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **GradientBoosting.parameter_constraints,
        "columns": Interval(float, 0.0, 1.0, closed="right"),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    @staticmethod
    def is_installed() -> bool:
        """Whether LightGBM is there; it is not imported."""
        return find_spec("lightgbm") is not None

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """Whether bins are learned from a draw of the rows, or columns are drawn."""
        return self.columns < 1 or train.n_rows > ROWS_OF_BINS

    def learner(self) -> PerTaskEstimator:
        """Regressor and classifier with these settings.

        Raises
        ------
        MissingDependencyError
            If LightGBM is not installed.
        """
        if not self.is_installed():
            raise MissingDependencyError(_MISSING)
        from lightgbm import LGBMClassifier, LGBMRegressor

        settings: dict[str, Any] = {
            "learning_rate": self.learning_rate,
            "num_leaves": self.max_leaf_nodes,
            "min_child_samples": self.min_samples_leaf,
            "reg_lambda": self.l2_regularization,
            "colsample_bytree": self.columns,
            "n_estimators": self.max_iter,
            # the same trees whatever the number of threads and their speed
            "deterministic": True,
            "force_row_wise": True,
            "n_jobs": 0,  # as many threads as OpenMP is given
            "verbose": -1,
        }
        estimators = (LGBMRegressor(**settings), LGBMClassifier(**settings))
        return PerTaskEstimator(estimators, self.name, categorical="codes", early_stopping=True)

    def serves(self, tasks: TaskSet) -> bool:
        """Whether every task is learnt by a regressor or a classifier; LightGBM is not imported."""
        return serves(tasks, (HistGradientBoostingRegressor(), HistGradientBoostingClassifier()))

    def refuses(self, data: MultiTaskDataset) -> str | None:
        """That LightGBM is not installed, if so."""
        del data
        return None if self.is_installed() else _MISSING

    def notes(self, data: MultiTaskDataset) -> Sequence[str]:
        """None."""
        del data
        return ()
