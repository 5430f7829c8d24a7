"""Share of rows with the right tag at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Int64

from polytask.metrics._step_metric import StepMetric
from polytask.tasks import FittedTarget

__all__ = ["SequenceAccuracy"]


@dataclass(frozen=True)
class SequenceAccuracy(StepMetric):
    """Share of rows whose labelled steps all have the right tag.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import SequenceAccuracy
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("pos",), ("noun", "verb"), {"steps": (2.0,)})
    >>> truth = np.array([[0.0, 1.0], [0.0, np.nan]])
    >>> response = np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.7, 0.3], [0.0, 0.0]]])
    >>> SequenceAccuracy().score(truth, response, target).value
    0.5
    """

    name: ClassVar[str] = "sequence_accuracy"
    label: ClassVar[str] = "sequence accuracy"
    zero_one: ClassVar[bool] = True

    def sums(
        self,
        truth: Int64[np.ndarray, "n l"],
        decided: Int64[np.ndarray, "n l"],
        fitted: FittedTarget,
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """1 for rows without a wrong step, and 1 for every row."""
        del fitted
        right = (truth == decided).all(axis=1)
        return right.astype(np.float64), np.ones(len(truth))

    @property
    def nothing(self) -> str:
        """There are no rows."""
        return "no labelled rows"
