"""Classification with levels of features that tasks share, and sparse factors of each task."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._multi_level_lasso import LevelsOfFeatures

__all__ = ["MultiLevelLassoClassifier"]


class MultiLevelLassoClassifier(MultiTaskClassifier, LevelsOfFeatures):
    r"""Logistic regression with levels of features that tasks share, and sparse factors of each task.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \alpha \sum_j \sqrt{\|W_{:j}\|_1}, \qquad s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k. A
    task of more than two classes has scores for each against the rest, which are learned like tasks. It is the best of
    all products :math:`W_{kj} = \theta_j \gamma_{kj}` of levels and factors with absolute values as penalties. Large
    coefficients are shrunk less than by `L21Classifier`, and a feature may be used by some tasks alone.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty.
    loss : str or Datafit, default "auto"
        Of a score on a label: logistic, multinomial, of all classes of a task together, or squared_hinge,
        without probabilities; the first if not given. A `polytask.datafits.Datafit` of classes may be given, too.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative fixed-point residual, and change of levels, at which the solver stops.
    max_iter : int, default 10000
        Largest number of iterations for one set of levels.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    levels_ : array of shape (n_features,)
        :math:`\theta`, roots of the sums of absolute coefficients; `coef_` is their product with the factors.
    support_ : array of shape (n_features,), bool
        Features that are used.
    n_iter_ : int
        Iterations for all levels together.
    residual_ : float
        Relative fixed-point residual, or change of levels if larger, at the end.
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
    The paper learns numbers; see `MultiLevelLassoRegressor` for its strengths and for how the problem, which is
    not convex, is solved.

    References
    ----------
    Lozano and Swirszcz, "Multi-level lasso for sparse multi-task regression", ICML 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import MultiLevelLassoClassifier
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> model = MultiLevelLassoClassifier(alpha=0.1).fit(X, (Y > 0).astype(int))
    >>> model.support_
    array([ True,  True, False, False])
    """
