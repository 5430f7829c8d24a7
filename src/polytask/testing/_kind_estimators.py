"""Check of what a kind gives estimators and reads from their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, PoissonRegressor, QuantileRegressor, Ridge

from polytask.testing._examples import KindExample
from polytask.testing._require import require, require_finite

__all__ = ["check_estimators"]

_COMMON = (Ridge(), LogisticRegression())
_SPECIAL = (PoissonRegressor(), QuantileRegressor(alpha=0.0, solver="highs"))
"""Tried with kinds that these are made for: others may hold labels that they cannot learn."""


def check_estimators(example: KindExample) -> None:
    """Check that answers of estimators which learned a kind's labels are raw scores.

    Raises
    ------
    AssertionError
        If labels, weights, ranks or numbers of estimators are not as `polytask.tasks.Kind` says.
    """
    kind = example.kind
    labels = _labels(example)
    for given in (*_COMMON, *_SPECIAL):
        rank, name = kind.estimator_rank(given), type(given).__name__
        require(rank in {0, 1, 2}, f"{kind.name}: the rank of {name} is {rank!r}, not 0, 1 or 2.")
        if rank and (given in _COMMON or rank == 2):
            _check_answers(example, _suited(example, given), labels)


def _labels(example: KindExample) -> np.ndarray:
    kind, truth = example.kind, example.truth
    labels, factor = kind.estimator_labels(example.arrays, example.fitted, standardized=True)
    sentence = f"{kind.name}: estimators learn labels of shape {labels.shape}, not (n, n_outputs)."
    require(labels.ndim == 2 and len(labels) == len(truth), sentence)
    labelled = np.isfinite(labels).any(axis=1)
    missing = np.isnan(truth).reshape(len(truth), -1).all(axis=1)
    require(not labelled[missing].any(), f"{kind.name}: estimators learn from unlabelled rows.")
    if factor is not None:
        sentence = f"{kind.name}: a factor of row weights must be positive in labelled rows."
        require(factor.shape == (len(labels),) and (factor[labelled] > 0).all(), sentence)
        sentence = f"{kind.name}: labels with weights are no outputs of one estimator."
        require(not kind.joint_outputs, f"{sentence} Set `joint_outputs` to False.")
    return labels


def _suited(example: KindExample, given: Any) -> Sequence[Any]:
    kind, name = example.kind, type(given).__name__
    before = given.get_params()
    suited = kind.suited(given)
    sentence = f"{kind.name}: `suited` turns {name} into an estimator that serves it less."
    require(kind.estimator_rank(suited) >= kind.estimator_rank(given), sentence)
    answering = kind.estimators(suited, example.fitted)
    require(given.get_params() == before, f"{kind.name}: {name} is changed in place.")
    sentence = f"{kind.name}: several estimators answer, so `joint_outputs` must be False."
    require(len(answering) == 1 or not kind.joint_outputs, sentence)
    return answering


def _check_answers(example: KindExample, answering: Sequence[Any], labels: np.ndarray) -> None:
    kind, fitted, name = example.kind, example.fitted, type(answering[0]).__name__
    inputs = np.random.default_rng(2).normal(size=(len(labels), 2))
    answers = [
        clone(each).fit(inputs[seen], cell[seen])
        for each in answering
        for cell, seen in zip(labels.T, np.isfinite(labels).T, strict=True)
    ]
    counts = kind.estimator_counts(fitted)
    sentence = f"{kind.name}: {len(answers)} estimators answer, and `estimator_counts` is {counts}."
    require(len(answers) in counts, sentence)
    raw = kind.from_estimator(answers, inputs, fitted)
    sentence = f"{kind.name}: {name} gives scores of shape {raw.shape}."
    require(raw.shape == (len(inputs), *example.score_shape), sentence)
    require(raw.dtype == np.float32, f"{kind.name}: estimators give {raw.dtype}, not float32.")
    require_finite(raw, f"{kind.name}: scores of {name}")
