"""Ridge regression of each task on its own."""

from __future__ import annotations

from polytask.estimators import MultiTaskRegressor
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.penalties import Penalty, SquaredL2

__all__ = ["IndependentRidgeRegressor"]


class IndependentRidgeRegressor(MultiTaskRegressor, PenalizedEstimator):
    r"""Ridge regression of each task on its own: the baseline that shares nothing.

    .. math:: \min_{W, b}\ \sum_k \frac{1}{2 n_k} \sum_i (y_{ik} - x_i^\top w_k - b_k)^2
        + \frac{\alpha}{2} \sum_k \|w_k\|^2

    with the coefficients W, (n_tasks, n_features), and the :math:`n_k` labelled rows of task k. All tasks are
    solved at once.

    Parameters
    ----------
    alpha : float in [0, inf), default 0.01
        Strength of the penalty; 0 gives least squares, of the least norm.
    loss : str or Datafit, default "auto"
        Of a score on a label: the squared error (auto), "huber", "quantile" (smoothed), "poisson" or one of
        `polytask.datafits`; the objective above has the first.
    fit_intercept : bool, default True
        Whether each task has an intercept, which is not penalised.
    tol : float in (0, inf), default 1e-6
        Relative residual or gradient at which iterative solvers stop; closed forms are exact.
    max_iter : int, default 10000
        Largest number of iterations of these.

    Attributes
    ----------
    coef_ : array of shape (n_tasks, n_features)
        In units of labels per unit of the feature.
    intercept_ : array of shape (n_tasks,)
    n_iter_ : int
        1 of a closed form, else the iterations of the solver.
    residual_ : float
        Norm of what the normal equations miss, relative to that of their right-hand sides; of other losses
        that of the gradient, relative to zero coefficients.
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
    scikit-learn's ``Ridge`` of task k has the strength :math:`n_k \alpha`.

    References
    ----------
    Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems", Technometrics 1970.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.linear_model import IndependentRidgeRegressor
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> Y = X @ np.array([[1.0, 2.0], [-1.0, 0.0]])
    >>> IndependentRidgeRegressor(alpha=1e-6).fit(X, Y).coef_.round(3) + 0
    array([[ 1., -1.],
           [ 2.,  0.]])
    """

    def penalty(self) -> Penalty:
        """`SquaredL2`."""
        return SquaredL2(self.strength)
