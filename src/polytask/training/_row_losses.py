"""Losses of a network on given rows, outside of a training run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch

from polytask._seeds import derived_seed
from polytask.architectures import MultiTaskModule
from polytask.data import MultiTaskDataset, Schema, SourceBatch, encode
from polytask.losses import MultiTaskLoss
from polytask.processes import OneProcess
from polytask.training._device import make_fabric
from polytask.training._forward import Forward
from polytask.training._held_out import hold_out
from polytask.training._held_out_loss import HeldOutLoss
from polytask.training._joint_batches import JointBatches
from polytask.training._step_work import step_work
from polytask.training._tensors import to_tensors
from polytask.training._threads import threads_for
from polytask.training._trainer_settings import TrainerSettings
from polytask.training._validation_losses import ValidationLosses

__all__ = ["RowLosses"]


class RowLosses:
    """Losses of a network's tasks on given rows, on the device and in the precision of a trainer.

    Parameters
    ----------
    trainer : TrainerSettings
    network : MultiTaskModule
        Moved to the trainer's device, and in evaluation mode.
    schemas : mapping of source name to Schema
    """

    def __init__(
        self,
        trainer: TrainerSettings,
        network: MultiTaskModule,
        schemas: Mapping[str, Schema],
    ) -> None:
        self.trainer, self.schemas = trainer, schemas
        self.fabric = make_fabric(trainer.accelerator, trainer.precision)
        self.network = network.to(self.fabric.device).eval()
        self.loss = MultiTaskLoss(network.blocks, network.tasks).to(self.fabric.device)
        plain = trainer.precision == "32-true"
        self.forward = Forward(self.fabric, network, self.loss, plain=plain, keep_features=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run with as many threads as the network is worth, and leave random numbers alone."""
        device = self.fabric.device
        cuda = [device] if device.type == "cuda" else []
        work = step_work(self.network, self.trainer.rows_per_batch(0))
        with torch.random.fork_rng(devices=cuda), threads_for(*work):
            yield

    def means(self, data: MultiTaskDataset) -> Callable[[], dict[str, float]]:
        """Return the function that gives the mean losses, for the network as it then is."""
        rows = self._tensors(data)
        return ValidationLosses(self.forward, self.network.tasks, rows, OneProcess()).by_task

    def held_out(self, train: MultiTaskDataset, share: float, seed: int) -> HeldOutLoss:
        """Return the loss of the training rows that `Trainer.fit` leaves out with this share."""
        tensors = self._tensors(train)
        batch_size = self.trainer.rows_per_batch(sum(rows.n_rows for rows in tensors.values()))
        _, rows = hold_out(tensors, share, seed)
        batches = JointBatches(rows, batch_size, derived_seed(seed, "held out"))
        return HeldOutLoss(self.forward, self.network.tasks, batches, self.fabric.device)

    def _tensors(self, data: MultiTaskDataset) -> dict[str, SourceBatch]:
        encoded = encode(data.sources, data.tasks, self.schemas, self.network.blocks)
        return to_tensors(encoded, self.fabric.device)
