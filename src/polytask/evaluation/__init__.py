"""Evaluation: every joint learner against its single-task baseline, under one budget.

`compare` is the entry point. Its work lies in three rooms, which import downwards only: `running`
(candidates, runs, records on disk), `judging` (estimates, tests, the recommendation) and `wording`
(tables and sentences). A newcomer begins with `_study.py`, which calls them in order.
"""

from polytask.evaluation._compare import compare
from polytask.evaluation._comparison import Comparison
from polytask.evaluation.judging import (
    DeltaMEstimate,
    Estimate,
    LearnerDifference,
    LearnerRow,
    Population,
    Recommendation,
    RunRow,
    TaskDifference,
    TrialRow,
    Verdict,
)
from polytask.evaluation.running._evaluate import evaluate, evaluate_classes
from polytask.evaluation.running._grid import grid
from polytask.evaluation.running._records import MetricRecord, RunRecord, RunSpec
from polytask.evaluation.running._run import Run
from polytask.evaluation.running._run_progress import progress_at_once
from polytask.evaluation.running._runner import Runner

__all__ = [
    "Comparison",
    "DeltaMEstimate",
    "Estimate",
    "LearnerDifference",
    "LearnerRow",
    "MetricRecord",
    "Population",
    "Recommendation",
    "Run",
    "RunRecord",
    "RunRow",
    "RunSpec",
    "Runner",
    "TaskDifference",
    "TrialRow",
    "Verdict",
    "compare",
    "evaluate",
    "evaluate_classes",
    "grid",
    "progress_at_once",
]
