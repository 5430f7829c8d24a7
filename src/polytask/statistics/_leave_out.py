"""Influence of units on metrics without a formula."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from polytask.metrics import LabelledRows, Metric

__all__ = ["MOST_LEFT_OUT", "block_of", "leave_out"]

MOST_LEFT_OUT = 200


def block_of(units: Int64[np.ndarray, " u"]) -> Int64[np.ndarray, " u"]:
    """One of 200 blocks per unit, by its number alone, so that tasks and learners agree."""
    scattered = (units.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)
    return np.asarray(scattered % np.uint64(MOST_LEFT_OUT)).astype(np.int64)


def leave_out(
    metric: Metric, rows: LabelledRows, code: Int64[np.ndarray, " n"], n_codes: int
) -> Float64[np.ndarray, " n_codes"]:
    """Contributions of the rows of each code to the value, by the jackknife.

    Codes without which the metric is undefined contribute 0.
    """
    values = np.full(n_codes, np.nan)
    for excluded in np.unique(code):
        kept = code != excluded
        if kept.any():
            rest = rows.truth[kept], rows.response[kept], rows.weight[kept]
            value = metric.value(LabelledRows(kept, *rest, rows.fitted)).value
            values[excluded] = np.nan if value is None else value
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(n_codes)
    share = 1 - 1 / known.sum()
    return np.where(known, share * (values[known].mean() - values), 0.0)
