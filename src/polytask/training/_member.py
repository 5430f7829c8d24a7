"""The members of a population of training runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from polytask._validation import (
    Constraint,
    Interval,
    Optional,
    Satisfies,
    check_parameters,
    message,
)
from polytask.exceptions import ParameterError

__all__ = ["Member"]

_TASKS = Satisfies(
    lambda tasks: isinstance(tasks, Mapping) and all(isinstance(name, str) for name in tasks),
    "a mapping of names of tasks to weights",
)
_ROWS = Satisfies(
    lambda rows: isinstance(rows, Mapping) and all(isinstance(name, str) for name in rows),
    "a mapping of names of sources to arrays of one weight per row",
)
_NUMBERS = ("learning_rate", "weight_decay", "dropout")


@dataclass(frozen=True, eq=False)
class Member:
    r"""One run of a population: tasks and their weights, seed, settings, weights of rows.

    The loss of member m is :math:`\sum_k \lambda_{mk} w_k \ell_k`, with the weight :math:`w_k` that
    task k has itself (`polytask.tasks.Task.weight`).

    Parameters
    ----------
    tasks : mapping of str to float, optional
        Weights :math:`\lambda_{mk} \geq 0` by task. Tasks that are absent or weigh 0 are not trained.
        By default all tasks, with weight 1.
    seed : int, default 0
    learning_rate, weight_decay : float, optional
        Those of the trainer by default.
    dropout : float in [0, 1), optional
        Stands in for every setting of the architecture that is named ``dropout``, which by default stay as they are.
    row_weight : mapping of str to array of shape (n,), optional
        By source, weights of all training rows, finite and at least 0, which multiply the rows' own
        weights. A row of weight 0 is left out, so that masks select the rows of a fold, and counts
        make a bootstrap sample. Rows of sources that are not named have weight 1.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from polytask.training import Member
    >>> Member(tasks={"income": 1.0, "age": 0.5}, seed=3).task_names
    ('income', 'age')
    """

    tasks: Mapping[str, float] | None = None
    seed: int = 0
    learning_rate: float | None = None
    weight_decay: float | None = None
    dropout: float | None = None
    row_weight: Mapping[str, np.ndarray] | None = None

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "tasks": Optional(_TASKS),
        "seed": Interval(int, 0, 2**63 - 1),
        "learning_rate": Optional(Interval(float, 0.0, closed="neither")),
        "weight_decay": Optional(Interval(float, 0.0)),
        "dropout": Optional(Interval(float, 0.0, 1.0, closed="left")),
        "row_weight": Optional(_ROWS),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
        self._check_tasks()
        for source, weights in (self.row_weight or {}).items():
            _check_rows(source, weights)

    @property
    def task_names(self) -> tuple[str, ...] | None:
        """Names of the tasks that are trained; None for all."""
        if self.tasks is None:
            return None
        return tuple(name for name, weight in self.tasks.items() if weight > 0)

    def numbers(self) -> dict[str, Any]:
        """Learning rate, weight decay and dropout, of those that are given."""
        given = {name: getattr(self, name) for name in _NUMBERS}
        return {name: float(value) for name, value in given.items() if value is not None}

    def _check_tasks(self) -> None:
        if self.tasks is None:
            return
        for name, weight in self.tasks.items():
            if not (isinstance(weight, int | float | np.number) and 0 <= weight < math.inf):
                expected = "finite weights of at least 0"
                got = f"Got {weight!r} for {name!r} instead."
                sentence = f"The `tasks` parameter of Member must be {expected}. {got}"
                raise ParameterError(f"{sentence} 0 leaves a task out.")
        if not self.task_names:
            remedy = "Give at least one task a weight, or None for all tasks."
            expected = "weights of which one is positive"
            raise ParameterError(message("Member", "tasks", expected, dict(self.tasks), remedy))


def _check_rows(source: str, weights: object) -> None:
    values = np.asarray(weights)
    owner = f"The `row_weight` parameter of Member, for source {source!r},"
    if values.ndim != 1 or values.dtype.kind not in "biuf":
        got = f"an array of shape {values.shape} and type {values.dtype}"
        raise ParameterError(f"{owner} must be one number per row. Got {got} instead.")
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        row = int(bad.argmax())
        got = f"Got {values[row]:g} in row {row} instead; 0 leaves a row out."
        raise ParameterError(f"{owner} must be finite and at least 0. {got}")
