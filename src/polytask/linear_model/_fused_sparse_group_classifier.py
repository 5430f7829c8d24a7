"""Classification of tasks in order, with features selected and coefficients of neighbours equal."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._fused_sparse_group import FusedSelection

__all__ = ["FusedSparseGroupClassifier"]


class FusedSparseGroupClassifier(MultiTaskClassifier, FusedSelection):
    r"""Logistic regression of tasks in order, such as times, with coefficients of neighbours mostly equal (cFSGL).

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \alpha \Big[(1 - r) \sum_j \|W_{:j}\|_2 + r \sum_{kj} |W_{kj}|
        + q \sum_{k, j} |W_{k+1, j} - W_{kj}|\Big], \qquad s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of
    task k. Tasks are in the order of `tasks_`: ids are sorted, columns of Y stay in their order.
    A task of more than two classes has scores for each against the rest, whose neighbours are those of the
    same class; where tasks have different classes, only those of two have neighbours.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; from `alpha_max` of the data on, all coefficients are 0.
    l1_ratio : float in [0, 1], default 0.5
        The share r of absolute coefficients; 1 is the fused lasso.
    fused_ratio : float in [0, inf), default 0.5
        Strength q of differences, in units of alpha; 0 is `SparseGroupClassifier`.
    loss : str or Datafit, default "auto"
        Of a score on a label: logistic, multinomial, of all classes of a task together, or squared_hinge,
        without probabilities; the first if not given. A `polytask.datafits.Datafit` of classes may be given, too.
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
    support_ : array of shape (n_tasks, n_features), bool
        Which task uses which feature.
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
    The paper learns numbers; see `FusedSparseGroupRegressor` for its strengths.

    References
    ----------
    Zhou, Liu, Narayan and Ye, "Modeling disease progression via fused sparse group lasso", KDD 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import FusedSparseGroupClassifier
    >>> random = np.random.default_rng(0)
    >>> years = np.repeat([2001, 2002, 2003, 2004], 40)
    >>> X = random.normal(size=(160, 3))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> model = FusedSparseGroupClassifier(alpha=0.1, fused_ratio=2.0).fit(X, y, tasks=years)
    >>> model.support_.any(axis=0), bool(np.ptp(model.coef_, axis=0).max() == 0)
    (array([ True, False, False]), True)
    """
