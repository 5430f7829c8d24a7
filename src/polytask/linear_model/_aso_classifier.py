"""Classification with tasks near a subspace that is learned."""

from __future__ import annotations

from polytask.estimators import MultiTaskClassifier
from polytask.linear_model._aso import BestSubspace

__all__ = ["ASOClassifier"]


class ASOClassifier(MultiTaskClassifier, BestSubspace):
    r"""Logistic regression with tasks near a subspace that is learned (ASO).

    .. math:: \min_{W, b, U}\ \sum_k \frac{1}{n_k} \sum_i \log\big(1 + e^{s_{ik}}\big) - y_{ik} s_{ik}
        + \frac{\alpha}{2} \|W - W U^\top U\|_F^2
        + \frac{\alpha \eta}{2} \|W\|_F^2, \qquad s_{ik} = x_i^\top w_k + b_k, \qquad U U^\top = I_h

    with labels y of 0 and 1, the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of
    task k. A task of more than two classes has scores for each against the rest, which are learned like tasks.
    Tasks use h directions of the features in common freely, up to the ridge, and may deviate from what these
    span. U has the h first right singular vectors of W. The problem is not convex: a stationary point is found,
    from ridge regressions of each task on.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.1
        Strength of the penalty of what lies outside the subspace.
    n_components : int in [1, inf), default 2
        Number h of common directions. As many as tasks or features leave the ridge alone.
    eta : float in [0, inf), default 0.1
        Strength of the ridge, in units of alpha.
    loss : str or Datafit, default "auto"
        Of a score on a label: the log loss (auto), "multinomial", of all classes of a task together,
        "squared_hinge" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Norm of the gradient at which the solver stops, relative to that at zero coefficients.
    max_iter : int, default 10000
        Largest number of iterations of the solver.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In log odds per unit of the feature; one row per class of tasks with more than two.
    intercept_ : array of shape (n_tasks,)
    components_ : array of shape (n_components, n_features)
        U, orthonormal directions, the most used first. Fewer if coefficients span less.
    classes_ : array of shape (n_classes,), or list of them
        A list with those of each task where these differ.
    n_iter_ : int
        Iterations of the solver.
    residual_ : float
        Relative norm of the gradient at the end, for the best U.
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
    Ando and Zhang write :math:`w_k = u_k + U^\top v_k` and penalise :math:`\|u_k\|^2`; for the best :math:`v_k`
    that is this penalty without a ridge (``eta=0``), which Chen et al. add. They alternate between W and U;
    here U is eliminated (`QuasiNewton`), with the same stationary points. Ando and Zhang learn U from further
    tasks made of unlabelled data, which may be given here as tasks; groups of features with subspaces of their
    own are left out.

    References
    ----------
    Ando and Zhang, "A framework for learning predictive structures from multiple tasks and unlabeled data",
    JMLR 2005.
    Chen, Tang, Liu and Ye, "A convex formulation for learning shared structures from multiple tasks", ICML 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import ASOClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 4))
    >>> Y = (X @ np.array([[4.0], [-3.0], [0.0], [0.0]])) @ np.array([[1.0, -2.0, 0.5]])
    >>> model = ASOClassifier(alpha=0.1, n_components=1).fit(X, (Y > 0).astype(int))
    >>> model.components_.round(1) + 0
    array([[ 0.8, -0.6,  0. ,  0. ]])
    """
