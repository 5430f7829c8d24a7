"""Regression with features selected for all tasks, but outliers."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._robust_l21 import SelectionWithOutliers

__all__ = ["RobustL21Regressor"]


class RobustL21Regressor(MultiTaskRegressor, SelectionWithOutliers):
    r"""Regression with features selected for all tasks, but outliers.

    .. math:: \min_{B, S, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \Big(\sum_j \|B_{:j}\|_2 + r \sum_k \|S_{k:}\|_2\Big), \qquad W = B + S

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k.
    Tasks use the same features, B, but those whose row of S is not 0: outliers.

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
    outlier_tasks_ : array of shape (n_tasks,), bool
        Tasks with coefficients of their own, S.
    support_ : array of shape (n_features,), bool
        Features of B.
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
    The paper's strengths are `alpha` and r times `alpha` (robust multi-task feature learning, rMTFL).
    The solver is `AlternatingDirections`.

    References
    ----------
    Gong, Ye and Zhang, "Robust multi-task feature learning", KDD 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import RobustL21Regressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> model = RobustL21Regressor(alpha=0.1).fit(X, Y)
    >>> model.outlier_tasks_.shape
    (3,)
    """
