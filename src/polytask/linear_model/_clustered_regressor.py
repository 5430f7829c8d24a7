"""Regression with tasks in a few clusters."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._clustered import TasksInClusters

__all__ = ["ClusteredRegressor"]


class ClusteredRegressor(MultiTaskRegressor, TasksInClusters):
    r"""Regression with tasks in a few clusters.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2} \min_M \operatorname{tr} W^\top (M + \eta I)^{-1} W

    over M with eigenvalues from 0 to 1 that sum to the number of clusters, the relaxed projection onto their
    indicators. Coefficients that tasks of a cluster share cost less than their differences.
    W are the coefficients, (n_tasks, n_features), :math:`n_k` the labelled rows of task k.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty.
    n_clusters : int, default 3
        Number of clusters.
    eta : float in (0, inf), default 0.1
        Cost of what clusters share in relation to differences. Small ones make clusters tight.
    loss : str or Datafit, default "auto"
        Of a score on a label: squared, huber, quantile (smoothed) or poisson, whose predictions are rates;
        the first if not given. A `polytask.datafits.Datafit` has its settings, such as ``Huber(delta=1.0)``.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative fixed-point residual at which the solver stops.
    max_iter : int, default 10000
        Largest number of iterations of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    task_groups_ : array of shape (n_tasks,), int
        The cluster of each task, in the order of their appearance.
    n_iter_ : int
        Iterations.
    residual_ : float
        Relative fixed-point residual at the end.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together.

    Notes
    -----
    The papers alternate between W and M; here the best M is part of the proximal map (`ClusterNorm`).
    Clusters are those of k-means in the span of the relaxed indicators.
    The solver is `AlternatingDirections`.

    References
    ----------
    Jacob, Bach and Vert, "Clustered multi-task learning: a convex formulation", NeurIPS 2008.
    Zhou, Chen and Ye, "Clustered multi-task learning via alternating structure optimization", NeurIPS 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import ClusteredRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[3.0, -1.0, -1.1], [-2.0, 1.0, 1.1]])
    >>> model = ClusteredRegressor(alpha=0.1, n_clusters=2).fit(X, Y)
    >>> model.task_groups_
    array([0, 1, 1])
    """
