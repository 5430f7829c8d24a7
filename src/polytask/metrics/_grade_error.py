"""Mean distance of decisions from the true grades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import FittedTarget, Kind, Ordinal, median_grades

__all__ = ["GradeError"]


@dataclass(frozen=True)
class GradeError(RowwiseMetric):
    """Mean number of grades between the decision, the median grade, and the truth.

    Notes
    -----
    Grades count as one apart whatever numbers they are written as: between 1 and 5 of the grades
    0, 1, 3 and 5 there are two. A grade that training did not have counts as one above all others.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import GradeError
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([0.0, 2.0]), np.array([[0.4, 0.3, 0.3], [0.1, 0.1, 0.8]])
    >>> GradeError().score(truth, response, FittedTarget(("risk",), ("low", "mid", "high"))).value
    0.5
    """

    name: ClassVar[str] = "grade_error"
    label: ClassVar[str] = "grade error"
    kinds: ClassVar[tuple[type[Kind], ...]] = (Ordinal,)
    greater_is_better: ClassVar[bool] = False
    best: ClassVar[float | None] = 0.0

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n grades"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """Distances in grades."""
        del fitted
        return np.abs(median_grades(response) - truth)
