"""From predictions on test rows to estimates, tests and the recommended model.

A newcomer begins with `_context.py` (what all judgements share) and `_differences.py` (one joint
learner against its baseline).
"""

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
