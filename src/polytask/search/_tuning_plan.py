"""What a tuning tries, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.ranges import SearchRange
from polytask.search._optuna import REDUCTION, Pruner, Sampler

__all__ = ["Plan"]

_FEWEST_STEPS = 10


@dataclass(frozen=True)
class Plan:
    """What a tuning tries, and how; the parameters are those of `tune`."""

    sampler: Sampler
    pruner: Pruner | None
    folds: int
    at_once: int
    seed: int
    paths: Sequence[str] | None
    ranges: Mapping[str, SearchRange | Sequence[Any]]

    def described(self) -> dict[str, Any]:
        """What must be equal for trials to belong to one tuning; learners may be added."""
        return {
            "sampler": self.sampler,
            "pruner": self.pruner,
            "folds": self.folds,
            "at once": self.at_once,
            "seed": self.seed,
        }

    def rungs(self, steps: int, *, counted: bool) -> tuple[int, ...]:
        """Steps of the runs of a trial; one run for learners whose training counts no steps."""
        if self.pruner is None or not counted:
            return (steps,)
        shorter = [steps // REDUCTION**power for power in (2, 1)]
        return (*(number for number in shorter if number >= _FEWEST_STEPS), steps)
