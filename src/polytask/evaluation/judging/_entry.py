"""One candidate with all that was measured of it."""

from __future__ import annotations

from dataclasses import dataclass

from polytask.evaluation.judging._replicates import Replicates
from polytask.evaluation.running._candidates import Candidate
from polytask.evaluation.running._records import MetricRecord
from polytask.evaluation.running._tuning import Measured, Tuned

__all__ = ["Entry"]


@dataclass(frozen=True, eq=False)
class Entry:
    """One candidate with all that was measured of it.

    Parameters
    ----------
    candidate : Candidate
    runs : tuple of Tuned
        One for every fold and seed.
    replicates : mapping of (task, metric) to array
    """

    candidate: Candidate
    runs: tuple[Tuned, ...]
    replicates: Replicates

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name

    @property
    def test(self) -> list[Measured]:
        """Test metrics of every run."""
        return [run.test for run in self.runs]

    def records(self, task: str, metric: str) -> list[MetricRecord]:
        """One test metric of every run."""
        return [run[task][metric] for run in self.test]
