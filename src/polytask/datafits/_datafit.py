"""Abstract base class of datafits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from polytask.constraints import Constraint, check_parameters
from polytask.datafits._bound import Bound
from polytask.datafits._task_rows import Cells, TaskRows

__all__ = ["Datafit"]

_HALVINGS = 60


@dataclass(frozen=True)
class Datafit(ABC):
    r"""The loss :math:`\ell(s, y)` of a linear score on a label, convex in the score.

    .. math:: \sum_k \sum_i \omega_{ik}\, \ell(x_i^\top w_k + b_k,\, y_{ik})

    with weights :math:`\omega` that sum to 1 in every task: the mean loss of each task. A class must
    define `loss` and `slope`; `curvature` where the slope has a Lipschitz constant, `bend` where Newton's
    method may be used, and `conjugate` where it is known, by which solvers state how far from the optimum
    they stop.

    Attributes
    ----------
    curvature : float, default inf
        A bound on the second derivative of the loss.
    for_classes : bool, default False
        Whether labels are the classes 0 and 1 rather than numbers.
    by_moments : bool, default False
        Whether `Moments` say all that is needed of rows.
    couples : bool, default False
        Whether the columns of scores of a task, those of its classes, have a loss together. Such a loss is of scores
        (n, n_columns) alone, and `of_columns` says which columns belong together.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from polytask.datafits import Datafit, SharedRows
    >>> @dataclass(frozen=True)
    ... class LogCosh(Datafit):
    ...     curvature = 1.0
    ...
    ...     def loss(self, scores, labels):
    ...         return np.log(np.cosh(scores - labels))
    ...
    ...     def slope(self, scores, labels):
    ...         return np.tanh(scores - labels)
    >>> from polytask.testing import check_datafit
    >>> check_datafit(LogCosh())
    >>> rows = SharedRows(np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]))
    >>> LogCosh().bind(rows).start()
    array([2.])
    """

    curvature: ClassVar[float] = np.inf
    for_classes: ClassVar[bool] = False
    by_moments: ClassVar[bool] = False
    couples: ClassVar[bool] = False
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {}

    def __post_init__(self) -> None:
        check_parameters(self)

    @abstractmethod
    def loss(self, scores: Cells, labels: Cells) -> Cells:
        """The loss of each score."""

    @abstractmethod
    def slope(self, scores: Cells, labels: Cells) -> Cells:
        """The derivative of the loss with respect to the score."""

    def conjugate(self, slopes: Cells, labels: Cells) -> Cells | None:
        r"""The conjugate :math:`\ell^*(u) = \sup_s (us - \ell(s, y))` of each slope; None if unknown.

        Infinite where the slope is none of the loss.
        """
        del slopes, labels
        return None

    def bend(self, scores: Cells, labels: Cells) -> Cells | None:
        """The second derivative of the loss with respect to the score; None if unknown.

        Where the slope has a kink, that of one side.
        """
        del scores, labels
        return None

    def response(self, scores: Cells) -> Cells:
        """What scores predict, in units of labels: the scores themselves by default."""
        return scores

    def probability(self, scores: Cells) -> Cells | None:
        """The probability of class 1 of each score; None if the loss gives none."""
        del scores
        return None

    def probabilities(
        self, scores: Float[np.ndarray, "n classes"]
    ) -> Float[np.ndarray, "n classes"] | None:
        """Probabilities of more than two classes by the scores of all; None if each is against the rest."""
        del scores
        return None

    def of_columns(self, tasks: Int[np.ndarray, " columns"]) -> Datafit:
        """The loss of columns of scores that belong to these tasks; itself unless it `couples` them."""
        del tasks
        return self

    def problem(self, labels: Cells) -> str | None:
        """Why the loss is not defined for observed labels, as "must be …"; None if it is."""
        del labels
        return None

    def constant(self, rows: TaskRows) -> Float[np.ndarray, " tasks"]:
        """The constant score with the lowest loss in each task.

        By bisection in the `span` of labels.
        """
        ends = self.span(rows.labels[rows.weights > 0])
        low, high = (np.full(rows.n_tasks, end) for end in ends)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            slopes = self.slope(rows.spread(middle) + 0 * rows.labels, rows.labels)
            rising = rows.totals(rows.weights * slopes) > 0
            low, high = np.where(rising, low, middle), np.where(rising, middle, high)
        return (low + high) / 2

    def span(self, labels: Cells) -> tuple[float, float]:
        """Scores between which the best constant lies: by default the lowest and the highest label."""
        return float(labels.min(initial=np.inf)), float(labels.max(initial=-np.inf))

    def bind(self, rows: TaskRows) -> Bound:
        """The loss as a function of coefficients and intercepts, on some rows."""
        return Bound(self, rows)
