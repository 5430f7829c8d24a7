"""The result of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polytask.architectures import MultiTaskModule
from polytask.bookkeeping import History
from polytask.data import Schema

__all__ = ["Trained"]


@dataclass(frozen=True, eq=False)
class Trained:
    """The result of training.

    Attributes
    ----------
    network : MultiTaskModule
        In its best state and evaluation mode.
    schemas : mapping of source name to Schema
        Fitted on the training rows.
    history : History
    """

    network: MultiTaskModule
    schemas: Mapping[str, Schema]
    history: History
