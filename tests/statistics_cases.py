"""Answers of two learners to tasks of every kind, for the tests of statistics."""

import numpy as np
from metric_cases import make_case

from polytask.statistics import Answers


def answers_of(case, *, runs=1, units=None, weight=None, noise=0.0, seed=0):
    """One learner's answers, each run the case's response with noise of its own."""
    rng = np.random.default_rng(seed)
    n = len(case.truth)
    responses = tuple(_noisy(case.response, noise * (run > 0), rng) for run in range(runs))
    return Answers(
        case.truth,
        responses,
        np.ones(n) if weight is None else weight,
        np.arange(n) if units is None else units,
        case.fitted,
        case.kind,
    )


def _noisy(response, noise, rng):
    shaken = response + noise * rng.normal(size=response.shape)
    if response.min() < 0 or response.max() > 1 or not noise:
        return shaken
    shaken = np.clip(shaken, 0.001, 1)
    whole = response.ndim == 2 and np.allclose(response.sum(axis=1), 1)
    return shaken / shaken.sum(axis=1, keepdims=True) if whole else shaken


def two_learners(kind, n_rows, seed, **settings):
    """Answers of two learners to the same rows; the second is no better than the first."""
    case = make_case(kind, n_rows, seed, ties=bool(seed % 2))
    other = make_case(kind, n_rows, seed + 1, ties=bool(seed % 2))
    size = 1 if case.truth.ndim == 1 else case.truth.shape[1]
    if case.response.shape != other.response.shape:
        mixed = case.response + np.random.default_rng(seed).normal(size=case.response.shape)
        assert size >= 1
    else:
        mixed = other.response
    theirs = type(case)(case.kind, case.fitted, case.truth, mixed, case.perfect)
    return answers_of(case, **settings), answers_of(theirs, **{**settings, "seed": 1})
