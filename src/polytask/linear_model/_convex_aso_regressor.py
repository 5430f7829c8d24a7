"""Regression with tasks near a relaxed subspace that is learned."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._convex_aso import RelaxedSubspace

__all__ = ["ConvexASORegressor"]


class ConvexASORegressor(MultiTaskRegressor, RelaxedSubspace):
    r"""Linear regression with tasks near a relaxed subspace that is learned (cASO).

    .. math:: \min_{W, b, M}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2}\, \eta (1 + \eta)
        \operatorname{tr} W (M + \eta I)^{-1} W^\top

    with the coefficients W, (n_tasks, n_features), symmetric matrices M, (n_features, n_features), with
    eigenvalues from 0 to 1 that sum to h, and the :math:`n_k` labelled rows of task k. If M projects onto h
    directions, the penalty is that of `ASORegressor`; the problem is convex, so that its best solution is found.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty of what lies outside the subspace.
    n_components : int in [1, inf), default 2
        Sum h of the eigenvalues of M, the number of common directions. As many as tasks or features leave a ridge of
        strength :math:`\alpha \eta`.
    eta : float in (0, inf), default 0.1
        Strength of the ridge, in units of alpha.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "quantile" (smoothed), "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative fixed-point residual at which the solver stops; of other losses than squared errors the norm of the
        gradient, relative to that at zero coefficients.
    max_iter : int, default 10000
        Largest number of iterations of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    components_ : array of shape (rank, n_features)
        Orthonormal eigenvectors of M that coefficients use, those with the largest eigenvalues first.
    shares_ : array of shape (rank,)
        Their eigenvalues, from 0 to 1: how far each direction is common.
    n_iter_ : int
        Iterations of the solver.
    residual_ : float
        Relative fixed-point residual, or norm of the gradient, at the end.
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
    The papers alternate between W and M, or take gradients of both; here the best M is part of the proximal map
    (`penalties.ClusterNorm`). On the side of tasks the same penalty is that of `ClusteredRegressor` (Zhou et
    al.), whose strength is :math:`\alpha \eta (1 + \eta)` of this one. The papers' strengths are :math:`\alpha
    / 2` and :math:`\beta = \alpha \eta / 2`.

    References
    ----------
    Chen, Tang, Liu and Ye, "A convex formulation for learning shared structures from multiple tasks", ICML 2009.
    Chen, Tang, Liu and Ye, "A convex formulation for learning a shared predictive structure from multiple tasks",
    IEEE Transactions on Pattern Analysis and Machine Intelligence 2013.
    Zhou, Chen and Ye, "Clustered multi-task learning via alternating structure optimization", NeurIPS 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import ConvexASORegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 4))
    >>> Y = (X @ np.array([[4.0], [-3.0], [0.0], [0.0]])) @ np.array([[1.0, -2.0, 0.5]])
    >>> model = ConvexASORegressor(alpha=0.1, n_components=1).fit(X, Y)
    >>> model.components_[0].round(1) + 0, model.shares_
    (array([ 0.8, -0.6,  0. ,  0. ]), array([1.]))
    """
