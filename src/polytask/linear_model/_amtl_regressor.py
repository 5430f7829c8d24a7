"""Regression with transfer from some tasks to others."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._amtl import AsymmetricTransfer

__all__ = ["AMTLRegressor"]


class AMTLRegressor(MultiTaskRegressor, AsymmetricTransfer):
    r"""Linear regression with learned transfer from some tasks to others (AMTL).

    .. math:: \min_{W, b, B}\ \sum_k \Big(1 + \mu \sum_l B_{kl}\Big) L_k
        + \frac{\alpha}{2} \sum_k \Big\|w_k - \sum_s B_{sk} w_s\Big\|^2
        + \frac{\alpha \eta}{2} \|W\|_F^2, \qquad B \ge 0,\ B_{kk} = 0,

    .. math:: L_k = \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2

    with the coefficients W, (n_tasks, n_features), the weight :math:`B_{sk}` of task s in task k, and the
    :math:`n_k` labelled rows of task k. A task that is predicted badly pays more for what it gives to others,
    so that transfer goes from easy tasks to hard ones. The problem is not convex: a stationary point is found,
    from ridge regressions of each task on.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty; without transfer it is that of a ridge regression.
    transfer_cost : float in [0, inf), default 0.1
        :math:`\mu`. Large ones leave no transfer.
    eta : float in [0, inf), default 0.1
        Strength of the ridge, in units of alpha.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "quantile" (smoothed), "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-3
        How far a turn may move coefficients and weights of transfer, relative to their norm, when it stops.
    max_iter : int, default 1000
        Largest number of turns.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    transfer_ : array of shape (n_tasks, n_tasks)
        B: the weight of the row's task in the column's.
    n_iter_ : int
        Turns.
    residual_ : float
        How far the last turn moved coefficients and weights, relative to their norm.
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
    The paper's :math:`\lambda` is :math:`\alpha / 2`. Losses are means over rows, as in all models here. The
    paper has no ridge (``eta=0``): two tasks that explain each other then have no penalty, and the coefficients
    of classes that can be separated grow without end. Where there are more tasks than features, the ridge is
    nearly all that is left of the penalty: this model is for few tasks. A turn improves B by coordinate descent
    and solves for W and b; the next one starts from an extrapolated point (Anderson) where that lowers the
    objective, which no turn raises.

    References
    ----------
    Lee, Yang and Hwang, "Asymmetric multi-task learning based on task relatedness and loss", ICML 2016.

    Examples
    --------
    A task of little noise, and one of much:

    >>> import numpy as np
    >>> from polytask.linear_model import AMTLRegressor
    >>> random = np.random.default_rng(0)
    >>> tasks = np.repeat(["easy", "hard"], [200, 60])
    >>> X = random.normal(size=(260, 3))
    >>> y = X @ [1.0, -1.0, 2.0] + np.where(tasks == "easy", 0.1, 2.0) * random.normal(size=260)
    >>> model = AMTLRegressor(alpha=0.3, transfer_cost=0.3).fit(X, y, tasks=tasks)
    >>> bool(model.transfer_[0, 1] > model.transfer_[1, 0])
    True
    """
