"""Training of all tasks on the same rows."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from polytask.architectures import Raw
from polytask.data import SourceBatch
from polytask.processes import Processes
from polytask.tasks import TaskSet
from polytask.training._average_members import average_members
from polytask.training._batches import Batches
from polytask.training._frozen import Frozen
from polytask.training._joint_batches import JointBatches
from polytask.training._regime import Regime
from polytask.training._selection import JointSelection, Selection
from polytask.training._trainer_settings import TrainerSettings

__all__ = ["JointRegime"]


class JointRegime(Regime):
    """All tasks see the same rows; one state is kept, that of the primary tasks' best mean gain."""

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
        """Rows of all sources, as a sampler draws them."""
        del tasks
        sampler = None if trainer is None else trainer.row_sampler()
        return JointBatches(train, batch_size, seed, sampler, planned, processes)

    def selection(
        self, tasks: TaskSet, patience: int | None, task_patience: int | None
    ) -> Selection:
        """One best state of all tasks."""
        return JointSelection(self.network, tasks, patience, task_patience)

    def clip(self, tasks: TaskSet, max_norm: float) -> None:
        """Clip the gradient of the whole network."""
        del tasks
        nn.utils.clip_grad_norm_(self.network.parameters(), max_norm)

    def frozen(self, stopped: Collection[str], before: Frozen | None) -> Frozen | None:
        """The values of the tensors that belong to stopped tasks alone, from when they stopped."""
        if not stopped or (before is not None and before.tasks == stopped):
            return before
        return Frozen(self.network, stopped)

    def shared_parameters(self) -> list[nn.Parameter]:
        """Those that the network states."""
        return self.network.shared_parameters()

    def scores(self, source: str, rows: SourceBatch) -> Raw:
        """Scores of the rows for all tasks."""
        network = self.network
        return average_members(network, network(network.with_members({source: rows})))
