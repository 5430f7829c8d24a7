"""Budgets and training records as plain values; no torch.

`Budget` limits what every candidate of a comparison may spend. `History` records a training run;
the trainer writes it, and evaluation and reports read it.
"""

from polytask.bookkeeping._budget import Budget
from polytask.bookkeeping._history import EpochRecord, History
from polytask.bookkeeping._worsened_tasks import worsened_tasks

__all__ = ["Budget", "EpochRecord", "History", "worsened_tasks"]
