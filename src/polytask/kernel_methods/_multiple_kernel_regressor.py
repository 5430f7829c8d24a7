"""Kernel ridge regression of several tasks with weights of several kernels per task."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor, TaskTable
from polytask.kernel_methods._kernel_rows import KernelRows
from polytask.kernel_methods._multiple_kernel import MultipleKernel

__all__ = ["MultipleKernelRegressor"]


class MultipleKernelRegressor(MultiTaskRegressor, MultipleKernel):
    r"""Kernel ridge regression of several tasks that learns the weights of several kernels for each.

    .. math:: \min_{f, b}\ \sum_k \sum_i \frac{\omega_{ik}}{2} \Big(y_{ik} - \sum_m f_{km}(x_i) - b_k\Big)^2
        + \frac{\alpha c}2 \Big(\sum_m \Big(\sum_k \|f_{km}\|^q\Big)^{1/q}\Big)^2

    with functions :math:`f_{km}` of task k and kernel m, row weights :math:`\omega` that sum to 1 in every task (times
    its factor, `task_weights`), and :math:`c = T^{-(2 - q) / q}` for T tasks. The same is a kernel ridge
    regression per task with the kernel :math:`\sum_m d_{km} k_m`, whose weights d are learned, too:

    .. math:: \Big(\sum_m \Big(\sum_k \|f_{km}\|^q\Big)^{1/q}\Big)^2 c = \min_{d \ge 0}\ \sum_{km}
        \frac{\|f_{km}\|^2}{d_{km}} \quad \text{s.t.} \quad
        \sum_m \Big(\frac1T \sum_k d_{km}^r\Big)^{1/r} \le 1, \quad r = \frac{q}{2 - q}

    With q = 2 all tasks have the same weights, which sum to 1; with q = 1 each task may have kernels of its own; between
    them kernels of weight 0 are those that no task needs.

    Parameters
    ----------
    alpha : float in (0, inf), default 0.03
        Strength of the penalty. With a single kernel it is that of `MultiTaskKernelRidge` without sharing, for the
        kernel of variance 1.
    kernels : tuple of {"linear", "rbf", "polynomial", "laplacian", "cosine"}, default ("linear", "rbf")
        Kernels of inputs. Each is divided by its mean variance over the tasks.
    gammas : tuple of float in (0, inf), default (0.1, 1.0, 10.0)
        Widths of ``rbf``, ``laplacian`` and ``polynomial``, each a kernel, in units of 1 / (n_features · the variance
        of X), where every task counts the same.
    degree : int, default 3
        Of ``polynomial``.
    coef0 : float in [0, inf), default 1.0
        Of ``polynomial``.
    task_norm : float in [1, 2], default 1.5
        q, which ties the weights of tasks.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-4
        Relative duality gap at which the solver stops, in units of the loss of constant predictions.
    max_iter : int, default 1000
        Largest number of solutions for given weights.

    Attributes
    ----------
    kernel_weights_ : array of shape (n_tasks, n_kernels)
        d.
    kernel_names_, kernel_gammas_ : array of shape (n_kernels,)
        Names, and widths; 0 where there is none.
    kernel_sizes_ : array of shape (n_kernels,)
        What each kernel is divided by.
    dual_coef_ : array of shape (n, n_tasks)
        Coefficients of the weighted kernels of rows.
    support_vectors_ : array or sparse array of shape (n, n_features)
        The rows.
    intercept_ : array of shape (n_tasks,)
    n_iter_ : int
        Solutions for given weights.
    dual_gap_ : float
        Relative duality gap at the end.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, or there are too many rows.

    Notes
    -----
    Functions and weights are solved in turn: a Cholesky factor per task, then weights in closed form, taken further on
    a logarithmic scale while that lowers the objective. Rakotomamonjy et al. penalise
    :math:`\sum_m (\sum_k \|f_{km}\|^q)^{p / q}` with :math:`p \le 1`; here p is 1, which is convex, and the sum is
    squared, which gives the same path of solutions and a budget of weights. Their losses are hinge losses. Tasks have
    only the weights of kernels in common.

    References
    ----------
    Rakotomamonjy, Flamary, Gasso and Canu, "lp-lq penalty for sparse linear and sparse multiple kernel
    multitask learning", IEEE Transactions on Neural Networks 2011.
    Micchelli and Pontil, "Learning the kernel function via regularization", JMLR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.kernel_methods import MultipleKernelRegressor
    >>> X = np.random.default_rng(0).uniform(-2, 2, size=(80, 2))
    >>> Y = np.stack([X[:, 0], X[:, 0] - X[:, 1], np.sin(3 * X[:, 1])], axis=1)
    >>> model = MultipleKernelRegressor(task_norm=1.0).fit(X, Y)
    >>> model.kernel_names_.tolist()
    ['linear', 'rbf', 'rbf', 'rbf']
    >>> model.kernel_weights_.argmax(axis=1)
    array([0, 0, 3])
    """

    def learn(self, table: TaskTable) -> None:
        """Learn weights of kernels and functions in turn."""
        self._learn_rows(KernelRows.of(table))
