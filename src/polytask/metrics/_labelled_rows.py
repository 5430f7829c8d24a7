"""Labelled rows of a part of a task, as metrics receive them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from polytask.tasks import FittedTarget

__all__ = ["LabelledRows"]


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """One part of a task (a column, a class against the rest, or all) over its labelled rows.

    Attributes
    ----------
    kept : array of shape (n_rows,)
        Which of all rows these are.
    truth : array of shape (n,) or (n, ...)
    response : array of shape (n,) or (n, ...)
    weight : array of shape (n,)
        Above 0, as shares of the largest.
    fitted : FittedTarget
        What was learned of the whole target.
    """

    kept: Bool[np.ndarray, " n_rows"]
    truth: Float64[np.ndarray, " n *cells"]
    response: Float64[np.ndarray, " n *outputs"]
    weight: Float64[np.ndarray, " n"]
    fitted: FittedTarget
