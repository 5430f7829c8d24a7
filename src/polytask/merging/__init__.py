"""Merging of networks that were fine-tuned from one start into one network, by their tensors alone.

One method per file. Begin with `Merging` in ``_merging.py``, then read ``_task_arithmetic.py`` and
``_ties.py``: a method combines task vectors, the differences of each fine-tuned network from the
start, into one update of the start. `polytask.neural_network.MergedNetwork` trains such networks
and merges them; `polytask.testing.check_merging` tests a method.
"""

from polytask.merging._ada_merging import AdaMerging
from polytask.merging._dare import DARE
from polytask.merging._merging import Merging, Objective, Vectors
from polytask.merging._task_arithmetic import TaskArithmetic
from polytask.merging._ties import TIES
from polytask.merging._weight_averaging import WeightAveraging

__all__ = [
    "DARE",
    "TIES",
    "AdaMerging",
    "Merging",
    "Objective",
    "TaskArithmetic",
    "Vectors",
    "WeightAveraging",
]
