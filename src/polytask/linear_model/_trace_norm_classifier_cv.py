"""Classification with tasks in a common subspace, the strength chosen by folds."""

from __future__ import annotations

from polytask.linear_model._path_estimator import PathEstimator
from polytask.linear_model._trace_norm_classifier import TraceNormClassifier

__all__ = ["TraceNormClassifierCV"]


class TraceNormClassifierCV(PathEstimator, TraceNormClassifier):
    r"""`TraceNormClassifier` with the strength that has the lowest loss on rows that were left out.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \alpha \sum_r \sigma_r(W), \qquad s_{ik} = x_i^\top w_k + b_k

    Every fold learns all strengths from the largest down, each from the solution before, until less than a
    thousandth of the loss of zero coefficients is left.

    Parameters
    ----------
    n_alphas : int, default 30
        Number of strengths.
    eps : float in (0, 1), default 0.001
        The smallest strength, in units of the largest, `alpha_max` of all rows.
    alphas : list or tuple of float in (0, inf), optional
        The strengths themselves.
    cv : int, splitter of scikit-learn, or list of (training rows, test rows), default 5
        Number of folds, each with an equal share of the labels of every task, or other folds of rows.
    random_state : int, optional
        Of the folds of an integer `cv`; None keeps the order of rows.
    loss : str or Datafit, default "auto"
        Of a score on a label: logistic, multinomial, of all classes of a task together, or squared_hinge,
        without probabilities; the first if not given. A `polytask.datafits.Datafit` of classes may be given,
        too.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops; at 1e-4 in folds and for larger strengths, if that is larger.
    max_iter : int, default 10000
        Largest number of iterations of the solver, for each strength.

    Attributes
    ----------
    alpha_ : float
        The strength that was chosen.
    alphas_ : array of shape (n_alphas,)
        Strengths, the largest first.
    losses_ : array of shape (n_alphas, n_folds)
        Sums over tasks of mean losses on rows that were left out; infinite where a path had ended.
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
    n_iter_ : int
    dual_gap_ : float
        Relative duality gap at the end.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, a task has fewer labels than there are folds, or a
        split has no labels of a task to learn from.

    References
    ----------
    Argyriou, Evgeniou and Pontil, "Convex multi-task feature learning", Machine Learning 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import TraceNormClassifierCV
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[1.0, 2.0], [-1.0, 1.0]])
    >>> y = (Y > 0).astype(int)
    >>> model = TraceNormClassifierCV(n_alphas=5, cv=3).fit(X, y)
    >>> model.losses_.shape
    (5, 3)
    """
