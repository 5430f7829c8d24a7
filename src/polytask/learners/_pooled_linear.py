"""Ridge, logistic, Poisson and quantile regression, one model for all tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.data import MultiTaskDataset
from polytask.learners._linear import STRENGTH, STRENGTH_RANGE, Linear, linear_estimators
from polytask.learners._pooled_estimator import PooledEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import SearchRange

__all__ = ["PooledLinear"]


@dataclass(frozen=True)
class PooledLinear(Recipe):
    """One ridge, logistic, Poisson or quantile regression for all tasks that have rows of their own.

    Regressions on one table are its outputs, as in `PooledEstimator`.

    Parameters
    ----------
    alpha : float, default 1.0
        The penalty's strength, as in `Linear`.
    task_as_input : bool, default False
        Whether each task has an intercept of its own, penalised like the other coefficients.
    max_iter : int, default 1000
        Largest number of iterations of logistic and Poisson regression.
    name : str, default "pooled_linear"

    Examples
    --------
    >>> from polytask.learners import PooledLinear
    >>> PooledLinear(alpha=10.0, task_as_input=True).single_task().alpha
    10.0
    """

    alpha: float = 1.0
    task_as_input: bool = False
    max_iter: int = 1000
    name: str = "pooled_linear"

    joint: ClassVar[bool] = True
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"alpha": STRENGTH_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": STRENGTH,
        "task_as_input": InstanceOf((bool,)),
        "max_iter": Interval(int, 1),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """False: the solvers draw nothing."""
        del train
        return False

    def single_task(self) -> Linear:
        """The linear model per task, `Linear`."""
        return Linear(self.alpha, self.max_iter)

    def learner(self) -> PooledEstimator:
        """Ridge, logistic, Poisson and quantile regression of this strength."""
        estimators = linear_estimators(self.alpha, self.max_iter)
        return PooledEstimator(estimators, self.name, task_as_input=self.task_as_input)
