"""Base class of kinds: columns, shapes, encoding and response of a target."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float, Float32, Float64, Real, Shaped

from polytask.exceptions import ParameterError
from polytask.tasks._averages import in_any_library, mean_scores
from polytask.tasks._fitted_target import FittedTarget
from polytask.tasks._kind_estimators import KindEstimators
from polytask.tasks._kind_labels import Columns
from polytask.tasks._kind_reports import KindReports
from polytask.tasks._means import weighted_means

__all__ = ["Columns", "Form", "Kind", "Scores"]

Scores = Literal["event", "events", "means"]
"""What the raw scores of a kind are."""

Form = Literal["vector", "sequence", "map"]
"""What of a row a kind labels: the row, by its features as one vector, or each step or pixel."""

_MOST_SCORES = 10_000


class Kind(KindEstimators, KindReports):
    """What a target is: columns, what is learned of them, shapes, raw score → response → decision.

    Subclasses are frozen dataclasses; tasks of equal `block_key` and equal shapes form one block.
    Losses and metrics declare the kinds they serve; nothing else compares a kind's name. A task of
    a kind of one's own is written ``Task("wind", Direction())``, on the command line
    ``--target wind:my_module:Direction``, and has a loss and metrics that serve it: those it names,
    or those that name the kind in their `default_for`. `polytask.testing.check_kind` holds the kind
    to this contract.

    To be written: `fit`, `score_shape`, `encode`, `truth`, `response`, `raw` and `decide`. The
    other methods have defaults, among them what some kinds can do beyond: estimators, units,
    classes.

    Attributes
    ----------
    name : str
        The name users write.
    counts_cells : bool
        Whether each cell of a row is a label of its own (multilabel) or the row is.
    numeric : bool
        Whether target columns hold numbers, so that numbers kept as text are read as numbers.
    form : {"vector", "sequence", "map"}, default "vector"
        What is labelled: the row; every step of its tokens, text or sequence; or every pixel of its
        image. The first axis of labels and scores of steps is that of the steps, up to the longest
        row that training saw; a head gives the scores of a step; and steps that a row does not
        have are missing labels, with scores of `NO_STEP` alone. The last two axes of labels and
        scores of pixels are height and width, and scores have an axis of channels before, (c,
        height, width); a head gives the c scores of a pixel. Target columns hold arrays.
    scores : {"event", "events", "means"} or None
        What raw scores are, for networks that compute with them, such as cascades: the log-odds of
        the event that labels state as 1 or 0; those of an event for each column; or the mean of
        each column, as factors of its unit from a center. None for anything else.
    measured_as : tuple of Kind classes
        Kinds whose metrics serve this one too, since truth and response have the same form.
    whole_rows : bool
        Whether a row is labelled only if all its target columns are observed, such as a count and
        its exposure; otherwise one of them is enough.
    takes_text : bool
        Whether users may write a text after the name, which `from_text` reads, such as the levels
        of ``quantile:0.1,0.9``.
    takes_threshold : bool
        Whether responses are probabilities of events, (n,) or (n, n_columns), labels 1 or 0, and
        decisions those of `polytask.tasks.above_thresholds`, so that tasks may have a threshold.
    joint_outputs : bool
        Whether the columns of several tasks may be learned as outputs of one estimator. Not where
        labels come with row weights of their own, or several estimators answer for one task.
    weighted_outputs : bool
        Whether they may be where not `joint_outputs`, by an estimator that weighs the rows of each output.

    Examples
    --------
    A direction in degrees has two scores, which point there:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from polytask.tasks import FittedTarget, Kind, number_column, observed_numbers
    >>> @dataclass(frozen=True)
    ... class Direction(Kind):
    ...     name = "direction"
    ...
    ...     def fit(self, owner, columns):
    ...         for name, values in columns.items():
    ...             observed_numbers(owner, name, values, self.name)  # raises if there are none
    ...         return FittedTarget(tuple(columns)[:1])
    ...
    ...     def score_shape(self, fitted):
    ...         return (2,)
    ...
    ...     def truth(self, columns, fitted):
    ...         return number_column(fitted.columns[0], columns[0], self.name) % 360
    ...
    ...     def encode(self, columns, fitted):
    ...         return self.truth(columns, fitted)[:, None].astype(np.float32)
    ...
    ...     def response(self, raw, fitted):
    ...         east, north = raw.astype(np.float64).T
    ...         return np.degrees(np.arctan2(north, east)) % 360
    ...
    ...     def raw(self, response, fitted):
    ...         angle = np.radians(response)
    ...         return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    ...
    ...     def decide(self, response, fitted):
    ...         return response
    >>> wind = np.array([350.0, 10.0, np.nan])
    >>> target = Direction().fit("wind", {"wind": wind})
    >>> Direction().encode([wind], target).shape
    (3, 1)
    >>> Direction().response(np.array([[0.0, 2.0]], dtype=np.float32), target)
    array([90.])
    """

    counts_cells: ClassVar[bool] = False
    numeric: ClassVar[bool] = False
    form: ClassVar[Form] = "vector"
    scores: ClassVar[Scores | None] = None
    measured_as: ClassVar[tuple[type[Kind], ...]] = ()
    whole_rows: ClassVar[bool] = False
    takes_text: ClassVar[bool] = False
    takes_threshold: ClassVar[bool] = False
    joint_outputs: ClassVar[bool] = True
    weighted_outputs: ClassVar[bool] = False

    @property
    def block_key(self) -> Hashable:
        """What tasks of one block have in common: everything, unless `response` ignores it."""
        return self

    @property
    def links_steps(self) -> bool:
        """Whether heads learn how likely each class follows another from step to step.

        Only for kinds of the form ``"sequence"`` with a score for each class of a step; scores are
        then logarithms of the marginals of a linear chain.
        """
        return False

    @classmethod
    def from_text(cls, text: str) -> Kind:
        """The kind that users mean by a text after its name; called only if it `takes_text`.

        Texts may come from a file: they are parsed, never evaluated.

        Parameters
        ----------
        text : str
            All that follows the colon after the name, commas and colons included.

        Raises
        ------
        ParameterError
            If the text is none that the kind understands.
        """
        raise ParameterError(f"The kind {cls.name} takes no text. Got {text!r}.")

    # ── what is learned ───────────────────────────────────────────────────────
    @abstractmethod
    def fit(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> FittedTarget:
        """Learn classes, scaling or other constants from the training rows' target columns.

        Columns that the kind cannot learn from, texts among them, are refused with a DataError.

        Parameters
        ----------
        owner : str
            The task's name, for errors.
        columns : mapping of str to array
            Target columns by name; missing cells are NaN or None.

        Raises
        ------
        DataError
            If kind and columns disagree, or nothing is observed.
        OneClassError
            If classes are to be told apart and only one is observed.
        """

    def check_cells(self, owner: str, columns: Mapping[str, Shaped[np.ndarray, " n"]]) -> None:
        """Raise if cells of a table that is read cannot be labels; by default nothing is checked.

        Unlike `fit`, it sees all rows in the order of the user's table, so that the first bad row
        can be named.

        Parameters
        ----------
        owner : str
            The task's name, for errors.
        columns : mapping of str to array
            Target columns by name; missing cells are NaN or None.

        Raises
        ------
        DataError
            Naming the column, the row and the cell.
        """
        del owner, columns

    def counted(self, columns: Columns, fitted: FittedTarget) -> FittedTarget:
        """The same target with class counts of these rows alone; of no effect without classes.

        For tasks that share what is learned, of which one may hold a single class.
        """
        del columns
        return fitted

    def refit(
        self,
        truth: np.ndarray,
        raw: Float32[np.ndarray, " n *scores"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> FittedTarget:
        """Learn more of the target from a trained model's raw scores of the training rows.

        By default nothing, and then training rows are not scored. Every learner's model has what
        is learned here, such as the baseline of proportional hazards. It may change `response`,
        `raw` and `decide`; labels, shapes and what `from_estimator` gives must stay as they are.

        Parameters
        ----------
        truth : array
            As `truth` gives it, of the labelled training rows; cells that are not labelled are NaN.
        raw : array of shape (n, ``*score_shape``)
            Of the model without what is learned here; an ensemble's are averaged.
        fitted : FittedTarget
            What `fit` learned.
        weight : array of shape (n,)
            How many rows each counts as.

        Returns
        -------
        FittedTarget
            One that `accepts` accepts.
        """
        del truth, raw, weight
        return fitted

    def accepts(self, fitted: FittedTarget) -> bool:
        """Whether `fit` or `refit` could have given this; called for targets read from a file.

        Kinds that learn numbers must check here that these are present, and in their range: what is
        accepted must not fail in the other methods.
        """
        return (
            len(fitted.columns) == len(set(fitted.columns)) > 0
            and len(set(fitted.classes)) == len(fitted.classes)
            and all(math.isfinite(x) for numbers in fitted.learned.values() for x in numbers)
            and _is_shape(self.target_shape(fitted))
            and _is_shape(self.score_shape(fitted))
        )

    # ── scores ────────────────────────────────────────────────────────────────
    @abstractmethod
    def response(self, raw: Float32[np.ndarray, " n *scores"], fitted: FittedTarget) -> np.ndarray:
        """Turn raw scores (n, ``*score_shape``) into user's units or probabilities, float64.

        Finite for all scores up to ±10 000. Returns (n,) for one-column regression and binary
        targets (probability of the positive class), (n, ...) otherwise.
        """

    @abstractmethod
    def raw(self, response: np.ndarray, fitted: FittedTarget) -> Float32[np.ndarray, " n *scores"]:
        """Turn a response back into raw scores, so that any model can be scored alike."""

    @abstractmethod
    def decide(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """The single best answer in the user's own labels or units."""

    def labels(self, response: np.ndarray, fitted: FittedTarget) -> np.ndarray:
        """Labels that a user could have written, near a response; by default the decisions.

        Generated data sets hold them. A kind whose decisions are no labels, such as the mean of a
        count, rounds them here.

        Returns
        -------
        array of shape (n,) or (n, n_columns)
        """
        return self.decide(response, fitted)

    @in_any_library
    def average(self, raw: Any) -> Any:
        """Raw scores of rows whose response is the mean of the responses of an ensemble's members.

        By default the means of the scores, which suits responses that are scores with a scale.

        Parameters
        ----------
        raw : array of shape (n_members, n, ``*score_shape``)
            Of numpy, float32. That of a kind whose `average` is one of polytask's own may be a
            tensor, which stays on its device.
        """
        return mean_scores(raw)

    def mean_response(
        self,
        truth: Float[np.ndarray, " n *columns"],
        fitted: FittedTarget,
        weight: Real[np.ndarray, " n"],
    ) -> Float64[np.ndarray, " *outputs"]:
        """The response that describes all rows at once: means of numbers, shares of classes.

        By default the means of `truth`, which suits kinds whose response is like their truth.

        Parameters
        ----------
        truth : array
            As `truth` gives it.
        fitted : FittedTarget
        weight : array of shape (n,)
            Row weights.

        Returns
        -------
        array
            One row of what `response` gives.
        """
        del fitted
        return weighted_means(truth, weight)

    # ── tables ────────────────────────────────────────────────────────────────
    def prediction_columns(
        self, name: str, response: np.ndarray, fitted: FittedTarget
    ) -> list[tuple[str, np.ndarray]]:
        """Columns of a table of predictions: the decision, and probabilities where there are any.

        Parameters
        ----------
        name : str
            What the decision is called if it is one column.
        response : array
        fitted : FittedTarget

        Returns
        -------
        list of (str, array of shape (n,))
            Names and values.
        """
        decision = np.asarray(self.decide(response, fitted))
        if decision.ndim == 1:
            return [(name, decision)]
        cells = decision.reshape(len(decision), math.prod(decision.shape[1:]))
        names: Sequence[str] = fitted.columns
        if len(names) != cells.shape[1]:
            names = [f"{name}_{position}" for position in range(cells.shape[1])]
        return list(zip(names, cells.T, strict=True))

    def of_several(self) -> tuple[Kind, str] | None:
        """The kind of a task with several columns that each look like this kind, if there is one.

        Returns
        -------
        (Kind, str) or None
            The second says what each column holds, such as ``"numbers"``.
        """
        return None


def _is_shape(shape: tuple[int, ...]) -> bool:
    """Whether it is a shape of at least one number and not absurdly many."""
    return bool(shape) and min(shape) >= 1 and math.prod(shape) <= _MOST_SCORES
