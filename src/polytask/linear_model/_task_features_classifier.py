"""Classification with coefficients that are functions of the tasks' own features."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._task_features import WithTaskFeatures

__all__ = ["TaskFeaturesClassifier"]


class TaskFeaturesClassifier(MultiTaskClassifier, WithTaskFeatures):
    r"""Logistic regression with coefficients that are linear in features of the tasks themselves.

    .. math:: \min_{A, V, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \frac{\alpha}{2} \big(\|A\|_F^2 + r \|V\|_F^2\big), \qquad w_k = A^\top z_k + v_k,
        \quad s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, known features z of tasks, a constant 1 first, what they say of coefficients A,
    (1 + n_task_features, n_features), own deviations V of the tasks, and the :math:`n_k` labelled rows of task k.
    Tasks whose features are given but that have no rows are predicted by their features. Of more than two
    classes, which are each scored against the rest, each has an A of its own; where tasks have different ones,
    only those of two classes have one in common. Without features there is the constant alone: tasks are drawn
    to what they have in common.

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
        Of a score on a label: the log loss (auto), "multinomial", of all classes of a task together,
        "squared_hinge" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Norm of the gradient at which the solver stops, relative to that at zero coefficients.
    max_iter : int, default 10000
        Largest number of steps of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    task_feature_coef_ : array of shape (1 + n_task_features, n_features)
        A: coefficients of a task whose features are 0, and how they change per unit of each feature of
        tasks; of more than two classes, those of each class below each other.
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    n_iter_ : int
        Steps of the solver.
    residual_ : float
        Relative norm of the gradient at the end.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or a task has no features.
    DataError
        If rows, labels and tasks do not fit together, or a task has one class alone.

    Notes
    -----
    For the best A and V the penalty is that of a known covariance :math:`Z Z^\top + I / r` of tasks. The papers
    have kernels of pairs of a task and a row, of which this is the linear one. Intercepts of tasks without rows
    are the mean of the others, plus what features say of the deviations by the same smoothing.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Bonilla, Agakov and Williams, "Kernel multi-task learning using task-specific features", AISTATS 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import TaskFeaturesClassifier
    >>> random = np.random.default_rng(0)
    >>> sizes = {"s": [-1.0], "m": [0.2], "l": [1.0], "xl": [2.0]}
    >>> tasks = np.repeat(["s", "m", "l"], 20)
    >>> X = random.normal(size=(60, 1))
    >>> y = (X[:, 0] * np.array([sizes[task][0] for task in tasks]) > 0).astype(int)
    >>> model = TaskFeaturesClassifier(alpha=0.01, task_features=sizes).fit(X, y, tasks=tasks)
    >>> model.predict([[1.0], [1.0]], tasks=["xl", "s"])
    array([1, 0])
    """
