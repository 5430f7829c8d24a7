"""Base class of models whose strength is chosen by folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.constraints import Constraint
from polytask.datafits import Datafit
from polytask.estimators import TaskTable
from polytask.linear_model._path_search import NO_LOWER, PATH_CONSTRAINTS, search_paths
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.ranges import SearchRange

__all__ = ["PathEstimator"]


class PathEstimator(PenalizedEstimator):
    """A penalised model whose strength has the lowest loss on rows that were left out.

    Every fold learns all strengths from the largest down, each from the solution before, until less than a
    thousandth of the loss of zero coefficients is left, as of classes that can be separated. The loss of a
    strength is the sum over tasks of mean losses on left out rows, averaged over folds.

    It gives a penalised model a class of its own for that; `PathSearchCV` serves any, and searches further
    settings.

    Parameters
    ----------
    n_alphas : int, default 30
        Number of strengths.
    eps : float in (0, 1), default 0.001
        The smallest strength, in units of the largest: `alpha_max` of all rows.
    alphas : list or tuple of float in (0, inf), optional
        The strengths themselves.
    cv : int, splitter of scikit-learn, or list of (training rows, test rows), default 5
        Number of folds, each with an equal share of the labels of every task, or other folds of rows.
    random_state : int, optional
        Of the folds of an integer `cv`; None keeps the order of rows.

    Attributes
    ----------
    alpha_ : float
        The strength that was chosen.
    alphas_ : array of shape (n_alphas,)
        Strengths, the largest first.
    losses_ : array of shape (n_alphas, n_folds)
        Losses on rows that were left out; infinite where a path had ended.
    """

    alpha_: float
    alphas_: Float64[np.ndarray, " n_alphas"]
    losses_: Float64[np.ndarray, "n_alphas folds"]

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **{k: v for k, v in PenalizedEstimator.parameter_constraints.items() if k != "alpha"},
        **PATH_CONSTRAINTS,
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {}
    _zero_remedy = NO_LOWER

    def __init__(
        self,
        *,
        n_alphas: int = 30,
        eps: float | None = 1e-3,
        alphas: Sequence[float] | None = None,
        cv: Any = 5,
        random_state: int | None = None,
        loss: str | Datafit = "auto",
        fit_intercept: bool = True,
        tol: float = 1e-6,
        max_iter: int = 10_000,
    ) -> None:
        self.n_alphas = n_alphas
        self.eps = eps
        self.alphas = alphas
        self.cv = cv
        self.random_state = random_state
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    @property
    def strength(self) -> float:
        """The strength that is being tried, and then the one that was chosen."""
        return getattr(self, "alpha_", 1.0)

    @strength.setter
    def strength(self, value: float) -> None:
        self.alpha_ = value

    def _refuses_parts(self) -> str:
        """That folds need the rows."""
        return "folds need all rows at once, by `fit`."

    def learn(self, table: TaskTable) -> None:
        """Choose the strength by folds, and learn from all rows with it."""
        searched = search_paths(type(self).__name__, self, [self], table)
        self.alphas_, self.losses_ = searched.alphas[0], searched.losses[0]
