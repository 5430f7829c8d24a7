"""Limits on the trials and steps of a learner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from polytask._validation import Interval, check_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polytask._validation import Constraint

__all__ = ["Budget"]


@dataclass(frozen=True)
class Budget:
    """Limits on trials and optimiser steps, equal for single-task and joint learners.

    Parameters
    ----------
    trials : int, default 1
        Settings to try; the grid is that of `polytask.evaluation`.
    steps : int, default 2000
        Optimiser steps of one training run (one step of `SingleTask` updates every task's network
        once, each on a batch of its own; so does one that fine-tunes the copies of a
        `MergedNetwork`).

    Examples
    --------
    >>> from polytask.bookkeeping import Budget
    >>> Budget(trials=3).steps
    2000
    """

    trials: int = 1
    steps: int = 2000

    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        "trials": Interval(int, 1, 10_000),
        "steps": Interval(int, 1, 1_000_000_000),
    }

    def __post_init__(self) -> None:
        check_parameters(self)
