"""Search of what should share: groups of tasks by affinity, verified by training.

`best_partition` divides tasks by an affinity matrix.
"""

from polytask.search._best_partition import best_partition
from polytask.search._partition import Partition

__all__ = ["Partition", "best_partition"]
