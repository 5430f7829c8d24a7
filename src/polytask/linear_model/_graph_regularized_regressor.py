"""Regression with tasks near those that they are related to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from polytask.constraints import Choice, Constraint, Interval, OneOf, Satisfies
from polytask.datafits import Datafit
from polytask.estimators import MultiTaskRegressor
from polytask.exceptions import ParameterError
from polytask.linear_model._penalized_estimator import STRENGTH, PenalizedEstimator
from polytask.linear_model._related_tasks import RelatedTasks
from polytask.penalties import Penalty
from polytask.ranges import SearchRange

__all__ = ["GraphRegularizedRegressor"]


def _is_relation(value: Any) -> bool:
    matrix = np.asarray(value, dtype=float)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]
    return bool(square and (matrix >= 0).all() and np.allclose(matrix, matrix.T))


_RELATIONS = Satisfies(_is_relation, "a symmetric matrix of numbers from 0, one row per task")


class GraphRegularizedRegressor(MultiTaskRegressor, PenalizedEstimator):
    r"""Ridge regression towards related tasks, in closed form.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2} \sum_{k<l} a_{kl} \|w_k - w_l\|^2 + \frac{\beta}{2} \sum_k \|w_k\|^2

    with the coefficients W, (n_tasks, n_features), known relations a of tasks and the :math:`n_k` labelled
    rows of task k.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty of differences.
    relations : array of shape (n_tasks, n_tasks) or "chain", optional
        How strongly each pair of tasks is related, symmetric and not negative, in the order of `tasks_`:
        ``np.exp(-distances**2)`` of the tasks' own features, for instance. "chain" relates each task to the
        next one alone, as of times: temporal smoothness. By default 1 / n_tasks for all pairs.
    ridge : float in [0, inf), default 1e-4
        :math:`\beta`, the strength of a penalty of all coefficients.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "quantile" (smoothed), "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative residual or gradient at which iterative solvers stop; closed forms are exact.
    max_iter : int, default 10000
        Largest number of iterations of these.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    n_iter_ : int
        1 of a closed form, else the iterations of the solver.
    residual_ : float
        Norm of what the normal equations miss, relative to that of their right-hand sides; of other losses
        that of the gradient, relative to zero coefficients.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or `relations` are not those of as many tasks.
    DataError
        If rows, labels and tasks do not fit together.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Zhou, Yuan, Liu and Ye, "A multi-task learning formulation for predicting disease progression", KDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import GraphRegularizedRegressor
    >>> random = np.random.default_rng(0)
    >>> years = np.repeat([2001, 2002, 2003, 2004], 10)
    >>> X = random.normal(size=(40, 1))
    >>> y = X[:, 0] * (years - 2000) + 0.1 * random.normal(size=40)
    >>> model = GraphRegularizedRegressor(alpha=0.1, relations="chain").fit(X, y, tasks=years)
    >>> model.coef_.round(1).T
    array([[1.2, 2. , 2.9, 3.8]])
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **PenalizedEstimator.parameter_constraints,
        "relations": OneOf((Choice(("chain", None)), _RELATIONS)),
        "ridge": Interval(float, 0.0),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {"alpha": STRENGTH}
    single_task_ranges: ClassVar[Mapping[str, SearchRange]] = {"ridge": STRENGTH}

    def __init__(
        self,
        alpha: float = 0.1,
        *,
        relations: Any = None,
        ridge: float = 1e-4,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        super().__init__(alpha, loss=loss, fit_intercept=fit_intercept, tol=tol, max_iter=max_iter)
        self.relations = relations
        self.ridge = ridge

    def penalty(self) -> Penalty:
        """Weighted squares of differences, and of all coefficients."""
        n_tasks = self.n_tasks_
        if self.relations is None:
            relations = np.full((n_tasks, n_tasks), 1 / n_tasks)
        elif isinstance(self.relations, str):
            relations = np.eye(n_tasks, k=1) + np.eye(n_tasks, k=-1)
        else:
            relations = np.array(self.relations, dtype=float)
        if len(relations) != n_tasks:
            sentence = (
                f"The `relations` parameter of GraphRegularizedRegressor must have a row for each of the "
                f"{n_tasks} tasks. Got {len(relations)} rows instead: give them in the order of `tasks_`."
            )
            raise ParameterError(sentence)
        rows = tuple(map(tuple, relations.tolist()))
        return RelatedTasks(1.0, self.strength, self.ridge, rows)
