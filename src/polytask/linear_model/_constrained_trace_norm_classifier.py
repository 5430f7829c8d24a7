"""Classification with tasks in a common subspace of features, of a bounded trace norm."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._constrained_trace_norm import BoundedSubspace

__all__ = ["ConstrainedTraceNormClassifier"]


class ConstrainedTraceNormClassifier(MultiTaskClassifier, BoundedSubspace):
    r"""Logistic regression with tasks in a common subspace of features, by a bound on the trace norm.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik},
        \qquad \sum_r \sigma_r(W) \le \tau,\ s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the singular values :math:`\sigma` of the coefficients W, (n_tasks,
    n_features), and the :math:`n_k` labelled rows of task k. A task of more than two classes has scores
    for each against the rest, which share the directions, too.

    Parameters
    ----------
    radius : float in (0, inf), default 1.0
        :math:`\tau`, the largest sum of singular values, in units of coefficients.
    loss : str or Datafit, default "auto"
        Of a score on a label: logistic, multinomial, of all classes of a task together, or squared_hinge,
        without probabilities; the first if not given. A `polytask.datafits.Datafit` of classes may be given, too.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative duality gap at which the solver stops, in units of the loss of zero coefficients: that of Frank and
        Wolfe.
    max_iter : int, default 10000
        Largest number of steps of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    components_ : array of shape (rank_, n_features)
        Orthonormal directions that span the coefficients of all tasks, the most used first.
    rank_ : int
        Their number.
    alpha_ : float
        The strength at which `TraceNormClassifier` has the same solution, near 0 if the bound does not bind.
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

    Notes
    -----
    The papers take Frank-Wolfe steps, each along one pair of singular vectors; here each step projects onto
    matrices of the bounded norm. The gap is :math:`\langle \nabla f, W\rangle + \tau \|\nabla f\|`, with the
    largest singular value.

    References
    ----------
    Jaggi and Sulovský, "A simple algorithm for nuclear norm regularized problems", ICML 2010.
    Jaggi, "Revisiting Frank-Wolfe: projection-free sparse convex optimization", ICML 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import ConstrainedTraceNormClassifier
    >>> X = np.random.default_rng(0).normal(size=(90, 4))
    >>> tasks = np.repeat(["a", "b", "c"], 30)
    >>> y = (X[:, 0] - X[:, 1] > 0).astype(int)
    >>> model = ConstrainedTraceNormClassifier(radius=1.5).fit(X, y, tasks=tasks)
    >>> model.rank_
    1
    """
