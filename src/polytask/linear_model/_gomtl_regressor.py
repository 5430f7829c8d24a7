"""Regression with sparse combinations of components that tasks share."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._gomtl import SparseCombinations

__all__ = ["GOMTLRegressor"]


class GOMTLRegressor(MultiTaskRegressor, SparseCombinations):
    r"""Linear regression with coefficients that are sparse combinations of components (GO-MTL).

    .. math:: \min_{S, C, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \alpha \|S\|_1 + \frac{\alpha}{2} \|C\|_F^2, \qquad W = S C

    with the coefficients W, (n_tasks, n_features), sparse codes S of tasks, (n_tasks, n_components), components
    C that tasks share, and the :math:`n_k` labelled rows of task k. Tasks with the same components are a group;
    groups overlap where they have some in common. The problem is not convex: a stationary point is found, from
    the span of ridge regressions of each task on.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of both penalties.
    n_components : int in [1, inf), default 3
        Number of components. Of more than tasks or features, their number counts.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "quantile" (smoothed), "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-3
        How far a turn may move components, relative to their norm, when it stops.
    max_iter : int, default 1000
        Largest number of turns.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        W, in units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    codes_ : array of shape (n_tasks, n_components)
        S.
    components_ : array of shape (n_components, n_features)
        C, in the units of `coef_`. One that no task uses is 0.
    task_groups_ : array of shape (n_tasks,), int
        Tasks whose codes use the same components, numbered as they appear.
    n_iter_ : int
        Turns.
    residual_ : float
        How far the last turn moved components, relative to their norm.
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
    Kumar and Daumé have strengths :math:`\mu` of S and :math:`\lambda` of C, without a half. Components may be
    scaled against their codes, so that only :math:`\mu^2 \lambda` has an influence on W: :math:`2 \mu^2 \lambda
    = \alpha^3`. Their first components are singular vectors of ridge regressions; here these are rotated
    (varimax), since codes that all use all of them may be a saddle point. A turn learns codes with intercepts
    (`ProximalGradient`), components (`QuasiNewton`), and the best scales of both. Components of the next turn
    are extrapolated (Anderson) where that lowers the objective, which no turn raises.

    References
    ----------
    Kumar and Daumé, "Learning task grouping and overlap in multi-task learning", ICML 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import GOMTLRegressor
    >>> X = np.random.default_rng(0).normal(size=(100, 4))
    >>> coef = np.array(
    ...     [
    ...         [2.0, -2.0, 0.0, 0.0],
    ...         [1.0, -1.0, 0.0, 0.0],
    ...         [0.0, 0.0, 3.0, 1.0],
    ...         [0.0, 0.0, 2.0, 0.7],
    ...     ]
    ... )
    >>> model = GOMTLRegressor(alpha=0.05, n_components=2).fit(X, X @ coef.T)
    >>> model.task_groups_
    array([0, 0, 1, 1])
    """
