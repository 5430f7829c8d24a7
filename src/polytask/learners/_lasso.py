"""Linear and logistic regression with absolute values as penalty, one per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.data import MultiTaskDataset
from polytask.learners._elastic_net import SPARSE_RANGE
from polytask.learners._linear import STRENGTH
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.linear_model import L21Classifier, L21Regressor
from polytask.ranges import SearchRange

__all__ = ["Lasso"]


@dataclass(frozen=True)
class Lasso(Recipe):
    r"""Linear or logistic regression per task that selects features, for numbers and classes.

    .. math:: \min_{w, b} \frac{1}{n} \sum_i \ell(w^\top x_i + b, y_i) + \alpha \lVert w \rVert_1

    with half of the squared error or the log loss ℓ. Numbers are standardised and categories are
    indicators; the intercept is not penalised.

    Parameters
    ----------
    alpha : float, default 0.01
        The penalty's strength.
    max_iter : int, default 10000
        Largest number of iterations.
    name : str, default "lasso"

    Notes
    -----
    It is fitted by the joint estimators `polytask.linear_model.L21Regressor` and ``L21Classifier``,
    whose penalty of one task this is. More than two classes have one model for each against the rest,
    which use the same features.

    References
    ----------
    Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 1996.

    Examples
    --------
    >>> from polytask.learners import Lasso
    >>> Lasso(alpha=0.1).search_space()["alpha"].grid()[:2]
    (0.1, 0.001)
    """

    alpha: float = 0.01
    max_iter: int = 10_000
    name: str = "lasso"

    joint: ClassVar[bool] = False
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"alpha": SPARSE_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": STRENGTH,
        "max_iter": Interval(int, 1),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """False: the solvers draw nothing."""
        del train
        return False

    def learner(self) -> PerTaskEstimator:
        """The joint estimators of this strength, each on one task."""
        estimators = (
            L21Regressor(self.alpha, max_iter=self.max_iter),
            L21Classifier(self.alpha, max_iter=self.max_iter),
        )
        return PerTaskEstimator(estimators, self.name)
