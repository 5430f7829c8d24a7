"""Regularisers of stacked task parameters, shared by linear models and networks.

`Penalty` states the contract: value, (sub)gradient, proximal map and what is learned, in numpy or
torch.
"""

from polytask.penalties._l1_mean_deviation import L1MeanDeviation
from polytask.penalties._mean_deviation import MeanDeviation
from polytask.penalties._pairwise_l1 import PairwiseL1
from polytask.penalties._penalty import Penalty

__all__ = ["L1MeanDeviation", "MeanDeviation", "PairwiseL1", "Penalty"]
