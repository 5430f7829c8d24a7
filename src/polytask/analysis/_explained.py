"""How well scores of one network explain the labels of a task."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from polytask.analysis._group_runs import GroupRuns
from polytask.statistics import Answers

__all__ = ["explained"]

_ROWS_PER_SCORE = 3
_CHANCE = 2.0
"""Standard errors of a correlation below which a task counts as not learned."""


def explained(runs: GroupRuns) -> tuple[Float64[np.ndarray, "k k"], Float64[np.ndarray, " k"]]:
    r"""Multiple correlations of the labels of task i with the scores of the network of task j.

    .. math:: R_{ij}^2 = 1 - (1 - \hat R_{ij}^2) \frac{n_i - 1}{n_i - p_j - 1}

    with the share :math:`\hat R_{ij}^2` of the variance of task i's labels that a linear regression
    on the :math:`p_j` out-of-fold scores of task j explains, over the :math:`n_i` labelled rows of
    task i. Classes are columns of zeros and ones.

    Parameters
    ----------
    runs : GroupRuns

    Returns
    -------
    correlations : array of shape (k, k)
        NaN where task j's network cannot score rows of task i.
    chance : array of shape (k,)
        Correlation that a task with no signal seldom exceeds.
    """
    names = runs.tasks
    runs.train([name] for name in names)
    correlations = np.full((len(names), len(names)), np.nan)
    chance = np.ones(len(names))
    for i, task in enumerate(names):
        answers = runs.answers([task])[task]
        labels = _numbers(answers)
        chance[i] = _CHANCE / np.sqrt(max(len(labels), 1))
        for j, other in enumerate(names):
            scores = _scores(runs, task, other)
            if scores is not None and len(scores) == len(labels):
                correlations[i, j] = _multiple_correlation(labels, scores)
    return correlations, chance


def _numbers(answers: Answers) -> Float64[np.ndarray, "n q"]:
    """Labels as columns of numbers; classes as zeros and ones."""
    codes = answers.class_codes
    if codes is None:
        return np.asarray(answers.truth, dtype=np.float64).reshape(len(answers.truth), -1)
    columns = [
        (column == code).astype(np.float64)
        for column in codes.reshape(len(codes), -1).T
        for code in np.unique(column[np.isfinite(column)])[1:]
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((len(codes), 1))


def _scores(runs: GroupRuns, task: str, other: str) -> Float64[np.ndarray, "n p"] | None:
    """Scores of the network of `other` for the measured labels of `task`; None if it has none."""
    none, parts = np.zeros(0, dtype=np.int64), []
    for source in runs.data.sources:
        if task not in source.tasks.names:
            continue
        table = runs.cross.of.get((source.name, other))
        if table is None:
            return None
        of_splits = [split.test.get(source.name, none) for split in runs.rounds[0].splits]
        labelled = source.labelled().rows(task)
        parts.append(table[labelled[np.isin(labelled, np.concatenate(of_splits))]])
    return np.concatenate(parts) if len({part.shape[1] for part in parts}) == 1 else None


def _multiple_correlation(labels: np.ndarray, scores: np.ndarray) -> float:
    """Square root of the adjusted share of variance explained; NaN with too few rows."""
    known = np.isfinite(scores).all(axis=1) & np.isfinite(labels).all(axis=1)
    y, x = labels[known] - labels[known].mean(axis=0), scores[known] - scores[known].mean(axis=0)
    n, p = x.shape
    total = float((y**2).sum())
    if n <= _ROWS_PER_SCORE * (p + 1) or total == 0:
        return float("nan")
    coefficients, *_ = np.linalg.lstsq(x, y, rcond=None)
    unexplained = float(((y - x @ coefficients) ** 2).sum()) / total
    return float(np.sqrt(max(0.0, 1.0 - unexplained * (n - 1) / (n - p - 1))))
