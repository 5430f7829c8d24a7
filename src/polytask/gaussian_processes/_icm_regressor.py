"""Gaussian processes with one kernel of rows and one covariance of tasks."""

from __future__ import annotations

from polytask.gaussian_processes._coregionalized_regressor import CoregionalizedRegressor

__all__ = ["ICMRegressor"]


class ICMRegressor(CoregionalizedRegressor):
    r"""Gaussian process regression with a learned covariance of tasks: intrinsic coregionalisation.

    .. math:: y_{ik} = m_k + f_k(x_i) + \varepsilon_{ik}, \qquad
        \operatorname{cov}\big(f_k(x), f_l(x')\big) = B_{kl}\, k(x, x'), \qquad
        \varepsilon_{ik} \sim N(0, \sigma_k^2)

    with :math:`B = F F^\top + \operatorname{diag}(\kappa)`. Length scales of the kernel k, the factor F of shape
    (n_tasks, rank), the tasks' own variances :math:`\kappa`, the variance of each task's noise and the means m maximise the
    marginal likelihood of the labels that there are, times weak priors. Features are scaled and the labels of each task
    standardised before. In `polytask.compare` and on the command line its name is ``icm``.

    Parameters
    ----------
    rank : int, default 2
        Columns of the factor; at most n_tasks are used.
    kernel : {"rbf", "matern12", "matern32", "matern52"}, default "rbf"
        Kernel of rows: Gaussian, or Matérn of smoothness 1/2, 3/2 or 5/2.
    ard : bool, default False
        Whether each feature has a length scale of its own; by default all have one, in units of their standard
        deviations.
    inducing : int, optional
        For many labels: rows whose functions stand for those of all, in a variational bound (Titsias) without own
        variances κ. None is exact.
    prior : float in [0, inf), default 1.0
        Weight of weak priors of the hyper-parameters, which keep fits of few labels from extremes; 0 maximises the
        likelihood alone.
    draws : int, default 16
        Points of the hyper-parameters' posterior that standard deviations are taken over (none with `inducing`); a fit
        computes a gradient per hyper-parameter for them. 0 takes the hyper-parameters as known: means are the same, and
        intervals of few labels too short.
    restarts : int, default 1
        Starting points of the optimiser, with other length scales from the second on; the best is kept. Nothing is
        drawn.
    max_iter : int, default 500
        Largest number of steps of the optimiser (L-BFGS) from each start.

    Attributes
    ----------
    length_scales_ : array of shape (1, n_features)
        In units of the features.
    task_covariance_ : array of shape (n_tasks, n_tasks)
        B, in units of the labels.
    task_covariances_ : array of shape (1, n_tasks, n_tasks)
        The same.
    noise_ : array of shape (n_tasks,)
        Standard deviation of the noise, in units of the labels.
    intercept_ : array of shape (n_tasks,)
        Means m.
    support_vectors_ : array of shape (n, n_features)
        The rows; with `inducing`, those that stand for all.
    dual_coef_ : array of shape (1, n, n_tasks)
        Coefficients of the kernel, of which the means are made.
    log_likelihood_ : float
        Log marginal likelihood of the standardised labels, or the bound.
    n_iter_ : int
        Steps of the optimiser.
    tasks_ : array of shape (n_tasks,)
        Ids of the tasks.

    Raises
    ------
    ParameterError
        If a setting is outside its range.
    DataError
        If rows, labels and tasks do not fit together, or are too many for an exact likelihood.
    MissingDependencyError
        If GPyTorch (``polytask[gp]``) is not installed, and labels have gaps, rows have weights or a task each, or
        `inducing` is set.

    Notes
    -----
    Tables without gaps are learned by the eigenvectors of both kernels, :math:`O(n^3 + n^2 T + T^3)` per step, as in
    `polytask.kernel_methods.KroneckerGaussianProcessRegressor`; others by a Cholesky factor of all N labels in
    GPyTorch, :math:`O(N^3)`. With m inducing rows, :math:`O(N m^2 \, \text{rank}^2)`: they are chosen in turn where the
    most is unknown, and stay. A row of weight 2 counts as two rows with its labels; `task_weights` multiply the weights of a
    task's rows. Standard deviations include that hyper-parameters and means are estimated, by the normal approximation of their
    posterior at its mode. Bonilla et al. maximise the likelihood in turn by EM; here all
    hyper-parameters move together.

    References
    ----------
    Bonilla, Chai and Williams, "Multi-task Gaussian process prediction", NeurIPS 2007.
    Titsias, "Variational learning of inducing variables in sparse Gaussian processes", AISTATS 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.gaussian_processes import ICMRegressor
    >>> x = np.linspace(0, 6, 40)[:, None]
    >>> Y = np.hstack([np.sin(x), np.sin(x) + 0.5 * np.cos(x)])
    >>> Y[20:, 1] = np.nan  # labels may be missing
    >>> model = ICMRegressor().fit(x, Y)
    >>> mean, std = model.predict([[1.0], [5.0]], return_std=True)
    >>> mean[0].round(2), bool(std[1, 1] > 2 * std[1, 0])
    (array([0.84, 1.11]), True)
    """

    def count_kernels(self) -> int:
        """One."""
        return 1
