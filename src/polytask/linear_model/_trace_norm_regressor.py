"""Regression with tasks in a common subspace of features."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._trace_norm import CommonSubspace

__all__ = ["TraceNormRegressor"]


class TraceNormRegressor(MultiTaskRegressor, CommonSubspace):
    r"""Regression with tasks in a common subspace of features, by the trace norm.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \sum_r \sigma_r(W)

    with the singular values :math:`\sigma` of the coefficients W, (n_tasks, n_features), and the
    :math:`n_k` labelled rows of task k. Tasks become combinations of a few directions of features.

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
        In units of labels per unit of the feature; exactly of low rank.
    intercept_ : array of shape (n_tasks,)
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
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
    MALSAR's ``Least_Trace`` has the squared errors of tasks divided by nothing; here they are means, so that
    tasks with many rows weigh as much as others. The solver is `AlternatingDirections`.

    References
    ----------
    Argyriou, Evgeniou and Pontil, "Convex multi-task feature learning", Machine Learning 2008.
    Ji and Ye, "An accelerated gradient method for trace norm minimization", ICML 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import TraceNormRegressor
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(60, 5))
    >>> Y = X @ np.outer([1.0, 2.0, 0.0, -1.0, 1.0], [1.0, -1.0, 2.0, 0.5])
    >>> Y += 0.1 * random.normal(size=Y.shape)
    >>> model = TraceNormRegressor(alpha=0.1).fit(X, Y)
    >>> model.rank_, model.coef_.shape
    (1, (4, 5))
    """
