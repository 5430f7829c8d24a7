"""One learner on one split: trials, their values on validation rows, and the settings kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._records import RunRecord
from polytask.evaluation.running._run import Run
from polytask.evaluation.running._runner import Runner
from polytask.evaluation.running._tuning import trial_gain
from polytask.search._proposal import short_settings
from polytask.search._search_space import SearchSpace
from polytask.tasks import TaskSet

if TYPE_CHECKING:
    import optuna
    from optuna.trial import Trial

    from polytask.data import Split

__all__ = ["Attempt", "Search", "State", "killed", "request", "stopped"]

State = Literal["open", "complete", "pruned", "failed"]


@dataclass(eq=False)
class Attempt:
    """One trial: its settings, and its runs on the splits that choose.

    Attributes
    ----------
    number : int
    settings : mapping
        By full path.
    trial : optuna.trial.Trial or None
        None for a learner without ranges, which is run as it is.
    rung : int
        How many of the shorter runs are behind it.
    runs : tuple of Run
        The longest so far, one per split that chooses.
    records : mapping of rung to tuple of RunRecord
    state : {"open", "complete", "pruned", "failed"}
    value : float or None
        Mean gain on validation rows over the first trial that gave a model, at its last rung.
    failure : str
    interruptions : int
        How often a process ended before the trial did.
    killed : int
        The same, where that counts as a failure.
    """

    number: int
    settings: Mapping[str, Any]
    trial: Trial | None
    rung: int = 0
    runs: tuple[Run, ...] = ()
    records: dict[int, tuple[RunRecord, ...]] = field(default_factory=dict)
    state: State = "open"
    value: float | None = None
    failure: str = ""
    interruptions: int = 0
    killed: int = 0

    @property
    def last(self) -> tuple[RunRecord, ...]:
        """Records of the longest runs."""
        return self.records[max(self.records)]

    @property
    def seconds(self) -> float:
        """Fitting time of all its runs."""
        return sum(record.seconds for records in self.records.values() for record in records)


@dataclass(eq=False)
class Search:
    """The trials of one learner on one split.

    Parameters
    ----------
    candidate : Candidate
    split : Split
        Whose test rows estimate.
    inner : tuple of Split
        Whose validation rows choose; the split itself, or folds of its other rows.
    seed : int
        Of the runs.
    space : SearchSpace
    study : optuna.Study or None
        None for a learner without ranges.
    rungs : tuple of int
        Steps of the runs of a trial, the last in full.
    importance : mapping of path to float
        How much each setting mattered; filled at the end.
    attempts : list of Attempt
        Filled while it runs.
    kept_for : mapping of task to Attempt
        The trials that are kept; filled at the end.
    """

    candidate: Candidate
    split: Split
    inner: tuple[Split, ...]
    seed: int
    space: SearchSpace
    study: optuna.Study | None
    rungs: tuple[int, ...]
    importance: Mapping[str, float] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    kept_for: dict[str, Attempt] = field(default_factory=dict)

    def requests(
        self, runner: Runner, attempt: Attempt, splits: Sequence[Split]
    ) -> tuple[Run, ...]:
        """Runs of a trial at its rung, on some splits, with the search's seed."""
        return tuple(
            request(
                runner, self.candidate, split, self.seed, attempt.settings, self.rungs[attempt.rung]
            )
            for split in splits
        )

    def reference(self, rung: int) -> tuple[RunRecord, ...] | None:
        """Records of the first trial that gave models at a rung."""
        for attempt in self.attempts:
            records = attempt.records.get(rung)
            if records is not None and not any(record.failure for record in records):
                return records
        return None

    def gain(self, attempt: Attempt, rung: int, tasks: TaskSet) -> float | None:
        """Mean over the splits that choose of a trial's gain at a rung; None if it gave no model."""
        records, reference = attempt.records.get(rung), self.reference(rung)
        if records is None or reference is None or any(record.failure for record in records):
            return None
        gains = [
            trial_gain(record, first, tasks)
            for record, first in zip(records, reference, strict=True)
        ]
        known = [gain for gain in gains if gain is not None]
        return sum(known) / len(known) if known else 0.0

    def kept(self, tasks: TaskSet, alone: Collection[str]) -> dict[str, Attempt]:
        """The trial that is kept for each task, as in a comparison; ties go to the earlier one."""
        complete = [attempt for attempt in self.attempts if attempt.state == "complete"]
        common = self._best(complete, tasks.primary)
        return {
            name: self._best(complete, tasks.subset([name])) if name in alone else common
            for name in tasks.names
        }

    def _best(self, complete: Sequence[Attempt], tasks: TaskSet) -> Attempt:
        rung = len(self.rungs) - 1
        return max(complete, key=lambda attempt: self.gain(attempt, rung, tasks) or 0.0)


def request(
    runner: Runner,
    candidate: Candidate,
    split: Split,
    seed: int,
    settings: Mapping[str, Any],
    steps: int,
) -> Run:
    """A run of a learner with some settings, and its record's short names of them."""
    learner = candidate.learner.configured(settings) if settings else candidate.learner
    run = runner.request(learner, split, seed)
    spec = replace(run.spec, budget={**run.spec.budget, "steps": steps}, name=candidate.name)
    return replace(run, spec=spec, settings=short_settings(learner, settings))


def stopped(record: RunRecord, steps: int) -> RunRecord:
    """The record of a trial that was pruned, which is out of the choice.

    Parameters
    ----------
    record : RunRecord
        Of its last, shorter run.
    steps : int
        Of a run in full.
    """
    taken = record.spec.budget["steps"]
    sentence = f"stopped after runs of {taken:,} of {steps:,} steps: others were better by then"
    return replace(record, failure=record.failure or sentence)


def killed(run: Run, times: int) -> RunRecord:
    """The failed record of a run whose process ended before it did, several times."""
    failure = (
        f"its process was killed {times} times before it ended, most likely for lack of memory; "
        "counted as a failed trial"
    )
    return RunRecord(run.spec, {}, settings=run.settings, failure=failure, error="WorkerError")
