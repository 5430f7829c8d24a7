"""Candidates with their runs and test predictions."""

from __future__ import annotations

from dataclasses import dataclass

from polytask.evaluation.judging._test_answers import TaskAnswers
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._records import MetricRecord
from polytask.evaluation.running._tuning import Tuned

__all__ = ["Entry"]


@dataclass(frozen=True, eq=False)
class Entry:
    """One candidate with its runs and test predictions.

    Parameters
    ----------
    candidate : Candidate
    runs : tuple of Tuned
        One for every split and seed.
    answers : mapping of task to tuple of Answers
        To the test rows, one per split.
    """

    candidate: Candidate
    runs: tuple[Tuned, ...]
    answers: TaskAnswers

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name

    def mean(self, task: str, metric: str) -> float | None:
        """The test metric averaged over the runs that define it."""
        records = [record for run in self.runs if (record := _record(run, task, metric))]
        values = [record.value for record in records if record.value is not None]
        return sum(values) / len(values) if values else None


def _record(run: Tuned, task: str, metric: str) -> MetricRecord | None:
    return run.test[task][metric] if task in run.test else None
