"""Budgets and training records as plain values; no torch."""

from polytask.bookkeeping._budget import Budget
from polytask.bookkeeping._history import EpochRecord, History

__all__ = ["Budget", "EpochRecord", "History"]
