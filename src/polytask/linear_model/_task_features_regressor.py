"""Regression with coefficients that are functions of the tasks' own features."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._task_features import WithTaskFeatures

__all__ = ["TaskFeaturesRegressor"]


class TaskFeaturesRegressor(MultiTaskRegressor, WithTaskFeatures):
    r"""Ridge regression with coefficients that are linear in features of the tasks themselves.

    .. math:: \min_{A, V, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2} \big(\|A\|_F^2 + r \|V\|_F^2\big), \qquad w_k = A^\top z_k + v_k

    with known features z of tasks, a constant 1 first, what they say of coefficients A, (1 + n_task_features,
    n_features), own deviations V of the tasks, and the :math:`n_k` labelled rows of task k. Tasks whose
    features are given but that have no rows are predicted by their features. Without features there is the
    constant alone: tasks are drawn to what they have in common.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of both penalties.
    task_features : mapping of id to list of float, or array of shape (n_tasks, n_task_features), optional
        Features of each task, of similar sizes: a matrix is in the order of `tasks_`, a mapping may have
        further tasks, which can be predicted.
    own_ratio : float in (0, inf), default 10.0
        r, the strength of the penalty of own deviations in units of alpha. Large ones leave what features say.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "quantile" (smoothed), "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative residual or gradient at which iterative solvers stop; closed forms are exact.
    max_iter : int, default 10000
        Largest number of iterations of these.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    task_feature_coef_ : array of shape (1 + n_task_features, n_features)
        A: coefficients of a task whose features are 0, and how they change per unit of each feature of tasks.
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
        If a setting is outside its range, or a task has no features.
    DataError
        If rows, labels and tasks do not fit together.

    Notes
    -----
    For the best A and V the penalty is that of a known covariance :math:`Z Z^\top + I / r` of tasks, and
    squared errors have a closed form. The papers have kernels of pairs of a task and a row, of which this is
    the linear one. Intercepts of tasks without rows are the mean of the others, plus what features say of the
    deviations by the same smoothing.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Bonilla, Agakov and Williams, "Kernel multi-task learning using task-specific features", AISTATS 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import TaskFeaturesRegressor
    >>> random = np.random.default_rng(0)
    >>> sizes = {"s": [1.0], "m": [2.0], "l": [3.0], "xl": [4.0]}
    >>> tasks = np.repeat(["s", "m", "l"], 20)
    >>> X = random.normal(size=(60, 1))
    >>> y = X[:, 0] * np.array([sizes[task][0] for task in tasks])
    >>> model = TaskFeaturesRegressor(1e-5, task_features=sizes, own_ratio=1000.0).fit(
    ...     X, y, tasks=tasks
    ... )
    >>> model.predict([[1.0]], tasks=["xl"]).round(2)
    array([4.])
    """
