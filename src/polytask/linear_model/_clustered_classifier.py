"""Classification with tasks in a few clusters."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._clustered import TasksInClusters

__all__ = ["ClusteredClassifier"]


class ClusteredClassifier(MultiTaskClassifier, TasksInClusters):
    r"""Logistic regression with tasks in a few clusters.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \frac{\alpha}{2} \min_M \operatorname{tr} W^\top (M + \eta I)^{-1} W, \qquad s_{ik} = x_i^\top w_k + b_k

    over M with eigenvalues from 0 to 1 that sum to the number of clusters, the relaxed projection onto their
    indicators. Coefficients that tasks of a cluster share cost less than their differences.
    W are the coefficients, (n_tasks, n_features), :math:`n_k` the labelled rows of task k.
    A task of more than two classes has scores for each against the rest, which are learned like tasks.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty.
    n_clusters : int, default 3
        Number of clusters.
    eta : float in (0, inf), default 0.1
        Cost of what clusters share in relation to differences. Small ones make clusters tight.
    loss : str or Datafit, default "auto"
        Of a score on a label: logistic, multinomial, of all classes of a task together, or squared_hinge,
        without probabilities; the first if not given. A `polytask.datafits.Datafit` of classes may be given,
        too.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative fixed-point residual at which the solver stops.
    max_iter : int, default 10000
        Largest number of iterations of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    task_groups_ : array of shape (n_tasks,), int
        The cluster of each task (of each row of `coef_`), in the order of their appearance.
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
        If rows, labels and tasks do not fit together, or a task has one class alone.

    Notes
    -----
    The papers alternate between W and M; here the best M is part of the proximal map (`ClusterNorm`).
    Clusters are those of k-means in the span of the relaxed indicators.

    References
    ----------
    Jacob, Bach and Vert, "Clustered multi-task learning: a convex formulation", NeurIPS 2008.
    Zhou, Chen and Ye, "Clustered multi-task learning via alternating structure optimization", NeurIPS 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import ClusteredClassifier
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> Y = X[:, :2] @ np.array([[2.0, -1.0, -1.1], [0.0, 1.0, 1.1]])
    >>> Y = (Y > 0).astype(int)
    >>> model = ClusteredClassifier(alpha=0.1, n_clusters=2).fit(X, Y)
    >>> model.task_groups_
    array([0, 1, 1])
    """
