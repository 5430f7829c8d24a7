"""Regression whose tasks are near their mean."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._mean_regularized import MeanRegularized

__all__ = ["MeanRegularizedRegressor"]


class MeanRegularizedRegressor(MultiTaskRegressor, MeanRegularized):
    r"""Ridge regression towards the mean of the tasks, in closed form.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2} \sum_k \|w_k - \bar w\|^2 + \frac{\alpha_0}{2}\, n_\text{tasks} \|\bar w\|^2

    with the coefficients W, (n_tasks, n_features), their mean over tasks and the :math:`n_k` labelled rows
    of task k. Strong penalties of deviations make all tasks equal; with :math:`\alpha = \alpha_0` it is a
    ridge regression per task.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty of deviations from the mean.
    mean_alpha : float in [0, inf), default 1e-4
        :math:`\alpha_0`, of the mean itself.
    unknown_tasks : {"error", "mean"}, default "error"
        Whether `predict` refuses a task that was not learned, or answers by the means of coefficients and
        intercepts.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "quantile" (smoothed), "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative residual at which conjugate gradients stop, which more than 1500 features need unless all
        tasks have the same labelled rows, and relative gradient of other losses. Otherwise the solution is exact.
    max_iter : int, default 10000
        Largest number of conjugate gradients, or of steps for other losses.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    mean_coef_ : array of shape (n_features,)
        The mean over tasks.
    mean_intercept_ : float
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
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together.

    Notes
    -----
    Evgeniou and Pontil write :math:`w_k = w_0 + v_k` and penalise :math:`w_0` and :math:`v_k`. With the best
    :math:`w_0`, strengths a of :math:`\|v_k\|^2 / 2` and b of :math:`n_\text{tasks} \|w_0\|^2 / 2` are
    :math:`\alpha = a` and :math:`\alpha_0 = ab / (a + b)` here. They learn support vector machines. Where
    a strength of 0 leaves several solutions it is one of least norm: of each task if both are 0, of the mean if
    only that of the mean is.

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import MeanRegularizedRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> tasks = np.repeat(["a", "b", "c"], 20)
    >>> y = X @ [1.0, -2.0, 0.5] + (tasks == "b") * X[:, 0]
    >>> model = MeanRegularizedRegressor(alpha=0.1, unknown_tasks="mean").fit(X, y, tasks=tasks)
    >>> model.mean_coef_.round(1)
    array([ 1.3, -2. ,  0.5])
    >>> model.predict(X[:2], tasks=["a", "a new one"]).shape
    (2,)
    """
