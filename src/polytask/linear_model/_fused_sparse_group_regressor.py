"""Regression of tasks in order, with features selected and coefficients of neighbours equal."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._fused_sparse_group import FusedSelection

__all__ = ["FusedSparseGroupRegressor"]


class FusedSparseGroupRegressor(MultiTaskRegressor, FusedSelection):
    r"""Regression of tasks in order, such as times, with coefficients of neighbours mostly equal (cFSGL).

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \Big[(1 - r) \sum_j \|W_{:j}\|_2 + r \sum_{kj} |W_{kj}|
        + s \sum_{k, j} |W_{k+1, j} - W_{kj}|\Big]

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k. Tasks are in the
    order of `tasks_`: ids are sorted, columns of Y stay in their order. A feature is left out of all tasks, or
    each task uses it or not, with coefficients that change between few of them.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; from `alpha_max` of the data on, all coefficients are 0.
    l1_ratio : float in [0, 1], default 0.5
        The share r of absolute coefficients; 1 is the fused lasso.
    fused_ratio : float in [0, inf), default 0.5
        Strength s of differences, in units of alpha; 0 is `SparseGroupRegressor`.
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
    The paper's strengths are :math:`\alpha r`, :math:`\alpha s` and :math:`\alpha (1 - r)`; its squared errors are
    sums, here they are means of tasks. Squared differences, for coefficients that change smoothly, are those
    of ``GraphRegularizedRegressor(relations="chain")``. The solver is `AlternatingDirections`.

    References
    ----------
    Zhou, Liu, Narayan and Ye, "Modeling disease progression via fused sparse group lasso", KDD 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import FusedSparseGroupRegressor
    >>> random = np.random.default_rng(0)
    >>> years = np.repeat([2001, 2002, 2003, 2004], 30)
    >>> X = random.normal(size=(120, 2))
    >>> y = X[:, 0] * np.where(years < 2003, 1.0, 3.0) + 0.1 * random.normal(size=120)
    >>> model = FusedSparseGroupRegressor(alpha=0.1).fit(X, y, tasks=years)
    >>> model.coef_.round(1).T + 0
    array([[1. , 1. , 2.9, 2.9],
           [0. , 0. , 0. , 0. ]])
    """
