"""Regression with features in common, and features of each task."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._dirty_model import DirtyModel

__all__ = ["DirtyModelRegressor"]


class DirtyModelRegressor(MultiTaskRegressor, DirtyModel):
    r"""Regression with features in common, and features of each task.

    .. math:: \min_{B, S, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \Big(\sum_j \max_k |B_{kj}| + r \sum_{kj} |S_{kj}|\Big), \qquad W = B + S

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k.
    B holds features that all tasks use, S those of few tasks.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; from `alpha_max` of the data on, all coefficients are 0.
    own_ratio : float in (0, inf), default 0.5
        Strength r of the penalty of S, in units of alpha.
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
    common_coef_, own_coef_ : array of shape (n_tasks, n_features)
        B and S, whose sum is `coef_`.
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
    With r from 1 on S is 0, and up to 1 / n_tasks B is. The paper's strengths are `alpha` and r times `alpha`.
    The solver is `AlternatingDirections`.

    References
    ----------
    Jalali, Ravikumar, Sanghavi and Ruan, "A dirty model for multi-task learning", NeurIPS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import DirtyModelRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> model = DirtyModelRegressor(alpha=0.1).fit(X, Y)
    >>> model.own_coef_.shape
    (3, 4)
    """
