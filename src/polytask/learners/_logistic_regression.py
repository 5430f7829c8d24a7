"""Logistic regression, one per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sklearn.linear_model import LogisticRegression as Classifier

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.data import MultiTaskDataset
from polytask.learners._linear import STRENGTH, STRENGTH_RANGE
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import SearchRange

__all__ = ["LogisticRegression"]


@dataclass(frozen=True)
class LogisticRegression(Recipe):
    r"""Logistic regression per task, for classes, by the name ``logistic``; `Linear` serves other kinds, too.

    .. math:: \min_{W, b} 2 \sum_i -\log p_{y_i}(W x_i + b) + \alpha \lVert W \rVert_2^2

    with the probabilities p of the classes, multinomial for more than two. Numbers are standardised and
    categories are indicators; intercepts are not penalised.

    Parameters
    ----------
    alpha : float, default 1.0
        The penalty's strength; scikit-learn's ``C`` is ``1 / alpha``.
    max_iter : int, default 1000
        Largest number of iterations.
    name : str, default "logistic"

    References
    ----------
    Cox, "The regression analysis of binary sequences", JRSS B 1958.

    Examples
    --------
    >>> from polytask.learners import LogisticRegression
    >>> LogisticRegression(alpha=10.0).search_space()["alpha"].grid()[:2]
    (10.0, 100.0)
    """

    alpha: float = 1.0
    max_iter: int = 1000
    name: str = "logistic"

    joint: ClassVar[bool] = False
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"alpha": STRENGTH_RANGE}
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": STRENGTH,
        "max_iter": Interval(int, 1),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def uses_seed(self, train: MultiTaskDataset) -> bool:
        """False: the solver draws nothing."""
        del train
        return False

    def learner(self) -> PerTaskEstimator:
        """Logistic regression of this strength."""
        estimator = Classifier(C=1 / self.alpha, max_iter=self.max_iter)
        return PerTaskEstimator(estimator, self.name)
