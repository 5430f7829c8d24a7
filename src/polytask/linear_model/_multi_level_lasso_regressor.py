"""Regression with levels of features that tasks share, and sparse factors of each task."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._multi_level_lasso import LevelsOfFeatures

__all__ = ["MultiLevelLassoRegressor"]


class MultiLevelLassoRegressor(MultiTaskRegressor, LevelsOfFeatures):
    r"""Regression with levels of features that tasks share, and sparse factors of each task.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \sum_j \sqrt{\|W_{:j}\|_1}

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k. It is the best of
    all products :math:`W_{kj} = \theta_j \gamma_{kj}` of levels and factors with absolute values as penalties. Large
    coefficients are shrunk less than by `L21Regressor`, and a feature may be used by some tasks alone.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty.
    loss : str or Datafit, default "auto"
        Of a score on a label: squared, huber, quantile (smoothed) or poisson, whose predictions are rates;
        the first if not given. A `polytask.datafits.Datafit` has its settings, such as ``Huber(delta=1.0)``.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative fixed-point residual, and change of levels, at which the solver stops.
    max_iter : int, default 10000
        Largest number of iterations for one set of levels.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    levels_ : array of shape (n_features,)
        :math:`\theta`, roots of the sums of absolute coefficients; `coef_` is their product with the factors.
    support_ : array of shape (n_features,), bool
        Features that are used.
    n_iter_ : int
        Iterations for all levels together.
    residual_ : float
        Relative fixed-point residual, or change of levels if larger, at the end.
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
    The paper's strengths of levels and factors, :math:`\lambda_1` and :math:`\lambda_2`, count by their product
    alone: `alpha` is :math:`2 \sqrt{\lambda_1 \lambda_2}` (`polytask.penalties.MultiLevelLasso`). The problem
    is not convex. As in the paper, levels and coefficients are found in turn, here from levels of 1 on; the
    answer is a point where neither changes. Levels are computed with 1e-6 added to the sums, so that they stay
    above 0. What is 0 stays 0, and large features of the first lasso are shrunk less in the next. The solver of
    each turn is `AlternatingDirections`.

    References
    ----------
    Lozano and Swirszcz, "Multi-level lasso for sparse multi-task regression", ICML 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import MultiLevelLassoRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [0.0, 0.0, 2.0]])
    >>> model = MultiLevelLassoRegressor(alpha=0.1).fit(X, Y)
    >>> (model.coef_ != 0).astype(int)
    array([[1, 0, 0, 0],
           [1, 0, 0, 0],
           [1, 1, 0, 0]])
    """
