"""Search of strengths along warm-started paths, judged on rows that are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64

from polytask._validation import message
from polytask.constraints import Constraint, Each, Interval, OneOf, Optional, Satisfies
from polytask.datafits import Bound, Moments, TaskRows, rows_of
from polytask.estimators import TaskTable
from polytask.exceptions import ParameterError
from polytask.linear_model._penalized_estimator import PenalizedEstimator
from polytask.linear_model._strength_path import (
    check_split,
    folds_of_tasks,
    losses_of_tasks,
    strengths,
)
from polytask.solvers import Solution

__all__ = ["NO_LOWER", "PATH_CONSTRAINTS", "Path", "Searched", "search_paths"]

NO_LOWER = "No lower strength has a lower loss on rows that were left out."
"""Why all coefficients are 0."""
_MOST_FEATURES = 2000
"""Whose products are kept for all tasks and folds."""
_TOL_ON_THE_WAY = 1e-4
"""Relative accuracy of the solutions of folds and of larger strengths, unless `tol` is larger."""
_EXPLAINED = 1e-3
"""Loss of training rows, in units of that of zero coefficients, below which a path ends."""
_STRONGEST = 100.0
"""Largest strength of penalties that are no norms, in units of the variance of inputs."""
_EPS_OF_NORMS, _EPS_OF_OTHERS = 1e-3, 1e-6


def _gives_splits(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(len(pair) == 2 for pair in value)
    return hasattr(value, "split") and not isinstance(value, str | bytes)


PATH_CONSTRAINTS: Mapping[str, Constraint] = {
    "n_alphas": Interval(int, 2),
    "eps": Optional(Interval(float, 0.0, 1.0, closed="neither")),
    "alphas": Optional(Each(Interval(float, 0.0, closed="neither"), minimum=1)),
    "cv": OneOf((Interval(int, 2), Satisfies(_gives_splits, "a splitter or a list of splits"))),
    "random_state": Optional(Interval(int, 0)),
}
"""Of the settings of a `Path`."""


@runtime_checkable
class Path(Protocol):
    """Settings of paths and folds."""

    n_alphas: int
    eps: float | None
    alphas: Sequence[float] | None
    cv: Any
    random_state: int | None


class Searched(NamedTuple):
    """Losses of all models and strengths, and the model of the lowest, which has learned from all rows.

    Attributes
    ----------
    alphas : array of shape (n_models, n_alphas)
    losses : array of shape (n_models, n_alphas, n_folds)
    position : int
        Of the model that was chosen.
    model : PenalizedEstimator
    """

    alphas: Float64[np.ndarray, "models n_alphas"]
    losses: Float64[np.ndarray, "models n_alphas folds"]
    position: int
    model: PenalizedEstimator


def search_paths(
    owner: str, path: Path, models: Sequence[PenalizedEstimator], table: TaskTable
) -> Searched:
    """Try all strengths of all models on folds; the best learns from all rows, along its path.

    Parameters
    ----------
    owner : str
        Whose rows they are, for errors.
    path : Path
    models : sequence of PenalizedEstimator
        Which know the tasks of the rows, each with settings of its own.
    table : TaskTable
    """
    source = _Source(table, models[0])
    bounds = [model.bind(source.rows(model)) for model in models]
    alphas = np.stack([_strengths(owner, path, *pair) for pair in zip(models, bounds, strict=True)])
    losses = []
    for train, test in _folds(owner, path, models[0], table):
        fold, left = source.without(train), table.take(test)
        losses.append([_losses(*pair, fold, left) for pair in zip(models, alphas, strict=True)])
    judged = np.stack(losses, axis=2)
    position, best = np.unravel_index(judged.mean(axis=2).argmin(), alphas.shape)
    model, bound = models[position], bounds[position]
    start = None
    for solution in _solutions(_looser(model), bound, alphas[position, :best]):
        start = solution
    model.strength = float(alphas[position, best])
    model.keep(bound, model.solution(bound, start))
    return Searched(alphas, judged, int(position), model)


class _Source:
    """Rows to learn from: a table, or sums of products, of which those of folds are differences."""

    def __init__(self, table: TaskTable, model: PenalizedEstimator) -> None:
        self.table = table
        n_rows = len(table.labels) / (1 if table.task is None else table.n_tasks)
        few = table.X.shape[1] <= min(n_rows / 2, _MOST_FEATURES)
        self.moments = Moments(table) if few and model.datafit().by_moments else None

    def without(self, train: np.ndarray) -> _Source:
        """The training rows alone."""
        part = copy(self)
        part.table = self.table.take(train)
        if self.moments is not None:
            others = self.moments.empty()
            others.add(self.table.take(np.setdiff1d(np.arange(len(self.table.labels)), train)))
            part.moments = self.moments.without(others)
        return part

    def rows(self, model: PenalizedEstimator) -> TaskRows:
        if self.moments is None:
            return rows_of(self.table, fit_intercept=model.fit_intercept)
        return self.moments.rows(fit_intercept=model.fit_intercept)


def _strengths(
    owner: str, path: Path, model: PenalizedEstimator, bound: Bound
) -> Float64[np.ndarray, " n_alphas"]:
    """Those that are given, the strongest first, else from the largest down."""
    if path.alphas is not None:
        given = np.sort(np.asarray(path.alphas, dtype=float))
        return given if model.bounds else given[::-1]
    if model.bounds:
        expected = f"values of `{model.strength_setting}` of {type(model).__name__}, for which no range is known"
        raise ParameterError(message(owner, "alphas", expected, None, "Give them."))
    try:
        return strengths(model.largest(bound), path.eps or _EPS_OF_NORMS, path.n_alphas)
    except ParameterError:  # no strength sets all to zero
        largest = _STRONGEST * float(bound.rows.curvature().mean())
        return strengths(largest, path.eps or _EPS_OF_OTHERS, path.n_alphas)


def _solutions(
    model: PenalizedEstimator, bound: Bound, alphas: Float64[np.ndarray, " n_alphas"]
) -> Iterator[Solution]:
    """Of all strengths, each from the one before; the model has the strength of the last."""
    solution = None
    for alpha in alphas:
        model.strength = float(alpha)
        solution = model.solution(bound, solution)
        yield solution


def _looser(model: PenalizedEstimator) -> PenalizedEstimator:
    """The model with the accuracy of folds."""
    trial = copy(model)
    trial.tol = max(model.tol, _TOL_ON_THE_WAY)
    return trial


def _losses(
    model: PenalizedEstimator,
    alphas: Float64[np.ndarray, " n_alphas"],
    source: _Source,
    test: TaskTable,
) -> Float64[np.ndarray, " n_alphas"]:
    """Losses of left out rows along the path of the others; infinite where it has ended."""
    trial = _looser(model)
    bound = trial.bind(source.rows(trial))
    losses = np.full(len(alphas), np.inf)
    for position, solution in enumerate(_solutions(trial, bound, alphas)):
        coef, intercept = trial.linear(bound, solution)
        means = trial.judged(losses_of_tasks(bound.datafit, test, coef, intercept))
        factors = 1.0 if test.task_weights is None else test.task_weights
        losses[position] = (factors * means).sum()
        left_over = bound.value(solution.coef, solution.intercept) - bound.floor()
        if left_over < _EXPLAINED * bound.scale():
            break
    return losses


def _folds(
    owner: str, path: Path, model: PenalizedEstimator, table: TaskTable
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    names = model.tasks_[model._owners()].tolist()  # noqa: SLF001
    if isinstance(path.cv, int):
        yield from folds_of_tasks(
            owner, table, path.cv, path.random_state, classes=model.learns_classes, names=names
        )
        return
    places, given = np.arange(len(table.labels)), path.cv
    if hasattr(path.cv, "split"):
        given = path.cv.split(table.X, table.labels)
    elif table.rows is not None:
        places = table.rows
    for split in given:
        masks = [np.isin(places, _positions(rows)) for rows in split]
        train, test = map(np.flatnonzero, masks)
        check_split(owner, table, train, test, names)
        yield train, test


def _positions(rows: Any) -> np.ndarray:
    """Positions of rows that are given as such, or as a mask."""
    given = np.asarray(rows)
    return np.flatnonzero(given) if given.dtype == bool else given
