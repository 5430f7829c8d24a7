"""Regression with features selected for all tasks by their largest coefficient."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._linf1 import LargestSelection

__all__ = ["LInf1Regressor"]


class LInf1Regressor(MultiTaskRegressor, LargestSelection):
    r"""Regression with features selected for all tasks by their largest coefficient.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \sum_j \max_k |W_{kj}|

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k.
    A feature is used by all tasks or by none, with coefficients that tend to be equally large.

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
        Largest number of iterations of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    support_ : array of shape (n_features,), bool
        Features that are used.
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
    Turlach, Venables and Wright, "Simultaneous variable selection", Technometrics 2005.
    Quattoni, Carreras, Collins and Darrell, "An efficient projection for l1,infinity regularization",
    ICML 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import LInf1Regressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> model = LInf1Regressor(alpha=0.1).fit(X, Y)
    >>> model.support_.shape
    (4,)
    """
