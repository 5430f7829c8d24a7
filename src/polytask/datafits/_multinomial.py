"""The log loss of several classes together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int
from scipy.special import softmax

from polytask.constraints import Constraint, Each, Interval
from polytask.datafits._datafit import Datafit
from polytask.datafits._logistic import Logistic
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["Multinomial"]


@dataclass(frozen=True)
class Multinomial(Datafit):
    r"""The log loss of the classes of a task together, by the softmax of their scores.

    .. math:: \ell_i = \log \sum_c e^{s_{ic}} - \sum_c y_{ic} s_{ic}

    over the classes c of a task, with labels :math:`y_{ic}` of 1 for the class of row i and of 0 for others.
    A task with a single column of scores, that of the second of two classes, has the log loss of
    `Logistic`.

    Parameters
    ----------
    tasks : tuple of int, default ()
        The task of each column of scores, in order; `of_columns` gives it. Without it each column is a task.

    Notes
    -----
    Each column has an equal share of the first term, so that the sum over columns is the loss of the
    row. Scores with a constant added to all classes have the same loss: squares of coefficients decide
    between them, and intercepts of the classes of a task add up to what they start with, 0. The dual is not
    stated, so that solvers stop by a residual.

    References
    ----------
    Cox, "Some procedures connected with the logistic qualitative response curve", 1966.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.datafits import Multinomial
    >>> loss = Multinomial().of_columns(np.array([0, 0, 0]))
    >>> loss.slope(np.zeros((1, 3)), np.array([[1.0, 0.0, 0.0]])).round(2)
    array([[-0.67,  0.33,  0.33]])
    """

    tasks: tuple[int, ...] = ()

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {"tasks": Each(Interval(int, 0))}
    curvature: ClassVar[float] = 0.5
    for_classes: ClassVar[bool] = True
    couples: ClassVar[bool] = True

    def of_columns(self, tasks: Int[np.ndarray, " columns"]) -> Multinomial:
        """The loss of columns of scores of these tasks."""
        return replace(self, tasks=tuple(map(int, tasks)))

    @cached_property
    def _groups(self) -> tuple[np.ndarray, ...]:
        """Columns of tasks of several."""
        tasks = np.array(self.tasks)
        groups = (np.flatnonzero(tasks == task) for task in np.unique(tasks))
        return tuple(each for each in groups if len(each) > 1)

    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """Minus the log likelihood, shared out among the columns of a task."""
        losses = np.logaddexp(0.0, scores)
        for own in self._groups:
            losses[:, own] = np.logaddexp.reduce(scores[:, own], axis=1, keepdims=True) / len(own)
        return losses - labels * scores

    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """The probability of each class minus its label."""
        slopes = Logistic().slope(scores, 0.0 * labels)
        for own in self._groups:
            slopes[:, own] = softmax(scores[:, own], axis=1)
        return slopes - labels

    def probability(self, scores: Cells) -> Cells:
        """The logistic function of scores of second classes."""
        return Logistic().probability(scores)

    def probabilities(
        self, scores: Float[np.ndarray, "n classes"]
    ) -> Float[np.ndarray, "n classes"]:
        """The softmax of the scores of all classes."""
        shares: np.ndarray = softmax(scores, axis=1)
        return shares

    def problem(self, labels: Cells) -> str | None:
        """That labels are other numbers than 0 and 1."""
        return Logistic().problem(labels)

    def constant(self, rows: TaskRows) -> Float[np.ndarray, " columns"]:
        """Logarithms of the shares of classes, around their mean; the log odds of second classes."""
        share = rows.totals(rows.weights * rows.labels) / rows.mass
        levels: np.ndarray = Logistic().constant(rows)
        for own in self._groups:
            logs = np.log(np.maximum(share[own], 0.5 / (rows.n_rows[own] + 1)))
            levels[own] = logs - logs.mean()
        return levels
