"""Linear and logistic regression with an elastic net, one per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, ClassVar

from sklearn.linear_model import ElasticNet as ElasticNetRegressor
from sklearn.linear_model import LogisticRegression

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.learners._linear import ROWS, STRENGTH
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import Range, SearchRange

__all__ = ["SPARSE_RANGE", "ElasticNet"]

SPARSE_RANGE = Range(1e-4, 1.0, log=True, default=0.01, values=(0.001, 0.1, 0.0001, 1.0))


@dataclass(frozen=True)
class ElasticNet(Recipe):
    r"""Linear or logistic regression per task that selects features, for numbers and classes.

    .. math:: \min_{w, b} \frac{1}{n} \sum_i \ell(w^\top x_i + b, y_i)
        + \alpha \rho \lVert w \rVert_1 + \frac{\alpha (1 - \rho)}{2} \lVert w \rVert_2^2

    with half of the squared error or the log loss ℓ, multinomial for more than two classes. Numbers are
    standardised and categories are indicators; intercepts are not penalised.

    Parameters
    ----------
    alpha : float, default 0.01
        The penalty's strength.
    l1_ratio : float in [0, 1], default 0.5
        The share ρ of absolute values in the penalty.
    max_iter : int, default 1000
        Largest number of passes over rows or coefficients.
    name : str, default "elastic_net"

    Notes
    -----
    scikit-learn's logistic regression adds the losses of rows up. There the penalty is that of 1000
    rows, however many there are: ``C`` is ``1 / (1000 alpha)``.

    References
    ----------
    Zou and Hastie, "Regularization and variable selection via the elastic net", JRSS B 2005.

    Examples
    --------
    >>> from polytask.learners import ElasticNet
    >>> ElasticNet(alpha=0.1, l1_ratio=0.9).name
    'elastic_net'
    """

    alpha: float = 0.01
    l1_ratio: float = 0.5
    max_iter: int = 1000
    name: str = "elastic_net"

    joint: ClassVar[bool] = False
    tuned: ClassVar[tuple[str, ...]] = ("alpha", "l1_ratio")
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        "alpha": SPARSE_RANGE,
        "l1_ratio": Range(0.1, 1.0, default=0.5, values=(0.9,)),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "alpha": STRENGTH,
        "l1_ratio": Interval(float, 0.0, 1.0),
        "max_iter": Interval(int, 1),
        "name": InstanceOf((str,)),
    }

    def __post_init__(self) -> None:
        check_parameters(self)

    def learner(self) -> PerTaskEstimator:
        """scikit-learn's elastic net, and logistic regression by its solver saga."""
        settings = {"l1_ratio": self.l1_ratio, "max_iter": self.max_iter}
        older: dict[str, Any] = {}
        if signature(LogisticRegression).parameters["penalty"].default != "deprecated":
            older["penalty"] = "elasticnet"  # before scikit-learn 1.8
        estimators = (
            ElasticNetRegressor(alpha=self.alpha, **settings),
            LogisticRegression(C=1 / (ROWS * self.alpha), solver="saga", **settings, **older),
        )
        return PerTaskEstimator(estimators, self.name)
