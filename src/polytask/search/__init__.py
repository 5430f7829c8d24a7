"""Search of what should share: groups of tasks by affinity, verified by training; and of settings.

`best_partition` divides tasks by an affinity matrix, `group` verifies such partitions by training.
`tune` searches the declared ranges of learners, joint ones and their single-task selves by equally
many trials, `tune_weights` the weights of tasks in a joint network. `LearnedBranching` and
`SharingPolicy` search the structure of one network (``_structure_learner.py``, ``_supernet….py``).
"""

from polytask.search._adaptive import Adaptive
from polytask.search._best_cover import best_cover
from polytask.search._best_partition import best_partition
from polytask.search._group import group
from polytask.search._grouped import Grouped
from polytask.search._grouped_training import train_groups
from polytask.search._grouping import CandidateGain, Grouping
from polytask.search._hypervolume import hypervolume
from polytask.search._learned_branching import LearnedBranching
from polytask.search._pareto_front import pareto_front
from polytask.search._partition import Partition
from polytask.search._sharing_policy import SharingPolicy
from polytask.search._sharing_record import SharingChange, SharingRecord
from polytask.search._structure import FoundStructure
from polytask.search._tune import tune
from polytask.search._tune_weights import tune_weights
from polytask.search._tuning import TunedLearner, TunedTrial, Tuning
from polytask.search._weight_search import WeightMember, WeightSearch, WeightTuning

__all__ = [
    "Adaptive",
    "CandidateGain",
    "FoundStructure",
    "Grouped",
    "Grouping",
    "LearnedBranching",
    "Partition",
    "SharingChange",
    "SharingPolicy",
    "SharingRecord",
    "TunedLearner",
    "TunedTrial",
    "Tuning",
    "WeightMember",
    "WeightSearch",
    "WeightTuning",
    "best_cover",
    "best_partition",
    "group",
    "hypervolume",
    "pareto_front",
    "train_groups",
    "tune",
    "tune_weights",
]
