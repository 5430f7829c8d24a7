"""Recipe of networks that change how they share while they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polytask.architectures import Architecture, HardSharing, SingleTask
from polytask.data import Bins, Schema, Tokenizer
from polytask.search._adaptive_network import AdaptiveNetwork
from polytask.search._sharing_state import Hysteresis
from polytask.tasks import TaskSet

__all__ = ["AdaptiveSharing"]


@dataclass(frozen=True)
class AdaptiveSharing(Architecture):
    """What `polytask.search.Adaptive` trains; see there for the parameters."""

    architecture: HardSharing
    alpha: float
    lower: float
    upper: float
    looks: int

    @property
    def single(self) -> SingleTask:
        """One network per task, of the same encoder."""
        single: Any = self.architecture.single_task()
        return single

    @property
    def bins(self) -> Bins | None:
        """Those of the encoder."""
        return self.architecture.bins

    @property
    def tokenizer(self) -> Tokenizer | None:
        """That of the encoder."""
        return self.architecture.tokenizer

    def build(self, schemas: Mapping[str, Schema], tasks: TaskSet, seed: int) -> AdaptiveNetwork:
        """Build both networks of every task."""
        hysteresis = Hysteresis(self.lower, self.upper, self.looks)
        return AdaptiveNetwork(
            self.single.build(schemas, tasks, seed), schemas, self.alpha, hysteresis
        )
