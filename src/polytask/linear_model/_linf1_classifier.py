"""Classification with features selected for all tasks by their largest coefficient."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._linf1 import LargestSelection

__all__ = ["LInf1Classifier"]


class LInf1Classifier(MultiTaskClassifier, LargestSelection):
    r"""Logistic regression with features selected for all tasks by their largest coefficient.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \alpha \sum_j \max_k |W_{kj}|, \qquad s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of
    task k.
    A feature is used by all tasks or by none, with coefficients that tend to be equally large.
    A task of more than two classes has scores for each against the rest, which are learned like tasks.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; from `alpha_max` of the data on, all coefficients are 0.
    loss : str or Datafit, default "auto"
        Of a score on a label: logistic, multinomial, of all classes of a task together, or squared_hinge,
        without probabilities; the first if not given. A `polytask.datafits.Datafit` of classes may be given,
        too.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of zero coefficients.
    max_iter : int, default 10000
        Largest number of iterations of the solver.

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
        If rows, labels and tasks do not fit together, or a task has one class alone.

    References
    ----------
    Turlach, Venables and Wright, "Simultaneous variable selection", Technometrics 2005.
    Quattoni, Carreras, Collins and Darrell, "An efficient projection for l1,infinity regularization",
    ICML 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import LInf1Classifier
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> Y = (Y > 0).astype(int)
    >>> model = LInf1Classifier(alpha=0.02).fit(X, Y)
    >>> model.support_.shape
    (4,)
    """
