"""The rows that a metric is measured over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

__all__ = ["LabelledRows"]


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """One part of a task (a column, or a class against the rest) over its labelled rows.

    Attributes
    ----------
    kept : array of shape (n_rows,)
        Which of all rows these are.
    truth : array of shape (n,)
    response : array of shape (n,) or (n, n_classes)
    weight : array of shape (n,)
        Above 0, as shares of the largest.
    """

    kept: Bool[np.ndarray, " n_rows"]
    truth: Float64[np.ndarray, " n"]
    response: Float64[np.ndarray, " n *classes"]
    weight: Float64[np.ndarray, " n"]
