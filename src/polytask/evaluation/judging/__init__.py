"""Judging: from predictions of test rows to estimates, tests and the choice of a model."""

from polytask.evaluation.judging._comparison_records import (
    LearnerDifference,
    LearnerRow,
    Recommendation,
    RunRow,
    TaskDifference,
    TrialRow,
    Verdict,
)
from polytask.evaluation.judging._estimates import DeltaMEstimate, Estimate
from polytask.evaluation.judging._population import Population

__all__ = [
    "DeltaMEstimate",
    "Estimate",
    "LearnerDifference",
    "LearnerRow",
    "Population",
    "Recommendation",
    "RunRow",
    "TaskDifference",
    "TrialRow",
    "Verdict",
]
