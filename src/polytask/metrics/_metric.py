"""Base class of metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Real

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.metrics._labelled_rows import LabelledRows, check_rows, labelled_rows
from polytask.metrics._mean_value import mean_value
from polytask.metrics._metric_value import MetricValue
from polytask.tasks import FittedTarget, Kind, thresholds_of

__all__ = ["Metric"]

Part = tuple[str, np.ndarray, np.ndarray]
"""What the part is called, its truth (n, ...) with NaN where missing, and its response."""


class Metric(ABC):
    """How good responses are; a frozen dataclass of plain arguments.

    Rows without a label count for nothing; those of a class that training never saw count as
    wrong, since no probability was given to it. By default a task of several columns gets the mean
    over its columns; columns where the metric is undefined are left out and named.

    A metric of one's own implements `measure`; `parts` and `check` where columns are measured
    together or responses have another shape than labels; and `constant` where the best constant
    answer is neither means nor class shares. Give it to tasks,
    ``Task("price", "regression", metrics=[LargestError()])``, on the command line by
    ``--metric price=my_module:LargestError``, or let it name a kind of your own in `default_for`.
    `polytask.testing.check_metric` holds it to this contract.

    Attributes
    ----------
    name : str
        The name users write and records carry, such as ``"roc_auc"``: one name for one metric with
        one set of arguments. Where two objects of one class are measured side by side, it is a
        property that shows their arguments, and so is `label`.
    label : str
        The name people read, such as ``"ROC-AUC"``.
    kinds : tuple of Kind classes
        The kinds it serves.
    default_for : tuple of Kind classes
        The kinds whose tasks enter Δm with it, unless they name metrics. Of a metric of one's own
        only kinds of one's own count.
    greater_is_better : bool
    positive_scale : bool
        Whether it can never cross zero, so that relative changes of it mean something. A metric
        that can is reported, but never enters Δm.
    ranks_models : bool
        Whether a model with a better value is a better one. Metrics that describe answers, such as the
        width of intervals, may have their best value for a useless model: they are reported, but
        never enter Δm.
    in_target_units : bool
        Whether it is measured in the target's own units, as an error in euros is: a target times 4
        gives the metric times 4.
    best : float or None
        What no prediction can surpass, such as 1 for an accuracy; None where there is no bound.
    zero_one : bool
        Whether it is a mean of zeros and ones over rows.
    within_classes : bool
        Whether it is one of the means over each class, so that it is the same wherever classes
        are commoner.
    decides : bool
        Whether responses count by the decisions made of them alone, as in an accuracy: those of
        events above the threshold of a target that has one are then given to it as 1, others as 0.
    power : int
        The metric to this power is a mean over rows or close to one: 2 for a root mean square.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from typing import ClassVar
    >>> import numpy as np
    >>> from polytask.metrics import Metric, MetricValue
    >>> from polytask.tasks import FittedTarget, Regression
    >>> @dataclass(frozen=True)
    ... class LargestError(Metric):
    ...     name: ClassVar = "largest_error"
    ...     label: ClassVar = "largest error"
    ...     kinds: ClassVar = (Regression,)
    ...     greater_is_better: ClassVar = False
    ...     in_target_units: ClassVar = True
    ...
    ...     def measure(self, truth, response, weight, fitted):
    ...         return MetricValue(float(abs(truth - response).max()))
    >>> truth, response = np.array([1.0, 2.0, np.nan]), np.array([1.5, 5.0, 0.0])
    >>> LargestError().score(truth, response, FittedTarget(("price",))).value
    3.0

    One over all columns at once, in deviations of the training rows, whose name shows its argument:

    >>> @dataclass(frozen=True)
    ... class Within(Metric):
    ...     radius: float = 1.0
    ...
    ...     kinds: ClassVar = (Regression,)
    ...     greater_is_better: ClassVar = True
    ...     best: ClassVar = 1.0
    ...
    ...     @property
    ...     def name(self):
    ...         return f"within_{self.radius:g}"
    ...
    ...     @property
    ...     def label(self):
    ...         return f"within {self.radius:g}"
    ...
    ...     def parts(self, truth, response, fitted):
    ...         yield "position", truth, response
    ...
    ...     def measure(self, truth, response, weight, fitted):
    ...         steps = (truth - response) / np.array(fitted.learned["scale"])
    ...         near = np.hypot(*steps.T) <= self.radius
    ...         return MetricValue(float(np.average(near, weights=weight)))
    >>> position = FittedTarget(("x", "y"), learned={"center": (0.0, 0.0), "scale": (1.0, 10.0)})
    >>> truth, response = np.zeros((2, 2)), np.array([[3.0, 40.0], [0.0, 1.0]])
    >>> [Within(radius).score(truth, response, position).value for radius in (1.0, 5.0)]
    [0.5, 1.0]
    """

    name: ClassVar[str]
    label: ClassVar[str]
    kinds: ClassVar[tuple[type[Kind], ...]] = ()
    default_for: ClassVar[tuple[type[Kind], ...]] = ()
    greater_is_better: ClassVar[bool]
    positive_scale: ClassVar[bool] = True
    ranks_models: ClassVar[bool] = True
    in_target_units: ClassVar[bool] = False
    best: ClassVar[float | None] = None
    named_by_class: ClassVar[bool] = True
    zero_one: ClassVar[bool] = False
    within_classes: ClassVar[bool] = False
    decides: ClassVar[bool] = False
    power: ClassVar[int] = 1

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1, the best."""
        return self.positive_scale and self.greater_is_better and self.best == 1.0

    @property
    def no_headline(self) -> str | None:
        """Why it cannot enter Δm, as the end of a sentence; None if it can."""
        if not self.positive_scale:
            return "can cross zero"
        return None if self.ranks_models else "describes answers and does not rank models"

    @classmethod
    def serves(cls, kind: Kind) -> bool:
        """Whether it serves a kind: one of `kinds`, or one that is measured as one of them.

        Examples
        --------
        >>> from polytask.metrics import MAE
        >>> from polytask.tasks import Binary, Regression
        >>> MAE.serves(Regression()), MAE.serves(Binary())
        (True, False)
        """
        return isinstance(kind, cls.kinds) or any(
            issubclass(alike, cls.kinds) for alike in kind.measured_as
        )

    @abstractmethod
    def measure(
        self,
        truth: Float64[np.ndarray, " n *cells"],
        response: Float64[np.ndarray, " n *outputs"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> MetricValue:
        """The metric of one part over labelled rows (at least one) of positive weight.

        A finite number for every response that the kind gives, also far from all labels (scores of
        ±100), or a reason why there is none.

        Parameters
        ----------
        truth : array of shape (n,), or (n, ...) where `parts` gives several columns at once
        response : array of shape (n,) or (n, ...)
        weight : array of shape (n,)
            Row weights, as shares of the largest.
        fitted : FittedTarget
            What was learned of the whole target, whichever part of it is measured.
        """

    def influence(
        self,
        truth: Float64[np.ndarray, " n *cells"],
        response: Float64[np.ndarray, " n *outputs"],
        weight: Float64[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " n"] | None:
        r"""What each row adds to the value, to first order; None where no formula is known.

        Row k's is :math:`w_k \, \partial \theta / \partial w_k`; they sum to 0. Called where
        `measure` has a value, with the same arguments.
        """
        del truth, response, weight, fitted
        return None

    def comparable(
        self, response: Float64[np.ndarray, " n *outputs"]
    ) -> Float64[np.ndarray, " n *outputs"]:
        """The response as two models can exchange it, such as ranks where only order counts."""
        return response

    def parts(
        self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget
    ) -> Iterator[Part]:
        """The parts that are measured one by one and averaged; by default the columns.

        A row counts in a part if none of the cells of its truth there is NaN.
        """
        if truth.ndim == 1:
            yield f"column {fitted.columns[0]!r}", truth, response
            return
        for position, column in enumerate(fitted.columns):
            yield f"column {column!r}", truth[:, position], response[:, position]

    def check(self, truth: np.ndarray, response: np.ndarray, fitted: FittedTarget) -> None:
        """Raise unless truth and response have shapes that belong together.

        By default a truth of several columns has a response of the same shape. Metrics of kinds
        whose responses are unlike their labels check here what they accept.

        Raises
        ------
        ParameterError
        """
        del fitted
        if truth.ndim > 1 and response.shape != truth.shape:
            expected = f"of shape {truth.shape}, as `truth` is"
            owner = f"{type(self).__name__}.score"
            raise ParameterError(message(owner, "response", expected, response.shape))

    def score(
        self,
        truth: Float[np.ndarray, " n *columns"],
        response: Float[np.ndarray, " n *outputs"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"] | None = None,
    ) -> MetricValue:
        """The metric over the labelled rows.

        Parameters
        ----------
        truth : array of shape (n,), or (n, n_columns) for several target columns
            What `Kind.truth` gives: the user's units or class codes, NaN where missing.
        response : array of shape (n,) or (n, ...)
            What `Kind.response` gives: the user's units or probabilities.
        fitted : FittedTarget
            What was learned of the target; it names columns and classes.
        weight : array of shape (n,), optional
            Row weights; rows of weight 0 are left out.

        Returns
        -------
        MetricValue
        """
        weight = np.ones(len(truth)) if weight is None else weight
        return mean_value(
            {
                name: part if isinstance(part, MetricValue) else self.value(part)
                for name, part in self.labelled(truth, response, fitted, weight).items()
            }
        )

    def labelled(
        self,
        truth: Float[np.ndarray, " n *columns"],
        response: Float[np.ndarray, " n *outputs"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> dict[str, LabelledRows | MetricValue]:
        """The labelled rows of each part, or why the part has no value; arguments as in `score`."""
        check_rows(f"{type(self).__name__}.score", truth, response, weight)
        self.check(truth, response, fitted)
        answers = _double(response)
        if self.decides:
            answers = _decided(answers, fitted)
        return {
            name: labelled_rows(part, own, weight, fitted)
            for name, part, own in self.parts(_double(truth), answers, fitted)
        }

    def value(self, rows: LabelledRows) -> MetricValue:
        """`measure`, with a reason where the result is not finite."""
        with np.errstate(all="ignore"):
            result = self.measure(rows.truth, rows.response, rows.weight, rows.fitted)
        if result.value is not None and not np.isfinite(result.value):
            n = len(rows.truth)
            return MetricValue(None, f"the value over {n} labelled rows is not finite")
        return result

    def constant(
        self,
        mean: Float64[np.ndarray, " *outputs"],
        truth: Float[np.ndarray, " n *columns"],
        weight: Real[np.ndarray, " n"],
        fitted: FittedTarget,
    ) -> Float64[np.ndarray, " *outputs"]:
        """The response that scores best, or well, where every row gets the same.

        By default the kind's: the means of numbers and the shares of classes; metrics that another
        answer suits better return it here.

        Parameters
        ----------
        mean : array
            What `Kind.mean_response` gives, one row of a response.
        truth, weight, fitted
            As in `score`.

        Returns
        -------
        array
            One row of a response.

        Examples
        --------
        >>> import numpy as np
        >>> from polytask.metrics import MAE, RMSE
        >>> from polytask.tasks import FittedTarget, Regression
        >>> truth, weight = np.array([1.0, 2.0, 9.0]), np.ones(3)
        >>> target = FittedTarget(("price",))
        >>> mean = Regression().mean_response(truth, target, weight)
        >>> [float(m.constant(mean, truth, weight, target)) for m in (RMSE(), MAE())]
        [4.0, 2.0]
        """
        del truth, weight, fitted
        return mean


def _decided(
    response: Float64[np.ndarray, " n *columns"], fitted: FittedTarget
) -> Float64[np.ndarray, " n *columns"]:
    """Decisions as probabilities of 0 and 1, where the target has thresholds; else the response."""
    thresholds = thresholds_of(fitted)
    if not thresholds:
        return response
    columns = response.reshape(len(response), -1) > np.array(thresholds)
    return columns.reshape(response.shape).astype(np.float64)


def _double(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64, copy=False)
