"""Predictions of one learner for one task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Float64, Int64, Real

from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.tasks import FittedTarget, Kind

__all__ = ["Answers"]


@dataclass(frozen=True, eq=False)
class Answers:
    """One learner's predictions for one task on the test rows of one split.

    Parameters
    ----------
    truth : array of shape (n,) or (n, c)
        NaN where a label is missing.
    responses : tuple of arrays of shape (n,) or (n, size)
        One per run (seed).
    weight : array of shape (n,)
        Row weights; rows of weight 0 are left out.
    units : array of shape (n,)
        Independent units: the number of each row or of its group. The same number in two tasks,
        splits or learners is the same unit.
    target : FittedTarget
        The fitted target.
    kind : Kind
        The kind of the target.
    targets : tuple of FittedTarget, optional
        Those of each run, which may differ in their thresholds; by default `target` for all.

    Examples
    --------
    >>> import numpy as np
    >>> from polytask.statistics import Answers
    >>> from polytask.tasks import FittedTarget, Regression
    >>> truth = np.array([1.0, 2.0, 4.0])
    >>> answers = Answers(
    ...     truth,
    ...     (truth + 0.5, truth),
    ...     np.ones(3),
    ...     np.arange(3),
    ...     FittedTarget(("price",)),
    ...     Regression(),
    ... )
    >>> len(answers.responses)
    2
    """

    truth: Float[np.ndarray, " n *columns"]
    responses: tuple[Float[np.ndarray, " n *size"], ...]
    weight: Real[np.ndarray, " n"]
    units: Int64[np.ndarray, " n"]
    target: FittedTarget
    kind: Kind
    targets: tuple[FittedTarget, ...] = ()
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    """Results computed before: single values serve in many pairs."""

    def __post_init__(self) -> None:
        if not self.responses:
            raise ParameterError(message("Answers", "responses", "one array per run", ()))
        n = len(self.truth)
        sizes = {len(array) for array in (*self.responses, self.weight, self.units)}
        if sizes != {n}:
            expected = f"arrays of {n} rows, as `truth` is"
            raise ParameterError(message("Answers", "responses", expected, sorted(sizes)))
        if self.targets and len(self.targets) != len(self.responses):
            expected = f"empty, or one target per run, of which there are {len(self.responses)}"
            raise ParameterError(message("Answers", "targets", expected, len(self.targets)))

    def target_of(self, run: int) -> FittedTarget:
        """The fitted target of a run."""
        return self.targets[run] if self.targets else self.target

    @property
    def class_codes(self) -> Float64[np.ndarray, "n c"] | None:
        """Code of each label's class, per column; None without classes."""
        return self.kind.class_codes(self.truth, self.target)
