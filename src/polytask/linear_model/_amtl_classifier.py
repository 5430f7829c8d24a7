"""Classification with transfer from some tasks to others."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._amtl import AsymmetricTransfer

__all__ = ["AMTLClassifier"]


class AMTLClassifier(MultiTaskClassifier, AsymmetricTransfer):
    r"""Logistic regression with learned transfer from some tasks to others (AMTL).

    .. math:: \min_{W, b, B}\ \sum_k \Big(1 + \mu \sum_l B_{kl}\Big) L_k
        + \frac{\alpha}{2} \sum_k \Big\|w_k - \sum_s B_{sk} w_s\Big\|^2
        + \frac{\alpha \eta}{2} \|W\|_F^2, \qquad B \ge 0,\ B_{kk} = 0,

    .. math:: L_k = \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}, \quad s_{ik} = x_i^\top w_k + b_k

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), the weight :math:`B_{sk}` of task s in
    task k, and the :math:`n_k` labelled rows of task k. A task that is predicted badly pays more for what it
    gives to others, so that transfer goes from easy tasks to hard ones. The problem is not convex: a stationary
    point is found, from ridge regressions of each task on. A task of more than two classes has scores for each
    against the rest, which are learned like tasks.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty; without transfer it is that of a ridge regression.
    transfer_cost : float in [0, inf), default 0.1
        :math:`\mu`. Large ones leave no transfer.
    eta : float in [0, inf), default 0.1
        Strength of the ridge, in units of alpha.
    loss : str or Datafit, default "auto"
        Of a score on a label: the log loss (auto), "multinomial", of all classes of a task together,
        "squared_hinge" or one of
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
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    transfer_ : array of shape (n_tasks, n_tasks)
        B: the weight of the row's task in the column's (of rows of `coef_`).
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
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
        If rows, labels and tasks do not fit together, or a task has one class alone.

    Notes
    -----
    The paper's :math:`\lambda` is :math:`\alpha / 2`. Losses are means over rows, as in all models here. The
    paper has no ridge (``eta=0``): two tasks that explain each other then have no penalty, and the coefficients
    of classes that can be separated grow without end. Where there are more tasks than features, the ridge is
    nearly all that is left of the penalty: this model is for few tasks. A turn improves B by coordinate descent
    and solves for W and b; the next one starts from an extrapolated point (Anderson) where that lowers the
    objective, which no turn raises. With `loss` "multinomial" the factor of a task's loss has the mean of what
    its classes give.

    References
    ----------
    Lee, Yang and Hwang, "Asymmetric multi-task learning based on task relatedness and loss", ICML 2016.

    Examples
    --------
    A task of little noise, and one of much:

    >>> import numpy as np
    >>> from polytask.linear_model import AMTLClassifier
    >>> random = np.random.default_rng(0)
    >>> tasks = np.repeat(["easy", "hard"], [200, 60])
    >>> X = random.normal(size=(260, 3))
    >>> y = X @ [1.0, -1.0, 2.0] + np.where(tasks == "easy", 0.1, 2.0) * random.normal(size=260)
    >>> model = AMTLClassifier(alpha=0.3, transfer_cost=0.3).fit(
    ...     X, (y > 0).astype(int), tasks=tasks
    ... )
    >>> model.transfer_.shape
    (2, 2)
    """
