"""Rows of a search of structures: those that weights learn from, and those that judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from polytask._seeds import derived_seed
from polytask.architectures import MultiTaskModule
from polytask.data import Batch, MultiTaskDataset, RandomSplit, Schema, SourceBatch
from polytask.losses import MultiTaskLoss
from polytask.training import Trainer
from polytask.training._device import make_fabric
from polytask.training._fitting import tensors
from polytask.training._forward import Forward
from polytask.training._held_out import hold_out
from polytask.training._joint_batches import JointBatches
from polytask.training._optimizers import make_optimizer

__all__ = ["Batches", "StructureRows"]


class StructureRows:
    """The training rows of a search in two parts, on the device of a trainer.

    Parameters
    ----------
    trainer : Trainer
    train : MultiTaskDataset
    schemas : mapping of source name to Schema
    network : MultiTaskModule
        One whose blocks are those of all networks of the search.
    share : float
        Of the rows that are kept apart from those that weights learn from; whole groups of rows, where
        the data has some.
    seed : int
        By which these are drawn.

    Attributes
    ----------
    kept, held : dict of source name to SourceBatch
        Rows that weights learn from, and the others.
    importance : tensor of shape (n_tasks,)
        Weights that tasks have themselves.
    """

    def __init__(
        self,
        trainer: Trainer,
        train: MultiTaskDataset,
        schemas: Mapping[str, Schema],
        network: MultiTaskModule,
        share: float,
        seed: int,
    ) -> None:
        self.trainer, self.tasks = trainer, train.tasks
        self.fabric = make_fabric(trainer.accelerator, trainer.precision)
        self.device = self.fabric.device
        rows = tensors(train, schemas, network, self.device)
        self.kept, self.held = _in_two(rows, train, share, seed)
        self.batch_size = trainer.rows_per_batch(train.n_rows)
        self.importance = torch.tensor([task.weight for task in train.tasks], device=self.device)

    @property
    def n_kept(self) -> int:
        """Rows that weights learn from."""
        return sum(rows.n_rows for rows in self.kept.values())

    @property
    def n_held(self) -> int:
        """The other rows."""
        return sum(rows.n_rows for rows in self.held.values())

    def forward(self, network: MultiTaskModule) -> Forward:
        """Passes of a network up to its losses, in the precision of the trainer."""
        loss = MultiTaskLoss(network.blocks, self.tasks).to(self.device)
        plain = self.trainer.precision == "32-true"
        return Forward(self.fabric, network, loss, plain=plain, keep_features=False)

    def optimizer(self, weights: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        """A new optimiser with the settings of the trainer."""
        trainer = self.trainer
        return make_optimizer(
            trainer.optimizer,
            weights,
            trainer.learning_rate,
            trainer.weight_decay,
            trainer.optimizer_options,
        )


def _in_two(
    rows: Batch, train: MultiTaskDataset, share: float, seed: int
) -> tuple[dict[str, SourceBatch], dict[str, SourceBatch]]:
    """Rows to learn from and rows that judge; of groups of rows, whole groups."""
    groups = [source.groups for source in train.sources if source.groups is not None]
    if not groups or len(np.unique(np.concatenate(groups))) < 2:
        return hold_out(rows, share, seed)
    (split,) = RandomSplit(test=share, validation=0.0).splits(train, seed)
    kept, held = (
        {name: rows[name].take(torch.as_tensor(own)) for name, own in part.items() if len(own)}
        for part in (split.train, split.test)
    )
    return kept, held


class Batches:
    """Batches of rows of a search, and the labels that a batch is expected to have.

    Parameters
    ----------
    rows : mapping of source name to SourceBatch
    batch_size : int
    seed : int
    loss : MultiTaskLoss
    """

    def __init__(
        self, rows: Mapping[str, SourceBatch], batch_size: int, seed: int, loss: MultiTaskLoss
    ) -> None:
        self.batches = JointBatches(rows, batch_size, derived_seed(seed, "batches"))
        self.expected = self.batches.expected(loss).clamp(min=1e-30)
        self.steps_per_epoch = self.batches.steps_per_epoch

    def losses(self, forward: Forward, step: int) -> Tensor:
        """Losses of the tasks on the batch of a step; steps are taken in order from 0."""
        forward.loss.expected = self.expected
        forward.loss.scale = self.batches.scale(step)
        return forward(self.batches.batch(step)).losses
