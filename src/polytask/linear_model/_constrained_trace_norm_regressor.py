"""Regression with tasks in a common subspace of features, of a bounded trace norm."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._constrained_trace_norm import BoundedSubspace

__all__ = ["ConstrainedTraceNormRegressor"]


class ConstrainedTraceNormRegressor(MultiTaskRegressor, BoundedSubspace):
    r"""Regression with tasks in a common subspace of features, by a bound on the trace norm.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2,
        \qquad \sum_r \sigma_r(W) \le \tau

    with the singular values :math:`\sigma` of the coefficients W, (n_tasks, n_features), and the
    :math:`n_k` labelled rows of task k. Tasks become combinations of a few directions of features.

    Parameters
    ----------
    radius : float in (0, inf), default 1.0
        :math:`\tau`, the largest sum of singular values, in units of coefficients.
    loss : str or Datafit, default "auto"
        Of a score on a label: squared, huber, quantile (smoothed) or poisson, whose predictions are rates;
        the first if not given. A `polytask.datafits.Datafit` has its settings, such as ``Huber(delta=1.0)``.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of zero coefficients: that of Frank and
        Wolfe.
    max_iter : int, default 10000
        Largest number of iterations of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature; exactly of low rank where a small bound binds.
    intercept_ : array of shape (n_tasks,)
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
    alpha_ : float
        The strength at which `TraceNormRegressor` has the same solution, near 0 if the bound does not bind.
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
    The papers take Frank-Wolfe steps, each along one pair of singular vectors; here each step projects onto
    matrices of the bounded norm. The gap is :math:`\langle \nabla f, W\rangle + \tau \|\nabla f\|`, with the
    largest singular value.

    References
    ----------
    Jaggi and Sulovský, "A simple algorithm for nuclear norm regularized problems", ICML 2010.
    Jaggi, "Revisiting Frank-Wolfe: projection-free sparse convex optimization", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import ConstrainedTraceNormRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> model = ConstrainedTraceNormRegressor(radius=1.5).fit(X, Y)
    >>> round(float(np.linalg.svd(model.coef_)[1].sum()), 3)
    1.5
    """
