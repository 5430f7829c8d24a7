"""Abstract base class of the batches of a training run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from jaxtyping import Float
from torch import Tensor

from polytask.data import Batch
from polytask.losses import MultiTaskLoss

__all__ = ["Batches"]


class Batches(ABC):
    """Batches of a training run, and the divisors of losses and of their means.

    Attributes
    ----------
    steps_per_epoch : int
    needs_losses : bool
        Whether `end_epoch` must be called with validation losses.
    """

    steps_per_epoch: int
    needs_losses: bool = False

    @property
    def longest_epoch(self) -> int:
        """Steps in which every task reads its rows once."""
        return self.steps_per_epoch

    @abstractmethod
    def batch(self, step: int) -> Batch:
        """The batch of a step; steps are taken in order from 0."""

    @abstractmethod
    def expected(self, loss: MultiTaskLoss) -> Float[Tensor, " n_tasks"]:
        """Weight of the labels each task is expected to have in a batch; called first."""

    @abstractmethod
    def fraction(self, step: int) -> float | Float[Tensor, " n_tasks"]:
        """Rows of the step's batch as a share of a full batch, for each task where they differ."""

    def scale(self, step: int) -> Mapping[str, float]:
        """Factors of the losses of sources that are not drawn evenly; {} where all are."""
        del step
        return {}

    def end_epoch(self, losses: Mapping[str, Mapping[str, float]]) -> None:
        """Receive validation losses per source and task, where they are needed."""
        del losses

    def state_dict(self) -> dict[str, Any]:
        """All state, so that training resumes exactly; {} where batches follow from the step."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        del state
