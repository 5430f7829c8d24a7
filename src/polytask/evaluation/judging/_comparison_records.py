"""Records of a comparison: plain values, which `report` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polytask.evaluation.judging._estimates import DeltaMEstimate, Estimate
from polytask.evaluation.judging._population import Population
from polytask.metrics import ClassRow
from polytask.tasks import Calibration

__all__ = [
    "LearnerDifference",
    "LearnerRow",
    "Recommendation",
    "RunRow",
    "TaskDifference",
    "TrialRow",
    "Verdict",
]


@dataclass(frozen=True)
class TrialRow:
    """One setting that was tried, with its validation gain.

    Attributes
    ----------
    settings : mapping
    gain : float or None
        Mean gain over the first trial on validation rows, relative to the mean of both; None where
        the settings were chosen with another seed.
    seconds : float
    tasks : tuple of str
        The tasks for which it was kept.
    failure : str
        Why it gave no model; empty if it did.
    """

    settings: Mapping[str, Any]
    gain: float | None
    seconds: float
    tasks: tuple[str, ...]
    failure: str = ""


@dataclass(frozen=True)
class RunRow:
    """One learner on one fold with one seed.

    Attributes
    ----------
    fold, seed : int
    seconds : float
        Fitting of what was kept.
    n_parameters : int
    validation_gain : float or None
        Mean relative gain over the yardstick, on validation rows.
    validation : mapping of task to mapping of metric to float or None
    trials : tuple of TrialRow
    curves : tuple of mapping
        Losses by epoch of the trials that were kept.
    thresholds : mapping of task to tuple of float
        Thresholds of decisions, one per target column, of tasks that have some.
    found : mapping
        The structure that a search found in the trial that was kept for most tasks; {} without one.
    """

    fold: int
    seed: int
    seconds: float
    n_parameters: int
    validation_gain: float | None
    validation: Mapping[str, Mapping[str, float | None]]
    trials: tuple[TrialRow, ...]
    curves: tuple[Mapping[str, Any], ...] = ()
    thresholds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LearnerRow:
    """One learner over all runs.

    Attributes
    ----------
    name : str
    joint : bool
    baseline : str or None
        Its single-task self; None if it is one.
    recipe : mapping
        As it was asked for; the settings that were tried, and which of them was kept, are in the
        trials of its runs.
    n_parameters : int
    seconds : float
        Mean fitting time of what was kept in a run.
    seconds_tuning : float
        Mean fitting time of all trials of a run.
    test_reads : int
        How often its models predicted test rows, over all runs.
    validation_gain : float or None
    delta_m : DeltaMEstimate or None
        On test rows, over the yardstick; None for the yardstick itself.
    over_constant : DeltaMEstimate or None
        On test rows, over the best constant; None for the constant itself, or without it.
    tasks : mapping of task to mapping of metric to Estimate
        On test rows.
    runs : tuple of RunRow
    calibration : mapping of task to Calibration
        Whether what it states of test rows comes true, for at most 100 tasks.
    classes : mapping of task to tuple of ClassRow
        Precision, recall and F1 of its decisions on test rows, per class, for at most 100 tasks.
    flops : float
        Mean floating-point operations of predicting a row; 0 where they were not counted.
    seconds_of_pass : float
        Mean over the runs of the median seconds of predicting up to 256 rows; 0 as above.
    """

    name: str
    joint: bool
    baseline: str | None
    recipe: Mapping[str, Any]
    n_parameters: int
    seconds: float
    seconds_tuning: float
    test_reads: int
    validation_gain: float | None
    delta_m: DeltaMEstimate | None
    over_constant: DeltaMEstimate | None
    tasks: Mapping[str, Mapping[str, Estimate]]
    runs: tuple[RunRow, ...]
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    classes: Mapping[str, tuple[ClassRow, ...]] = field(default_factory=dict)
    flops: float = 0.0
    seconds_of_pass: float = 0.0


@dataclass(frozen=True)
class TaskDifference:
    """Joint training against training alone, on one task.

    Attributes
    ----------
    metric : str
    difference : float or None
        Joint minus alone, in the metric's own units.
    interval : (low, high) or None
    gain : float or None
        Relative, positive where joint training is better; None where the baseline's metric is not
        worth dividing by.
    p, p_corrected : float or None
        Before and after correction over tasks.
    answer : {"helped", "hurt", "no difference shown", "too few units", "undefined"}
    sentence : str
    undefined : str or None
    counted : bool
        Whether the task is primary.
    n_units : int
        Test rows (or groups) that carry the answer; for classes those of the rarer one.
    too_few : str or None
        Why no verdict is possible, with counts.
    """

    metric: str
    difference: float | None
    interval: tuple[float, float] | None
    gain: float | None
    p: float | None
    p_corrected: float | None
    answer: str
    sentence: str
    undefined: str | None
    counted: bool
    n_units: int = 0
    too_few: str | None = None


@dataclass(frozen=True)
class LearnerDifference:
    """A joint learner against its single-task baseline, or against its twin.

    Attributes
    ----------
    learner, baseline : str
    tasks : mapping of task to TaskDifference
    delta_m : DeltaMEstimate
    answer : {"helped", "hurt", "mixed", "no difference shown", "too few units", "undefined"}
    sentence : str
    counts : mapping of a task's answer to number of primary tasks
    population : Population or None
        Where there are many small tasks: the verdict on them as a sample of tasks.
    """

    learner: str
    baseline: str
    tasks: Mapping[str, TaskDifference]
    delta_m: DeltaMEstimate
    answer: str
    sentence: str
    counts: Mapping[str, int]
    population: Population | None = None


@dataclass(frozen=True)
class Verdict:
    """Answer of a comparison, with its sentences.

    Attributes
    ----------
    answer : str
        Of the joint learner that validation rows prefer, as in `LearnerDifference`;
        "nothing to share" where there is one task only.
    joint : str or None
        That learner.
    headline : str
    sentences : tuple of str
    winner : str or None
        The one recommended; None where nothing beats the best constant.
    winner_is_joint : bool
    nothing_beats_constant : bool
    """

    answer: str
    joint: str | None
    headline: str
    sentences: tuple[str, ...]
    winner: str | None
    winner_is_joint: bool
    nothing_beats_constant: bool = False


@dataclass(frozen=True)
class Recommendation:
    """The model to use, chosen by validation rows alone.

    Attributes
    ----------
    learner : str or None
        None where nothing beats the best constant: then there is no model to use.
    run : int or None
        Position in the study's runs.
    fold, seed : int or None
    why : str
    settings : mapping
    model : str or None
        Folder of the saved model, beside the record of the comparison.
    recipe : mapping or None
        The learner as it was fitted, with these settings; None where tasks keep different ones.
    """

    learner: str | None
    run: int | None
    fold: int | None
    seed: int | None
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = "model"
    recipe: Mapping[str, Any] | None = None
