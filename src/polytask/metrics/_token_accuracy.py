"""Share of steps with the right tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64, Int64

from polytask.metrics._step_metric import NO_TAG, StepMetric
from polytask.tasks import FittedTarget

__all__ = ["TokenAccuracy"]


@dataclass(frozen=True)
class TokenAccuracy(StepMetric):
    """Share of labelled steps whose likeliest tag is right, over all rows together.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import TokenAccuracy
    >>> from polytask.tasks import FittedTarget
    >>> target = FittedTarget(("pos",), ("noun", "verb"), {"steps": (2.0,)})
    >>> truth = np.array([[0.0, 1.0], [0.0, np.nan]])
    >>> response = np.array([[[0.9, 0.1], [0.8, 0.2]], [[0.7, 0.3], [0.0, 0.0]]])
    >>> TokenAccuracy().score(truth, response, target).value
    0.6666666666666666
    """

    name: ClassVar[str] = "token_accuracy"
    label: ClassVar[str] = "token accuracy"

    def sums(
        self,
        truth: Int64[np.ndarray, "n l"],
        decided: Int64[np.ndarray, "n l"],
        fitted: FittedTarget,
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """Right steps, and labelled ones."""
        del fitted
        labelled = truth != NO_TAG
        right = (truth == decided) & labelled
        return right.sum(axis=1).astype(np.float64), labelled.sum(axis=1).astype(np.float64)

    @property
    def nothing(self) -> str:
        """No step is labelled."""
        return "no labelled steps"
