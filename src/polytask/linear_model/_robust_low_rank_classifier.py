"""Classification with tasks in a common subspace, but outliers."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._robust_low_rank import SubspaceWithOutliers

__all__ = ["RobustLowRankClassifier"]


class RobustLowRankClassifier(MultiTaskClassifier, SubspaceWithOutliers):
    r"""Logistic regression with tasks in a common subspace, but outliers.

    .. math:: \min_{B, S, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \alpha \Big(\|B\|_* + r \sum_k \|S_{k:}\|_2\Big), \qquad W = B + S,\ s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of
    task k.
    Tasks are combinations of a few directions, B, but those whose row of S is not 0: outliers.
    A task of more than two classes has scores for each against the rest, which are learned like tasks.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; from `alpha_max` of the data on, all coefficients are 0.
    own_ratio : float in (0, inf), default 0.5
        Strength r of the penalty of S, in units of alpha.
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
    common_coef_, own_coef_ : array of shape (n_tasks, n_features)
        B and S, whose sum is `coef_`.
    outlier_tasks_ : array of shape (n_tasks,), bool
        Tasks with coefficients of their own, S.
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span B, the most used first.
    rank_ : int
        Their number.
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

    Notes
    -----
    With r from 1 on S is 0. The paper's strengths are `alpha` and r times `alpha` (robust multi-task learning,
    RMTL).

    References
    ----------
    Chen, Zhou and Ye, "Integrating low-rank and group-sparse structures for robust multi-task learning",
    KDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import RobustLowRankClassifier
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0, 0.5], [-1.0, 1.0, 2.0]])
    >>> Y = (Y > 0).astype(int)
    >>> model = RobustLowRankClassifier(alpha=0.05).fit(X, Y)
    >>> model.outlier_tasks_.shape
    (3,)
    """
