"""Share of rows whose class is among the likeliest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from polytask._validation import Constraint, Interval, check_parameters
from polytask.metrics._metric_value import MetricValue
from polytask.metrics._rowwise_metric import RowwiseMetric
from polytask.tasks import FittedTarget, Kind, Multiclass

__all__ = ["TopK"]


@dataclass(frozen=True)
class TopK(RowwiseMetric):
    """Share of rows whose true class is among the k likeliest.

    Undefined where there are no more than k classes, since all of them are.

    Parameters
    ----------
    k : int, default 2

    Notes
    -----
    Of equally likely classes those that come first count as likelier, as in `Accuracy`, which is the
    case k = 1; in scikit-learn's `top_k_accuracy_score` it is those that come last.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.metrics import TopK
    >>> from polytask.tasks import FittedTarget
    >>> truth, response = np.array([0.0, 2.0]), np.array([[0.3, 0.4, 0.3], [0.5, 0.3, 0.2]])
    >>> target = FittedTarget(("y",), ("a", "b", "c"))
    >>> TopK().score(truth, response, target).value
    0.5
    >>> TopK(5).label
    'top-5 accuracy'
    """

    k: int = 2

    kinds: ClassVar[tuple[type[Kind], ...]] = (Multiclass,)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0
    zero_one: ClassVar[bool] = True
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"k": Interval(int, 1)}

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def name(self) -> str:  # type: ignore[override]
        """``top_k``, or with another k than 2 such as ``top_5``."""
        return "top_k" if self.k == type(self).k else f"top_{self.k}"

    @property
    def label(self) -> str:  # type: ignore[override]
        """Such as “top-5 accuracy”."""
        return f"top-{self.k} accuracy"

    def measure(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n classes"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The share, if there are more than k classes."""
        n_classes = response.shape[1]
        if n_classes <= self.k:
            return MetricValue(None, f"all {n_classes} classes are among the {self.k} likeliest")
        return super().measure(truth, response, weight, fitted)

    def rowwise(
        self,
        truth: Float64[np.ndarray, " n"],
        response: Float64[np.ndarray, "n classes"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """1 where the true class is among the first k by probability."""
        del fitted
        likeliest = np.argsort(-response, axis=1, kind="stable")[:, : self.k]
        return (likeliest == truth[:, None]).any(axis=1).astype(np.float64)
