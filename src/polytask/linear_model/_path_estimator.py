"""Base class of models whose strength is chosen by folds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.constraints import Constraint, Each, Interval, OneOf, Optional, Satisfies
from polytask.datafits import Bound, Datafit, Moments, TaskRows, rows_of
from polytask.estimators import TaskTable
from polytask.linear_model._penalized_estimator import PenalizedEstimator, solve
from polytask.linear_model._strength_path import (
    check_split,
    folds_of_tasks,
    loss_of_rows,
    strengths,
)
from polytask.ranges import SearchRange
from polytask.solvers import Solution

__all__ = ["PathEstimator"]

_MOST_FEATURES = 2000
"""Whose products are kept for all tasks and folds."""
_TOL_OF_FOLDS = 1e-4
"""Relative accuracy of the solutions of folds, unless `tol` is larger."""
_EXPLAINED = 1e-3
"""Loss of training rows, in units of that of zero coefficients, below which a path ends."""


def _gives_splits(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(len(pair) == 2 for pair in value)
    return hasattr(value, "split") and not isinstance(value, str | bytes)


def _positions(rows: Any) -> np.ndarray:
    """Positions of rows that are given as such, or as a mask."""
    given = np.asarray(rows)
    return np.flatnonzero(given) if given.dtype == bool else given


class PathEstimator(PenalizedEstimator):
    """A penalised model whose strength has the lowest loss on rows that were left out.

    Every fold learns all strengths from the largest down, each from the solution before, until less than a
    thousandth of the loss of zero coefficients is left, as of classes that can be separated. The loss of a
    strength is the sum over tasks of mean losses on left out rows, averaged over folds.

    Parameters
    ----------
    n_alphas : int, default 30
        Number of strengths.
    eps : float in (0, 1), default 0.001
        The smallest strength, in units of the largest, `alpha_max` of all rows.
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
        "n_alphas": Interval(int, 2),
        "eps": Interval(float, 0.0, 1.0, closed="neither"),
        "alphas": Optional(Each(Interval(float, 0.0, closed="neither"), minimum=1)),
        "cv": OneOf((Interval(int, 2), Satisfies(_gives_splits, "a splitter or a list of splits"))),
        "random_state": Optional(Interval(int, 0)),
    }
    search_ranges: ClassVar[Mapping[str, SearchRange]] = {}
    _zero_remedy: ClassVar[str] = "No lower strength has a lower loss on rows that were left out."

    def __init__(
        self,
        *,
        n_alphas: int = 30,
        eps: float = 1e-3,
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

    def _has_moments(self) -> bool:
        """False: folds need the rows."""
        return False

    def learn(self, table: TaskTable) -> None:
        """Choose the strength by folds, and learn from all rows with it."""
        moments = self._sums(table)
        bound = self.bind(self._rows(table, moments))
        self.alphas_ = self._strengths(bound)
        losses = [
            self._losses(self._rows(table, moments, train), table.take(test))
            for train, test in self._folds(table)
        ]
        self.losses_ = np.stack(losses, axis=1)
        best = int(self.losses_.mean(axis=1).argmin())
        solution = self._solved(bound, float(self.alphas_[0]), None)
        for alpha in self.alphas_[1 : best + 1]:
            solution = self._solved(bound, float(alpha), solution)
        self.keep(bound, solution)

    def _sums(self, table: TaskTable) -> Moments | None:
        """Sums of products, of which those of folds are differences, where rows are many enough."""
        n_rows = len(table.labels) / (1 if table.task is None else table.n_tasks)
        pays = self.datafit().by_moments and table.X.shape[1] <= min(n_rows / 2, _MOST_FEATURES)
        return Moments(table) if pays else None

    def _rows(
        self, table: TaskTable, moments: Moments | None, train: np.ndarray | None = None
    ) -> TaskRows:
        """All rows, or those to learn from, by the sums of all less those of the others where these are kept."""
        if moments is None:
            chosen = table if train is None else table.take(train)
            return rows_of(chosen, fit_intercept=self.fit_intercept)
        if train is not None:
            others = moments.empty()
            others.add(table.take(np.setdiff1d(np.arange(len(table.labels)), train)))
            moments = moments.without(others)
        return moments.rows(fit_intercept=self.fit_intercept)

    def _folds(self, table: TaskTable) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        name = type(self).__name__
        if isinstance(self.cv, int):
            yield from folds_of_tasks(
                name, table, self.cv, self.random_state, classes=self.learns_classes
            )
            return
        places, given = np.arange(len(table.labels)), self.cv
        if hasattr(self.cv, "split"):
            given = self.cv.split(table.X, table.labels)
        elif table.rows is not None:
            places = table.rows
        for split in given:
            masks = [np.isin(places, _positions(rows)) for rows in split]
            train, test = map(np.flatnonzero, masks)
            check_split(name, table, train, test)
            yield train, test

    def _strengths(self, bound: Bound) -> Float64[np.ndarray, " n_alphas"]:
        if self.alphas is not None:
            return np.sort(np.asarray(self.alphas, dtype=float))[::-1]
        return strengths(self.largest(bound), self.eps, self.n_alphas)

    def _losses(self, train: TaskRows, test: TaskTable) -> Float64[np.ndarray, " n_alphas"]:
        """Losses of left out rows along the path of the others."""
        bound = self.bind(train)
        datafit = self.datafit()
        found, solution = np.full(len(self.alphas_), np.inf), None
        for position, alpha in enumerate(self.alphas_):
            solution = self._solved(bound, float(alpha), solution, _TOL_OF_FOLDS)
            intercept = bound.rows.intercepts(solution.coef, solution.intercept)
            found[position] = loss_of_rows(datafit, test, solution.coef, intercept)
            if bound.value(solution.coef, solution.intercept) < _EXPLAINED * bound.scale():
                break
        return found

    def _solved(
        self, bound: Bound, alpha: float, start: Solution | None, tol: float = 0.0
    ) -> Solution:
        self.alpha_ = alpha
        solvers = [replace(each, tol=max(each.tol, tol)) for each in self.solvers()]
        return solve(bound, self.penalty(), solvers, start)
