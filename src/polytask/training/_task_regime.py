"""Training of one network per task, each on rows of its own."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn

from polytask.aggregation import Aggregator
from polytask.architectures import MultiTaskModule, Raw
from polytask.data import SourceBatch
from polytask.exceptions import ParameterError
from polytask.processes import Processes
from polytask.tasks import TaskSet
from polytask.training._average_members import average_members
from polytask.training._batches import Batches
from polytask.training._clipping import GradientClipping
from polytask.training._frozen import Frozen
from polytask.training._regime import Regime
from polytask.training._replicated_batches import ReplicatedBatches
from polytask.training._selection import ReplicaSelection, Selection
from polytask.training._trainer_settings import TrainerSettings
from polytask.weighting import Weighting

__all__ = ["TaskRegime"]


class TaskRegime(Regime):
    """Every task has its network, draws its rows, stops by its own losses and keeps its best state.

    Parameters
    ----------
    network : MultiTaskModule
        Replicated.
    """

    def __init__(self, network: MultiTaskModule) -> None:
        super().__init__(network)
        self.n_networks = sum(len(block.tasks) for block in network.blocks)
        self._clipping: GradientClipping | None = None

    def check(
        self,
        trainer: TrainerSettings,
        weighting: Weighting | None,
        aggregator: Aggregator | None,
        processes: Processes,
    ) -> None:
        """Refuse balancing, samplers and several processes.

        Raises
        ------
        ParameterError
        """
        method = aggregator if weighting is None else weighting
        if method is not None:
            slot = "aggregation" if weighting is None else "weighting"
            sentence = (
                f"The `{slot}` parameter of Trainer must be None for networks of single tasks, which "
                f"share nothing that could be balanced. Got {type(method).__name__} instead. "
                "Leave it out, or choose an architecture with a shared part, such as HardSharing."
            )
            raise ParameterError(sentence)
        if processes.size > 1:
            sentence = (
                "Networks of single tasks are trained by one process. Give `processes` of size 1, "
                "and train other seeds or tasks in the other processes."
            )
            raise ParameterError(sentence)
        sampler = trainer.row_sampler()
        if sampler is not None:
            sentence = (
                f"The networks of single tasks draw rows of their own, which {type(sampler).__name__} "
                "could not choose. Leave `sampler` of Trainer at None."
            )
            raise ParameterError(sentence)

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
        """Labelled rows of each task."""
        del planned, processes
        size_for = None if trainer is None else trainer.rows_per_batch
        return ReplicatedBatches(self.network, train, tasks, batch_size, seed, size_for)

    def selection(
        self, tasks: TaskSet, patience: int | None, task_patience: int | None
    ) -> Selection:
        """A best state of each task."""
        del task_patience
        return ReplicaSelection(self.network, tasks, patience)

    def clip(self, tasks: TaskSet, max_norm: float) -> None:
        """Clip the gradient of each task's network."""
        if self._clipping is None:
            self._clipping = GradientClipping(self.network, tasks, max_norm)
        self._clipping.clip()

    def frozen(self, stopped: Collection[str], before: Frozen | None) -> Frozen | None:
        """Nothing: networks of single tasks keep their best states."""
        del stopped, before
        return None

    def shared_parameters(self) -> list[nn.Parameter]:
        """None, since tasks share nothing that is compared."""
        return []

    def scores(self, source: str, rows: SourceBatch) -> Raw:
        """Scores by each network of all rows, or of its own where rows have a task."""
        names = self.network.tasks_in(source)
        if rows.task is not None and len(names) > 1:
            return self._own_scores(source, rows, rows.task, names)
        inputs = {part: a.expand(len(names), *a.shape) for part, a in rows.inputs.items()}
        raw = self._raw(source, inputs, torch.full((len(names),), rows.n_rows))
        return raw if rows.task is None else {key: scores[:, 0] for key, scores in raw.items()}

    def _raw(self, source: str, inputs: dict[str, Tensor], sizes: Tensor) -> Raw:
        network = self.network
        rows = network.with_members({source: SourceBatch(inputs, sizes=sizes)})
        return average_members(network, network(rows))

    def _own_scores(
        self, source: str, rows: SourceBatch, task: Tensor, names: tuple[str, ...]
    ) -> Raw:
        """Group rows by task, so that each network sees its own only."""
        network = self.network
        groups = [torch.nonzero(task == network.tasks.index(n)).flatten() for n in names]
        width = max(len(group) for group in groups)
        index = torch.zeros(len(groups), width, dtype=torch.int64, device=task.device)
        for position, group in enumerate(groups):
            index[position, : len(group)] = group
        inputs = {part: array[index] for part, array in rows.inputs.items()}
        raw = self._raw(source, inputs, torch.tensor([len(group) for group in groups]))
        scores = {key: raw[key].new_zeros(rows.n_rows, *raw[key].shape[2:]) for key in raw}
        for block in network.blocks:
            for column, task_name in enumerate(block.tasks_in(source)):
                group = groups[names.index(task_name)]
                scores[source, block.name][group] = raw[source, block.name][: len(group), column]
        return scores
