"""Regularisers of stacked task parameters, shared by linear models and networks.

`Penalty` states the contract: value, (sub)gradient and proximal map, in numpy or torch.
"""

from polytask.penalties._penalty import Penalty

__all__ = ["Penalty"]
