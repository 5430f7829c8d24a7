"""Regression with features that are selected for all tasks together."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._l21 import JointSelection

__all__ = ["L21Regressor"]


class L21Regressor(MultiTaskRegressor, JointSelection):
    r"""Regression with features that are selected for all tasks together (multi-task lasso).

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \sum_j \|W_{:j}\|_2

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k. A feature
    is used by all tasks or by none.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; from `alpha_max` of the data on, all coefficients are 0.
    loss : str or Datafit, default "auto"
        Of a score on a label: squared, huber, quantile (smoothed) or poisson, whose predictions are rates;
        the first if not given. A `polytask.datafits.Datafit` has its settings, such as ``Huber(delta=1.0)``.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of working sets of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    support_ : array of shape (n_features,), bool
        Features that are used.
    n_iter_ : int
        Working sets.
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
    On a table without missing labels it equals scikit-learn's ``MultiTaskLasso`` of the same `alpha`.
    The solver is `GroupNewton`.

    References
    ----------
    Obozinski, Taskar and Jordan, "Joint covariate selection and joint subspace selection for
    multiple classification problems", Statistics and Computing 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import L21Regressor
    >>> X = np.random.default_rng(0).normal(size=(50, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> Y[:10, 0] = np.nan  # labels may be missing
    >>> model = L21Regressor(alpha=0.1).fit(X, Y)
    >>> model.support_
    array([ True,  True, False, False])
    >>> model.predict(X[:2]).shape
    (2, 3)
    """
