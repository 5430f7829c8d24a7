"""Classification with a learned covariance of tasks."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._task_relationship import TaskRelationship

__all__ = ["TaskRelationshipClassifier"]


class TaskRelationshipClassifier(MultiTaskClassifier, TaskRelationship):
    r"""Logistic regression with a learned covariance of tasks (MTRL).

    .. math:: \min_{W, b, \Omega}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \frac{\alpha}{2} \operatorname{tr} \big(\Omega^{-1} (W W^\top + \varepsilon I)\big),
        \qquad \operatorname{tr} \Omega = n_\text{tasks},
        \qquad s_{ik} = x_i^\top w_k + b_k,

    with the coefficients W, (n_tasks, n_features), labels y of 0 and 1 and the :math:`n_k` labelled rows of task k.
    Tasks may be related positively, negatively or not at all. The problem is convex; the best covariance of W is

    .. math:: \Omega = n_\text{tasks}\, (W W^\top + \varepsilon I)^{1/2}
        \big/ \operatorname{tr}\, (W W^\top + \varepsilon I)^{1/2}

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty; with a covariance of the identity it is that of a ridge regression.
    epsilon : float in (0, inf), default 0.01
        What keeps the covariance invertible, in units of the mean squared norm of the tasks' coefficients by
        ridge regressions of the same strength; larger values keep it nearer to the identity.
    loss : str or Datafit, default "auto"
        Of a score on a label: the log loss (auto), "multinomial", of all classes of a task together,
        "squared_hinge" or one of `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-4
        Norm of the gradient at which the solver stops, relative to that at zero coefficients.
    max_iter : int, default 10000
        Largest number of steps of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    task_covariance_ : array of shape (n_tasks, n_tasks)
        Ω, of the rows of `coef_`, with their number as trace.
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    n_iter_ : int
        Steps of the solver.
    residual_ : float
        Relative norm of the gradient at the end, for the best covariance.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, or a task has one class alone.

    Notes
    -----
    Zhang and Yeung hold the trace at 1, so that their strength is n_tasks times ours, penalise
    :math:`\|W\|^2` too, and refit the covariance after each solution for W. Here the covariance is eliminated
    (`QuasiNewton`), and ε belongs to the objective. Some implementations penalise intercepts as
    coefficients, which is worse where the tasks' levels differ.

    References
    ----------
    Zhang and Yeung, "A convex formulation for learning task relationships in multi-task learning",
    UAI 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import TaskRelationshipClassifier
    >>> X = np.random.default_rng(0).normal(size=(50, 4))
    >>> score = X @ [1.0, -1.0, 0.5, 0.0]
    >>> Y = np.stack([score > 0, score > 0.2, score < 0], axis=1).astype(int)
    >>> model = TaskRelationshipClassifier().fit(X, Y)
    >>> np.sign(model.task_covariance_)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """
