"""Analysis of how tasks are related: who gains from whom, at which cost of finding out.

Begin with `GroupRuns`, which trains groups of tasks and measures them on rows that were not trained
on. Each `Affinity` estimates who helps whom from such networks.
"""

from polytask.analysis._affinity import Affinity
from polytask.analysis._affinity_record import AffinityRecord
from polytask.analysis._explained_labels import ExplainedLabels
from polytask.analysis._group_runs import GroupRuns
from polytask.analysis._prediction_correlation import PredictionCorrelation
from polytask.analysis._prediction_similarity import PredictionSimilarity

__all__ = [
    "Affinity",
    "AffinityRecord",
    "ExplainedLabels",
    "GroupRuns",
    "PredictionCorrelation",
    "PredictionSimilarity",
]
