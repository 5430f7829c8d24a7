"""Analysis of how tasks are related: who gains from whom, at which cost of finding out.

Begin with `GroupRuns`, which trains groups of tasks and measures them on rows that were not trained
on. `transfer_map` measures who gains from whom, each `Affinity` estimates it from fewer networks, and
`analyze` does both. `attribute` measures which columns each task looks at, `source_tasks` which task
helped which prediction.
"""

from polytask.analysis._affinity import Affinity
from polytask.analysis._affinity_record import AffinityRecord
from polytask.analysis._analysis import Analysis, analyze, analyze_runs
from polytask.analysis._attribute import attribute
from polytask.analysis._attribution import Attribution
from polytask.analysis._attributions import Attributions
from polytask.analysis._explained_labels import ExplainedLabels
from polytask.analysis._gradient_cosine import GradientCosine
from polytask.analysis._group_runs import GroupRuns
from polytask.analysis._head_similarity import HeadSimilarity
from polytask.analysis._integrated_gradients import IntegratedGradients
from polytask.analysis._learn_relations import learned_relations
from polytask.analysis._learned_relations import LearnedRelations
from polytask.analysis._linear_cka import linear_cka
from polytask.analysis._lookahead_affinity import LookaheadAffinity
from polytask.analysis._map_transfer import transfer_map
from polytask.analysis._measure_sources import source_tasks
from polytask.analysis._measured_gain import MeasuredGain
from polytask.analysis._permutation_importance import PermutationImportance
from polytask.analysis._prediction_correlation import PredictionCorrelation
from polytask.analysis._prediction_similarity import PredictionSimilarity
from polytask.analysis._projected_gradients import ProjectedGradients
from polytask.analysis._source_tasks import HelpedRow, HelpedRows, SourceEffect, SourceTasks
from polytask.analysis._trained_pairs import TrainedPairs
from polytask.analysis._transfer_map import SampledGain, TransferMap

__all__ = [
    "Affinity",
    "AffinityRecord",
    "Analysis",
    "Attribution",
    "Attributions",
    "ExplainedLabels",
    "GradientCosine",
    "GroupRuns",
    "HeadSimilarity",
    "HelpedRow",
    "HelpedRows",
    "IntegratedGradients",
    "LearnedRelations",
    "LookaheadAffinity",
    "MeasuredGain",
    "PermutationImportance",
    "PredictionCorrelation",
    "PredictionSimilarity",
    "ProjectedGradients",
    "SampledGain",
    "SourceEffect",
    "SourceTasks",
    "TrainedPairs",
    "TransferMap",
    "analyze",
    "analyze_runs",
    "attribute",
    "learned_relations",
    "linear_cka",
    "source_tasks",
    "transfer_map",
]
