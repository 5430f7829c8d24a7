"""Kernel ridge regression of several tasks."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor, TaskTable
from polytask.kernel_methods._kernel_ridge import KernelRidge
from polytask.kernel_methods._kernel_rows import KernelRows

__all__ = ["MultiTaskKernelRidge"]


class MultiTaskKernelRidge(MultiTaskRegressor, KernelRidge):
    r"""Kernel ridge regression of several tasks with a shared kernel and a covariance of tasks.

    .. math:: \min_{f, b}\ \sum_k \sum_i \frac{\omega_{ik}}{2} (y_{ik} - f_k(x_i) - b_k)^2
        + \frac\alpha2 \|f\|^2, \qquad K\big((x, k), (x', l)\big) = B_{kl}\, k(x, x')

    with row weights :math:`\omega` that sum to 1 in every task (times its factor, `task_weights`), and the norm
    of the space of the kernel K. By default B is 1 on the diagonal and `shared` elsewhere: a part of the function
    is common to all tasks and a part is each task's own. In `polytask.compare` and on the command line its name is
    ``multi_task_kernel_ridge``, with `MultiTaskKernelRidgeClassifier` for classes.

    Parameters
    ----------
    alpha : float in (0, inf), default 0.01
        Strength of the penalty. A single task of n rows equals scikit-learn's ``KernelRidge(alpha * n)`` on
        centred kernels.
    kernel : {"rbf", "linear", "polynomial", "laplacian", "cosine"}, default "rbf"
        Kernel of inputs.
    gamma : float in (0, inf) or "scale", default "scale"
        Width of ``rbf``, ``laplacian`` and ``polynomial``; "scale" is 1 / (n_features · the variance of X), where
        every task counts the same.
    degree : int, default 3
        Of ``polynomial``.
    coef0 : float in [0, inf), default 1.0
        Of ``polynomial``.
    shared : float in [0, 1], default 0.5
        Covariance of every two tasks: 0 learns each alone, 1 one function for all.
    task_covariance : array of shape (n_tasks, n_tasks) or "learned", optional
        Covariance B in the order of `tasks_`, symmetric and positive semi-definite, in place of `shared`; "learned"
        minimises over it, too, from that of `shared` on, with the trace n_tasks.
    epsilon_covariance : float in (0, inf), default 1e-3
        Keeps a learned covariance invertible, in units of the mean squared norm of the tasks' functions for the
        first covariance; larger values keep it nearer to the identity.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    approximation : {None, "nystroem", "random_features"}, default None
        For many rows: the kernel of some rows (any kernel), or of random waves (``rbf``).
    n_components : int, default 300
        Features of the approximation.
    random_state : int, optional
        Seed of the approximation.

    Attributes
    ----------
    dual_coef_ : array of shape (n, n_tasks)
        Coefficients of the kernels of rows, those of the task covariance included; without features.
    support_vectors_ : array or sparse array of shape (n, n_features)
        The rows; without features.
    feature_coef_ : array of shape (n_components, n_tasks)
        Coefficients of the features of an approximation or, where that is less work, of the inputs
        themselves with a linear kernel.
    feature_map_ : Nystroem, RBFSampler or None
        The fitted approximation; None for the inputs themselves.
    intercept_ : array of shape (n_tasks,)
    task_covariance_ : array of shape (n_tasks, n_tasks)
    gamma_ : float
    n_iter_ : int
        Covariances that were tried; 0 of a given one.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range, or the covariance has another size.
    DataError
        If rows, labels and tasks do not fit together, or are too many for an exact solution.

    Notes
    -----
    Tasks that share complete rows are solved by the eigenvectors of both kernels,
    :math:`O(n^3 + n^2 T + T^3)`; others by one Cholesky factor of the joint matrix of all labels. With m features
    and B = d I + R Rᵀ of rank r (1 by default), systems of m and of r m equations are solved, and time is linear
    in the rows. The intercepts are exact: no column of ones stands for them. Evgeniou et al. have
    none. With a learned covariance the objective has the further term
    :math:`\tfrac{\alpha\varepsilon}2 \operatorname{tr} B^{-1}` and is convex in functions and covariance together;
    both are solved in turn, a solution per covariance. Zhang and Yeung hold the trace at 1, penalise the norm
    of all functions too, and leave ε out of the objective.

    References
    ----------
    Evgeniou, Micchelli and Pontil, "Learning multiple tasks with kernel methods", JMLR 2005.
    Zhang and Yeung, "A convex formulation for learning task relationships in multi-task learning",
    UAI 2010.
    Williams and Seeger, "Using the Nyström method to speed up kernel machines", NeurIPS 2000.
    Rahimi and Recht, "Random features for large-scale kernel machines", NeurIPS 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import MultiTaskKernelRidge
    >>> X = np.random.default_rng(0).uniform(-3, 3, size=(60, 1))
    >>> tasks = np.repeat(["a", "b"], 30)
    >>> y = np.sin(X[:, 0]) + 0.2 * (tasks == "b")
    >>> model = MultiTaskKernelRidge(alpha=1e-4, shared=0.9).fit(X, y, tasks=tasks)
    >>> model.predict(np.array([[1.0], [1.0]]), tasks=["a", "b"]).round(1)
    array([0.8, 1. ])
    """

    def learn(self, table: TaskTable) -> None:
        """Solve in closed form, in turn with the covariance where that is learned."""
        self._learn_rows(KernelRows.of(table))
