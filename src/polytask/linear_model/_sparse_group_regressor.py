"""Regression with features selected for all tasks, and for each task among them."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._sparse_group import SparseSelection

__all__ = ["SparseGroupRegressor"]


class SparseGroupRegressor(MultiTaskRegressor, SparseSelection):
    r"""Regression with features selected for all tasks, and for each task among them.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \Big[(1 - r) \sum_j \|W_{:j}\|_2 + r \sum_{kj} |W_{kj}|\Big]

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k.
    A feature is left out of all tasks, or each task uses it or not.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; from `alpha_max` of the data on, all coefficients are 0.
    l1_ratio : float in [0, 1], default 0.5
        The share r of absolute coefficients; 0 is joint selection, 1 a lasso for each task.
    loss : str or Datafit, default "auto"
        Of a score on a label: squared, huber, quantile (smoothed) or poisson, whose predictions are rates;
        the first if not given. A `polytask.datafits.Datafit` has its settings, such as ``Huber(delta=1.0)``.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of iterations of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    support_ : array of shape (n_tasks, n_features), bool
        Which task uses which feature.
    n_iter_ : int
        Iterations.
    dual_gap_ : float
        Relative duality gap at the end.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together.

    Notes
    -----
    The solver is `AlternatingDirections`.

    References
    ----------
    Simon, Friedman, Hastie and Tibshirani, "A sparse-group lasso", Journal of Computational and Graphical
    Statistics 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import SparseGroupRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> model = SparseGroupRegressor(alpha=0.1).fit(X, Y)
    >>> model.support_.shape
    (3, 4)
    """
