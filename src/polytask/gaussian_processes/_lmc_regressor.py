"""Gaussian processes with several kernels of rows, each with a covariance of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from polytask.constraints import Constraint, Interval
from polytask.gaussian_processes._coregionalized_regressor import CoregionalizedRegressor
from polytask.ranges import Choices, SearchRange

__all__ = ["LMCRegressor"]


class LMCRegressor(CoregionalizedRegressor):
    r"""Gaussian process regression by the linear model of coregionalisation: several kernels with covariances of tasks.

    .. math:: y_{ik} = m_k + f_k(x_i) + \varepsilon_{ik}, \qquad
        \operatorname{cov}\big(f_k(x), f_l(x')\big) = \sum_q (B_q)_{kl}\, k_q(x, x'), \qquad
        \varepsilon_{ik} \sim N(0, \sigma_k^2)

    with :math:`B_q = F_q F_q^\top + \operatorname{diag}(\kappa_q)`: tasks may share what varies slowly and differ in what
    varies fast. All hyper-parameters and the means m maximise the marginal likelihood of the labels that there are, times weak
    priors. Features are scaled and the labels of each task standardised before. In `polytask.compare` and on the command line its
    name is ``lmc``.

    Parameters
    ----------
    rank : int, default 1
        Columns of each factor; at most n_tasks are used.
    n_kernels : int, default 2
        Kernels, each with length scales of its own, longer to shorter at the start.
    kernel : {"rbf", "matern12", "matern32", "matern52"}, default "rbf"
        What all kernels are: Gaussian, or Matérn of smoothness 1/2, 3/2 or 5/2.
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
    length_scales_ : array of shape (n_kernels, n_features)
        In units of the features.
    task_covariances_ : array of shape (n_kernels, n_tasks, n_tasks)
        B_q, in units of the labels.
    task_covariance_ : array of shape (n_tasks, n_tasks)
        Their sum: the covariance of the tasks' functions in a row.
    noise_ : array of shape (n_tasks,)
        Standard deviation of the noise, in units of the labels.
    intercept_ : array of shape (n_tasks,)
        Means m.
    support_vectors_ : array of shape (n, n_features)
        The rows; with `inducing`, those that stand for all.
    dual_coef_ : array of shape (n_kernels, n, n_tasks)
        Coefficients of each kernel, of which the means are made.
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
        If GPyTorch (``polytask[gp]``) is not installed.

    Notes
    -----
    A Cholesky factor of all N labels in GPyTorch, :math:`O(N^3)` per step, also where no label is missing:
    `ICMRegressor` learns complete tables much faster. With m inducing rows, :math:`O(N (m \, \text{rank} \,
    \text{n_kernels})^2)`: they are chosen in turn where the most is unknown, and stay. A row of weight 2 counts as two rows with its labels; `task_weights` multiply the
    weights of a task's rows. Standard deviations include that hyper-parameters and means are estimated, by the
    normal approximation of their posterior at its mode. Kernels of one length scale could change places; the optimiser starts at different ones.

    References
    ----------
    Goovaerts, *Geostatistics for Natural Resources Evaluation*, Oxford University Press 1997.
    Álvarez, Rosasco and Lawrence, "Kernels for vector-valued functions: a review", Foundations and Trends in
    Machine Learning 2012.
    Titsias, "Variational learning of inducing variables in sparse Gaussian processes", AISTATS 2009.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.gaussian_processes import LMCRegressor
    >>> x = np.linspace(0, 6, 40)[:, None]
    >>> Y = np.hstack([np.sin(x), np.sin(x) + 0.5 * np.sin(4 * x)])
    >>> model = LMCRegressor().fit(x, Y)
    >>> model.length_scales_.shape, model.predict([[1.0]]).round(1)
    ((2, 1), array([[0.8, 0.5]]))
    """

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **CoregionalizedRegressor.parameter_constraints,
        "n_kernels": Interval(int, 1),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **CoregionalizedRegressor.search_ranges,
        "n_kernels": Choices((2, 3)),
    }
    single_task_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **CoregionalizedRegressor.single_task_ranges,
        "n_kernels": Choices((2, 3)),
    }

    def __init__(
        self,
        rank: int = 1,
        *,
        n_kernels: int = 2,
        kernel: str = "rbf",
        ard: bool = False,
        inducing: int | None = None,
        prior: float = 1.0,
        draws: int = 16,
        restarts: int = 1,
        max_iter: int = 500,
    ) -> None:
        super().__init__(
            rank,
            kernel=kernel,
            ard=ard,
            inducing=inducing,
            prior=prior,
            draws=draws,
            restarts=restarts,
            max_iter=max_iter,
        )
        self.n_kernels = n_kernels

    def count_kernels(self) -> int:
        """As many as `n_kernels`."""
        return self.n_kernels
