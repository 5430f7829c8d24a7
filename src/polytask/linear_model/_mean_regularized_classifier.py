"""Classification whose tasks are near their mean."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._mean_regularized import MeanRegularized

__all__ = ["MeanRegularizedClassifier"]


class MeanRegularizedClassifier(MultiTaskClassifier, MeanRegularized):
    r"""Logistic regression towards the mean of the tasks.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \frac{\alpha}{2} \sum_k \|w_k - \bar w\|^2 + \frac{\alpha_0}{2}\, n_\text{tasks} \|\bar w\|^2,
        \qquad s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), their mean over tasks and the
    :math:`n_k` labelled rows of task k. Of more than two classes, which are each scored against the rest,
    each has a mean of its own; where tasks have different ones, only those of two classes have a mean in
    common.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty of deviations from the mean.
    mean_alpha : float in [0, inf), default 1e-4
        :math:`\alpha_0`, of the mean itself.
    unknown_tasks : {"error", "mean"}, default "error"
        Whether a task that was not learned is refused, or is answered by the means of coefficients and
        intercepts.
    loss : str or Datafit, default "auto"
        Of a score on a label: the log loss (auto), "multinomial", of all classes of a task together,
        "squared_hinge" or one of `polytask.datafits`; the objective above has the first.
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
    mean_coef_ : array of shape (n_features,)
        The mean over tasks; of more than two classes (n_classes, n_features).
    mean_intercept_ : float or array of shape (n_classes,)
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
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, or a task has one class alone.

    Notes
    -----
    Evgeniou and Pontil learn support vector machines; see `MeanRegularizedRegressor` for their strengths.

    References
    ----------
    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import MeanRegularizedClassifier
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> tasks = np.repeat(["a", "b", "c"], 20)
    >>> y = (X[:, 0] + X[:, 1] * (tasks == "a") > 0).astype(int)
    >>> model = MeanRegularizedClassifier(alpha=0.1, unknown_tasks="mean").fit(X, y, tasks=tasks)
    >>> model.predict_proba(X[:2], tasks=["a", "a new one"]).shape
    (2, 2)
    """
