"""Check of what a kind learns from the scores of a trained model."""

from __future__ import annotations

import json

import numpy as np

from polytask._recipes import from_json, to_json
from polytask.tasks import FittedTarget, Kind
from polytask.testing._examples import KindExample
from polytask.testing._require import require, require_close, require_finite, require_same

__all__ = ["check_refit"]


def check_refit(example: KindExample) -> None:
    """Check `Kind.refit` on one example, if the kind has one of its own.

    Raises
    ------
    AssertionError
        If labels or shapes change, what is learned could not be saved, row weights do not count as
        repeated rows, or arguments are changed.
    """
    kind, fitted, truth = example.kind, example.fitted, example.truth
    if type(kind).refit is Kind.refit:
        return
    generator = np.random.default_rng(6)
    raw = generator.normal(size=(len(truth), *example.score_shape)).astype(np.float32)
    times = generator.integers(0, 4, len(truth))
    before = truth.copy(), raw.copy()
    refitted = kind.refit(truth, raw, fitted, times.astype(np.float64))
    for array, was in zip((truth, raw), before, strict=True):
        require_same(array, was, f"{kind.name}: `refit` changed its arguments")
    _check_target(example, refitted)
    rows = np.repeat(np.arange(len(truth)), times)
    repeated = kind.refit(truth[rows], raw[rows], fitted, np.ones(len(rows)))
    sentence = f"{kind.name}: in `refit` a weight of n is not n equal rows"
    scores = example.random_scores
    require_close(kind.response(scores, repeated), kind.response(scores, refitted), sentence)
    extreme = kind.refit(truth, raw * np.float32(1e4), fitted, np.ones(len(truth)))
    require(kind.accepts(extreme), f"{kind.name}: refuses what `refit` learns of extreme scores.")
    response = kind.response(raw * np.float32(1e4), extreme)
    require_finite(response, f"{kind.name}: after `refit`, extreme scores give responses that are")


def _check_target(example: KindExample, refitted: FittedTarget) -> None:
    kind, fitted = example.kind, example.fitted
    require(kind.accepts(refitted), f"{kind.name}: refuses what `refit` learned: {refitted}.")
    back = from_json(json.loads(json.dumps(to_json(refitted), allow_nan=False)))
    require(back == refitted, f"{kind.name}: what `refit` learned does not survive JSON: {back}.")
    same = (
        (refitted.columns, refitted.classes) == (fitted.columns, fitted.classes)
        and kind.score_shape(refitted) == kind.score_shape(fitted)
        and kind.target_shape(refitted) == kind.target_shape(fitted)
    )
    require(same, f"{kind.name}: `refit` changes columns, classes or shapes.")
    sentence = f"{kind.name}: `refit` changes labels"
    require_same(kind.encode(example.arrays, refitted), example.encoded, sentence)
    require_same(kind.truth(example.arrays, refitted), example.truth, sentence)
