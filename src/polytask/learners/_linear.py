"""Ridge, logistic, Poisson and quantile regression, one model per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sklearn.linear_model import (
    BayesianRidge,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)

from polytask._validation import Constraint, InstanceOf, Interval, check_parameters
from polytask.data import MultiTaskDataset
from polytask.learners._per_task_estimator import PerTaskEstimator
from polytask.learners._recipe import Recipe
from polytask.ranges import Range, SearchRange

__all__ = ["ROWS", "STRENGTH", "STRENGTH_RANGE", "Linear", "linear_estimators"]

ROWS = 1000
"""Rows of which estimators whose loss is a mean have the penalty of a sum."""
STRENGTH = Interval(float, 0.0, closed="neither")
STRENGTH_RANGE = Range(1e-3, 1e4, log=True, default=1.0, values=(10.0, 100.0, 0.1, 1000.0, 0.01))


@dataclass(frozen=True)
class Linear(Recipe):
    r"""Ridge, logistic, Poisson or quantile regression, one per task.

    Numbers have ridge regression, classes logistic, counts Poisson, quantiles one of each level, and
    distributions Bayesian ridge regression.

    .. math:: \min_{w, b} \sum_i \ell(w^\top x_i + b, y_i) + \alpha \lVert w \rVert_2^2

    Numbers are standardised and categories are indicators; the intercept is not penalised.

    Parameters
    ----------
    alpha : float, default 1.0
        The penalty's strength.
    max_iter : int, default 1000
        Largest number of iterations of logistic and Poisson regression.
    name : str, default "linear"

    Notes
    -----
    The loss ℓ is the squared error, or twice the log loss: scikit-learn's ``C`` is ``1 / alpha``.
    scikit-learn's Poisson regression divides the deviances, of rates over the mean rate, by the
    number of rows; there the penalty is that of 1000 rows, however many there are. So it is for
    quantiles, whose loss is the pinball loss and whose penalty is that of absolute values; each is a
    linear program, which learns from 3000 rows at most. Bayesian ridge regression, whose deviation is
    nearly the same for all rows, finds its penalty in the training rows.

    Examples
    --------
    >>> import polytask
    >>> from polytask.learners import Linear
    >>> table = {"size": range(40), "price": [2.0 * size for size in range(40)]}
    >>> data = polytask.read(table, [polytask.Task("price", "regression")])
    >>> model = polytask.fit(data, Linear(alpha=0.1))
    >>> model.predict({"size": [10]})["price"].response.round()
    array([20.])
    """

    alpha: float = 1.0
    max_iter: int = 1000
    name: str = "linear"

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
        """False: the solvers draw nothing."""
        del train
        return False

    def learner(self) -> PerTaskEstimator:
        """Ridge, logistic, Poisson and quantile regression of this strength."""
        return PerTaskEstimator(linear_estimators(self.alpha, self.max_iter), self.name)


def linear_estimators(alpha: float, max_iter: int) -> tuple[Any, ...]:
    """Ridge for numbers, Bayesian ridge for distributions, and what is named after its kind."""
    return (
        Ridge(alpha=alpha),
        LogisticRegression(C=1 / alpha, max_iter=max_iter),
        PoissonRegressor(alpha=alpha / ROWS, max_iter=max_iter),
        QuantileRegressor(alpha=alpha / ROWS, solver="highs-ipm"),
        BayesianRidge(max_iter=max_iter),
    )
