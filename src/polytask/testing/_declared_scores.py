"""Check of what a kind declares about its raw scores."""

from __future__ import annotations

from typing import get_args

import numpy as np
from scipy.special import expit

from polytask.tasks._kind import Scores
from polytask.testing._examples import KindExample
from polytask.testing._require import require, require_close

__all__ = ["check_declared_scores"]


def check_declared_scores(example: KindExample) -> None:
    """Check that raw scores are log-odds of events or means in units, if the kind says so."""
    kind, fitted, raw = example.kind, example.fitted, example.random_scores
    declared, n_columns = kind.scores, len(fitted.columns)
    known = [*get_args(Scores), None]
    require(declared in known, f"{kind.name}: `scores` must be one of {known}. Got {declared!r}.")
    if declared is None:
        return
    shape = (1,) if declared == "event" else (n_columns,)
    sentence = f"{kind.name}: {declared} have scores of the shape {shape}. Got {raw.shape[1:]}."
    require(raw.shape[1:] == shape, sentence)
    response = kind.response(raw, fitted).reshape(raw.shape)
    if declared == "means":
        units, center = kind.units(fitted), kind.response(np.zeros_like(raw), fitted)
        require(len(units) == n_columns, f"{kind.name}: means need a unit for each column.")
        wanted = center.reshape(raw.shape) + raw.astype(np.float64) * np.array(units)
        sentence = f"{kind.name}: responses are not a center plus scores times units"
    else:
        strange = set(example.truth[np.isfinite(example.truth)].tolist()) - {0.0, 1.0}
        require(not strange, f"{kind.name}: labels of events are 0 or 1. Got {strange}.")
        wanted = expit(raw.astype(np.float64))
        sentence = f"{kind.name}: responses are not the probabilities of which scores are log-odds"
    require_close(response, wanted, sentence, relative=1e-4, absolute=1e-5)
