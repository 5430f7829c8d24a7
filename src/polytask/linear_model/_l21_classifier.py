"""Classification with features that are selected for all tasks together."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._l21 import JointSelection

__all__ = ["L21Classifier"]


class L21Classifier(MultiTaskClassifier, JointSelection):
    r"""Logistic regression with features that are selected for all tasks together.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \alpha \sum_j \|W_{:j}\|_2, \qquad s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of
    task k. A task of more than two classes has scores for each against the rest, which share the
    features, too.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty.
    loss : str or Datafit, default "auto"
        Of a score on a label: logistic, multinomial, of all classes of a task together, or squared_hinge,
        without probabilities; the first if not given. A `polytask.datafits.Datafit` of classes may be given,
        too.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of steps of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    support_ : array of shape (n_features,), bool
        Features that are used.
    n_iter_ : int
        Steps of the solver.
    dual_gap_ : float
        Relative duality gap at the end.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, or a task has one class alone.

    References
    ----------
    Obozinski, Taskar and Jordan, "Joint covariate selection and joint subspace selection for
    multiple classification problems", Statistics and Computing 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import L21Classifier
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> tasks = np.repeat(["a", "b", "c"], 20)
    >>> y = (X[:, 0] + X[:, 1] * (tasks == "a") > 0).astype(int)
    >>> model = L21Classifier(alpha=0.02).fit(X, y, tasks=tasks)
    >>> model.predict_proba(X[:2], tasks=["a", "c"]).shape
    (2, 2)
    """
