"""Losses of support vector machines, one per task."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int

__all__ = ["CLASS_LOSSES", "NUMBER_LOSSES", "TaskLosses"]

CLASS_LOSSES = ("hinge", "squared_hinge")
NUMBER_LOSSES = ("epsilon_insensitive", "squared_epsilon_insensitive")


class TaskLosses(NamedTuple):
    r"""Of every task: of classes or of numbers, squared or not, and its width ε.

    With the shortfall :math:`r = \max(0, 1 - y f)` of labels −1 and 1, or :math:`r = \max(0, |y - f| - \varepsilon)`
    of numbers, a loss is r or, squared, :math:`r^2 / 2`.

    Attributes
    ----------
    classes, squared : array of shape (n_tasks,), bool
    epsilon : array of shape (n_tasks,)
    """

    classes: np.ndarray
    squared: np.ndarray
    epsilon: np.ndarray

    @classmethod
    def of(cls, names: list[str], epsilon: Float64[np.ndarray, " tasks"]) -> TaskLosses:
        """Losses by their names.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask.kernel_methods._task_losses import TaskLosses
        >>> TaskLosses.of(["hinge", "squared_epsilon_insensitive"], np.array([0.1, 0.1])).epsilon
        array([0. , 0.1])
        """
        classes = np.array([name in CLASS_LOSSES for name in names])
        squared = np.array([name.startswith("squared") for name in names])
        return cls(classes, squared, np.where(classes, 0.0, epsilon))

    def values(
        self,
        label: Float64[np.ndarray, " n"],
        score: Float64[np.ndarray, " n"],
        task: Int[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " n"]:
        """Loss of each score."""
        away = np.abs(label - score) - self.epsilon[task]
        short = np.maximum(np.where(self.classes[task], 1 - label * score, away), 0.0)
        losses: np.ndarray = np.where(self.squared[task], short * short / 2, short)
        return losses

    def slopes(
        self,
        label: Float64[np.ndarray, " n"],
        score: Float64[np.ndarray, " n"],
        task: Int[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " n"]:
        """Slope of the loss at each score."""
        away = score - label
        toward = np.where(self.classes[task], -label, np.sign(away))
        short = np.where(self.classes[task], 1 - label * score, np.abs(away) - self.epsilon[task])
        steep = np.where(self.squared[task], np.maximum(short, 0.0), short > 0)
        slopes: np.ndarray = toward * steep
        return slopes

    def bounds(
        self,
        label: Float64[np.ndarray, " n"],
        weight: Float64[np.ndarray, " n"],
        task: Int[np.ndarray, " n"],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lowest and highest dual coefficient of each label, and its curvature."""
        most = np.where(self.squared[task], np.inf, weight)
        low = np.where(self.classes[task] & (label > 0), 0.0, -most)
        high = np.where(self.classes[task] & (label < 0), 0.0, most)
        return low, high, np.where(self.squared[task], 1 / weight, 0.0)
