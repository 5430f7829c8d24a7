"""Base class of metrics of kinds that label the steps of a row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Int64, Real

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._metric import Metric, Part
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import FittedTarget, Kind, Tokens

__all__ = ["NO_TAG", "StepMetric"]

NO_TAG = -1
"""Code of a step without a label, in rows that have others."""


class StepMetric(Metric):
    r"""A ratio of sums over rows, :math:`\sum_i w_i a_i / \sum_i w_i b_i`, such as right steps of all.

    A row counts if any of its steps is labelled.
    """

    kinds: ClassVar[tuple[type[Kind], ...]] = (Tokens,)
    greater_is_better: ClassVar[bool] = True
    best: ClassVar[float | None] = 1.0

    @abstractmethod
    def sums(
        self,
        truth: Int64[np.ndarray, "n l"],
        decided: Int64[np.ndarray, "n l"],
        fitted: FittedTarget,
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        """The numerator and the denominator of each row.

        Parameters
        ----------
        truth, decided : array of shape (n, l)
            Codes of tags; `NO_TAG` in both where a step is not labelled, and in `decided` where a
            label has no answer, since the step was not read: it is wrong.
        fitted : FittedTarget
        """

    @property
    @abstractmethod
    def nothing(self) -> str:
        """Why there is no value where the denominator is 0."""

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """All steps at once; missing labels of rows that have others are `NO_TAG`."""
        missing = np.isnan(truth)
        whole = missing & ~missing.all(axis=1, keepdims=True)
        yield f"column {fitted.columns[0]!r}", np.where(whole, NO_TAG, truth), response

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless there is a probability for every step and tag."""
        expected = (*truth.shape, len(fitted.classes))
        if truth.ndim != 2 or response.shape != expected:
            owner = f"{type(self).__name__}.score"
            wanted = f"of shape {expected}, a probability for each step and tag"
            raise ParameterError(message(owner, "response", wanted, response.shape))

    def measure(
        self,
        truth: Float64[np.ndarray, "n l"],
        response: Float64[np.ndarray, "n l c"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The ratio of the weighted sums."""
        above, below = self._sums(truth, response, fitted)
        total = weight @ below
        if not total > 0:
            return MetricValue(None, self.nothing)
        return MetricValue(float(weight @ above / total))

    def influence(
        self,
        truth: Float64[np.ndarray, "n l"],
        response: Float64[np.ndarray, "n l c"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"]:
        """What the ratio of a row lies above that of all, by its share of the denominator."""
        above, below = self._sums(truth, response, fitted)
        total = weight @ below
        return weight * (above - (weight @ above / total) * below) / total

    def constant(
        self,
        mean: Float64[np.ndarray, "l c"],
        truth: Float[np.ndarray, "n l"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, "l c"]:
        """The tag that scores best if every step has it."""
        rows = ~np.isnan(truth).all(axis=1) & (weight > 0)
        codes = np.where(np.isnan(truth[rows]), NO_TAG, truth[rows]).astype(np.int64)
        values = [
            self._of_one_tag(codes, tag, weight[rows], fitted) for tag in range(len(fitted.classes))
        ]
        certain = np.zeros(len(fitted.classes))
        certain[int(np.argmax(values))] = 1.0
        return (mean + certain) / 2

    def _of_one_tag(
        self, codes: Int64[np.ndarray, "n l"], tag: int, weight: np.ndarray, fitted: FittedTarget
    ) -> float:
        """The ratio if every step is decided for one tag; below 0 if there is none."""
        above, below = self.sums(codes, np.where(codes == NO_TAG, NO_TAG, tag), fitted)
        total = weight @ below
        return float(weight @ above / total) if total > 0 else -1.0

    def _sums(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
        codes = truth.astype(np.int64)
        answered = (codes != NO_TAG) & (response.sum(axis=-1) > 0)
        decided = np.where(answered, response.argmax(axis=-1), NO_TAG)
        return self.sums(codes, decided, fitted)
