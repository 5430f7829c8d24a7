"""Common check of datafits."""

from __future__ import annotations

import numpy as np

from polytask.datafits import Bound, Datafit, Moments, OwnRows, SharedRows, TaskRows, rows_of
from polytask.estimators import TaskTable
from polytask.testing._require import (
    require,
    require_close,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_datafit"]


def check_datafit(datafit: Datafit, targets: np.ndarray | None = None) -> None:
    """Check that a datafit keeps the promises of `polytask.datafits.Datafit`.

    It is bound to shared rows with missing labels and to rows of each task.

    Parameters
    ----------
    datafit : Datafit
    targets : array of shape (n,), optional
        Labels that it accepts; by default normal numbers, counts or 0 and 1, the first of them that it
        accepts.

    Raises
    ------
    AssertionError
        If a gradient disagrees with finite differences, the loss is not convex, the curvature is too small,
        the constant score is not the best, the conjugate breaks its inequality, moments do not say all, or an
        argument is changed.
    """
    require_instance("check_datafit", "datafit", datafit, Datafit)
    name = type(datafit).__name__
    generator = np.random.default_rng(0)
    normal = generator.normal(size=24)
    tried = [normal, np.abs(np.round(2 * normal)), (normal > 0).astype(float)]
    given = tried if targets is None else [np.resize(targets, 24).astype(float)]
    labels = next((each for each in given if datafit.problem(each) is None), given[-1])
    problem = datafit.problem(labels)
    require(problem is None, f"{name} does not accept the targets: they {problem}.")
    inputs = generator.normal(size=(24, 4))
    kept = inputs.copy(), labels.copy()
    _check_losses(name, datafit, labels, generator)
    own = OwnRows(inputs, labels, np.repeat([0, 1, 2], [4, 8, 12]), np.arange(1.0, 25.0))
    table = np.where(np.arange(24) % 7 == 0, np.nan, labels).reshape(8, 3)
    for rows in (own, SharedRows(inputs[:8], table), SharedRows(inputs[:8], table, np.ones(8))):
        bound = datafit.bind(rows)
        _check_start(name, bound)
        for _ in range(3):
            coef = generator.normal(size=bound.shape)
            _check_gradient(name, bound, coef, bound.start() + generator.normal(size=len(coef)))
    if datafit.by_moments:
        full = TaskTable(inputs[:8], labels.reshape(8, 3), None, None, 3)
        _check_moments(name, datafit, full, generator)
    require_same(inputs, kept[0], f"{name}: the inputs were changed in place")
    require_same(labels, kept[1], f"{name}: the targets were changed in place")


def _check_losses(
    name: str, datafit: Datafit, labels: np.ndarray, generator: np.random.Generator
) -> None:
    """Check slopes, convexity, curvature and the conjugate, score by score."""
    scores = generator.normal(size=len(labels))
    for other in (scores + 1e-3, scores - 0.5, scores + 2.0):
        loss, slope = datafit.loss(scores, labels), datafit.slope(scores, labels)
        require_finite(loss, f"{name}: a loss is not finite")
        require(
            loss.shape == slope.shape == scores.shape, f"{name}: another shape than the scores."
        )
        away, rise = other - scores, datafit.slope(other, labels) - slope
        beyond = datafit.loss(other, labels) - loss - slope * away
        require(bool((beyond >= -1e-9).all()), f"{name}: the loss is not above its tangent.")
        require(bool((rise * away >= -1e-9).all()), f"{name}: the slope falls.")
        steep = np.abs(rise) > datafit.curvature * np.abs(away) * (1 + 1e-6) + 1e-9
        require(not steep.any(), f"{name}: the slope changes by more than the curvature.")
        bend = datafit.bend(scores, labels)
        if bend is not None:
            rises = datafit.slope(scores + 1e-6, labels) - datafit.slope(scores - 1e-6, labels)
            sentence = f"{name}: `bend` disagrees with finite differences of the slope"
            require_close(bend, rises / 2e-6, sentence, relative=1e-5, absolute=1e-6)
        conjugate = datafit.conjugate(slope, labels)
        if conjugate is not None:
            sentence = f"{name}: the conjugate of a slope is not slope · score − loss"
            require_close(conjugate, slope * scores - loss, sentence, absolute=1e-8)


def _check_moments(
    name: str, datafit: Datafit, table: TaskTable, generator: np.random.Generator
) -> None:
    """Check that sums of products give the loss of the rows."""
    coef = generator.normal(size=(table.n_tasks, table.X.shape[1]))
    bounds = [datafit.bind(each) for each in (rows_of(table), Moments(table).rows())]
    of_rows, of_sums = (bound.value(coef, bound.start()) for bound in bounds)
    sentence = f"{name} is declared a loss of moments, but they give another than the rows"
    require_close(of_sums, of_rows, sentence)


def _check_start(name: str, bound: Bound) -> None:
    start, zero = bound.start(), np.zeros(bound.shape)
    require_finite(start, f"{name}: a constant score is not finite")
    least = bound.value(zero, start)
    for task in range(len(start)):
        for move in (-0.01, 0.01):
            other = start + move * (np.arange(len(start)) == task)
            sentence = f"{name}: the constant score is not the best."
            require(bound.value(zero, other) >= least - 1e-9 * (1 + abs(least)), sentence)


def _check_gradient(name: str, bound: Bound, coef: np.ndarray, intercept: np.ndarray) -> None:
    value, slope, rise = bound.value_and_gradient(coef, intercept)
    sentence = f"{name}: `value` and `value_and_gradient` disagree"
    require_close(value, bound.value(coef, intercept), sentence)
    require_close(
        value, _mean_loss(bound.datafit, bound.rows, coef, intercept), f"{name}: no mean loss"
    )
    slopes, rises = np.zeros(coef.shape), np.zeros(intercept.shape)
    for place in np.ndindex(coef.shape):
        move = np.zeros(coef.shape)
        move[place] = 1e-6
        ahead, behind = bound.value(coef + move, intercept), bound.value(coef - move, intercept)
        slopes[place] = (ahead - behind) / 2e-6
    for task in range(len(intercept)):
        shift = 1e-6 * (np.arange(len(intercept)) == task)
        ahead, behind = bound.value(coef, intercept + shift), bound.value(coef, intercept - shift)
        rises[task] = (ahead - behind) / 2e-6
    sentence = f"{name}: the gradient disagrees with finite differences"
    require_close(slope, slopes, sentence, relative=1e-5, absolute=1e-6)
    require_close(rise, rises, sentence, relative=1e-5, absolute=1e-6)


def _mean_loss(datafit: Datafit, rows: TaskRows, coef: np.ndarray, intercept: np.ndarray) -> float:
    """The weighted losses of all cells, by the scores of centred inputs."""
    losses = datafit.loss(rows.scores(coef, intercept), rows.labels)
    return float((rows.weights * losses).sum())
