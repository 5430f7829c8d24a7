"""The result of a tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from polytask.search._study_record import StudyRecord

__all__ = ["TunedLearner", "TunedTrial", "Tuning"]


@dataclass(frozen=True)
class TunedTrial:
    """One trial: settings, and what validation rows say of them.

    Attributes
    ----------
    number : int
        Trial 0 is the recipe as it was given.
    settings : mapping of path to value
        Recipes by their names.
    value : float or None
        Mean gain of the primary tasks' headline metrics over the first trial that gave a model, at
        the trial's own steps, each relative to the mean of both values; a mean over folds.
    steps : int
        Of its longest run.
    state : {"complete", "pruned", "failed"}
    seconds : float
        Fitting of all its runs.
    tasks : tuple of str
        The tasks for which it was kept.
    failure : str
    interruptions : int
        How often a process ended before the trial did; it was run again.
    """

    number: int
    settings: Mapping[str, Any]
    value: float | None
    steps: int
    state: Literal["complete", "pruned", "failed"]
    seconds: float
    tasks: tuple[str, ...] = ()
    failure: str = ""
    interruptions: int = 0


@dataclass(frozen=True)
class TunedLearner:
    """All trials of one learner on one split.

    Attributes
    ----------
    learner : str
    joint : bool
    fold : int
    seed : int
        Of its runs.
    ranges : mapping of path to str
        What was searched; empty for a learner that declares no ranges, which is run as it is.
    trials : tuple of TunedTrial
    importance : mapping of path to float
        Share of the variance of the values that each setting explains; empty with few trials.
    """

    learner: str
    joint: bool
    fold: int
    seed: int
    ranges: Mapping[str, str]
    trials: tuple[TunedTrial, ...]
    importance: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> TunedTrial | None:
        """The complete trial of the highest value; ties go to the earlier one."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        return max(complete, key=lambda trial: trial.value or 0.0) if complete else None


@dataclass(frozen=True)
class Tuning(StudyRecord):
    """The result of a tuning: trials, and the comparison of the tuned learners.

    Attributes
    ----------
    sampler : str
    pruner : str or None
    folds : int
        Inner folds that choose settings; with 1, the validation rows of the split.
    seed : int
    trials, steps : int
        Trials of every learner on every split, and steps of a run in full.
    metrics : mapping of task to str
        Names of the primary tasks' headline metrics, of which values are made.
    learners : tuple of TunedLearner
        One per learner and split.
    comparison : Comparison or None
        The tuned learners on test rows; it lies beside this record, as ``comparison.json``.
    """

    file_name: ClassVar[str] = "tuning.json"
    what: ClassVar[str] = "tuning"

    sampler: str
    pruner: str | None
    folds: int
    seed: int
    trials: int
    steps: int
    metrics: Mapping[str, str]
    learners: tuple[TunedLearner, ...]

    def __str__(self) -> str:
        return "\n".join([*map(_sentence, self.learners), "", str(self._judged)])


def _sentence(tuned: TunedLearner) -> str:
    """What was kept of one learner's trials."""
    best = tuned.best
    if best is None or not tuned.ranges:
        return f"{tuned.learner}: {'no trial gave a model' if best is None else 'as it is'}"
    settings = ", ".join(f"{path} = {_written(value)}" for path, value in best.settings.items())
    return f"{tuned.learner}: trial {best.number} of {len(tuned.trials)}: {settings}"


def _written(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
