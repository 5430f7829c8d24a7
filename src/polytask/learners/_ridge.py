"""Ridge regression, one per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sklearn.linear_model import Ridge as RidgeRegressor

from polytask._validation import Constraint, InstanceOf, check_parameters
from polytask.data import MultiTaskDataset
from polytask.learners._linear import STRENGTH, STRENGTH_RANGE
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import SearchRange

__all__ = ["Ridge"]


@dataclass(frozen=True)
class Ridge(Recipe):
    r"""Ridge regression per task, for numbers; `Linear` serves other kinds, too.

    .. math:: \min_{w, b} \sum_i (w^\top x_i + b - y_i)^2 + \alpha \lVert w \rVert_2^2

    Numbers are standardised and categories are indicators; the intercept is not penalised.

    Parameters
    ----------
    alpha : float, default 1.0
        The penalty's strength.
    name : str, default "ridge"

    References
    ----------
    Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems",
    Technometrics 1970.

    Examples
    --------
    >>> from polytask.learners import Ridge
    >>> Ridge(alpha=10.0).search_space()["alpha"].grid()[:2]
    (10.0, 100.0)
    """

    alpha: float = 1.0
    name: str = "ridge"

    joint: ClassVar[bool] = False
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"alpha": STRENGTH_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": STRENGTH,
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """False: the solver draws nothing."""
        del train
        return False

    def learner(self) -> PerTaskEstimator:
        """Ridge regression of this strength."""
        return PerTaskEstimator(RidgeRegressor(alpha=self.alpha), self.name)
