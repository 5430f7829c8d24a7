"""Abstract base class of training regimes: whose rows, steps and stops tasks have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from torch import nn

from polytask.aggregation import Aggregator
from polytask.architectures import MultiTaskModule, Raw
from polytask.data import SourceBatch
from polytask.processes import Processes
from polytask.tasks import TaskSet
from polytask.training._batches import Batches
from polytask.training._frozen import Frozen
from polytask.training._selection import Selection
from polytask.training._trainer_settings import TrainerSettings
from polytask.weighting import Weighting

__all__ = ["Regime"]


class Regime(ABC):
    """How the tasks of a network are trained: its batches, selection, clipping and scores.

    Parameters
    ----------
    network : MultiTaskModule

    Attributes
    ----------
    n_networks : int
        Networks that take a step together.
    """

    def __init__(self, network: MultiTaskModule) -> None:
        self.network = network

    n_networks: int = 1

    def check(
        self,
        trainer: TrainerSettings,
        weighting: Weighting | None,
        aggregator: Aggregator | None,
        processes: Processes,
    ) -> None:
        """Refuse settings that would have no effect, or could not be served; nothing by default.

        Raises
        ------
        ParameterError
        """
        del trainer, weighting, aggregator, processes

    @abstractmethod
    def batches(
        self,
        train: dict[str, SourceBatch],
        tasks: TaskSet,
        batch_size: int,
        seed: int,
        trainer: TrainerSettings | None = None,
        planned: int = 1,
        processes: Processes | None = None,
    ) -> Batches:
        """Batches of the training rows; without a trainer, those of observers.

        Parameters
        ----------
        train : mapping of source name to SourceBatch of tensors
        tasks : TaskSet
        batch_size : int
        seed : int
        trainer : TrainerSettings, optional
            Says how rows are drawn.
        planned : int, default 1
            Batches of the whole training.
        processes : Processes, optional
        """

    @abstractmethod
    def selection(
        self, tasks: TaskSet, patience: int | None, task_patience: int | None
    ) -> Selection:
        """Early stopping, and the choice of the best state."""

    @abstractmethod
    def clip(self, tasks: TaskSet, max_norm: float) -> None:
        """Scale the gradients that the parameters have down to a norm of at most `max_norm`."""

    @abstractmethod
    def frozen(self, stopped: Collection[str], before: Frozen | None) -> Frozen | None:
        """What holds the tensors of stopped tasks, given what held them before; None if nothing need."""

    @abstractmethod
    def shared_parameters(self) -> list[nn.Parameter]:
        """Trained parameters in which several tasks meet."""

    @abstractmethod
    def scores(self, source: str, rows: SourceBatch) -> Raw:
        """Raw scores of all rows of a source, in evaluation mode; means over an ensemble."""
