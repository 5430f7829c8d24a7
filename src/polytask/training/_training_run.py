"""One training run, in small named steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from polytask._seeds import derived_seed
from polytask.architectures import MultiTaskModule
from polytask.bookkeeping import EpochRecord, History
from polytask.data import Batch, SourceBatch
from polytask.losses import MultiTaskLoss
from polytask.processes import OneProcess, Processes
from polytask.sampling._epoch_batches import steps_per_epoch
from polytask.tasks import TaskSet
from polytask.training._active_losses import ActiveLosses
from polytask.training._augmenting import Augmenting
from polytask.training._balancing import Balancing
from polytask.training._divergence import Divergence
from polytask.training._evaluation_interval import evaluation_interval
from polytask.training._forward import BatchLosses, Forward
from polytask.training._frozen import Frozen
from polytask.training._joint_batches import JointBatches
from polytask.training._observing import Observing
from polytask.training._optimizers import make_optimizer, make_scheduler
from polytask.training._process_checks import check_shared_work
from polytask.training._progress import TrainingProgress
from polytask.training._regularizer import Regularizer
from polytask.training._run_means import RunMeans
from polytask.training._run_state import restore_run, run_state
from polytask.training._sampler_checks import check_sampler
from polytask.training._selection import ALL_STEPS, Selection
from polytask.training._several_processes import (
    average_buffers,
    average_gradients,
    raised_in_all,
)
from polytask.training._task_rows import TaskRows
from polytask.training._trainer_settings import TrainerSettings
from polytask.training._validation_losses import ValidationLosses
from polytask.training._worsened import worsened_so_far

__all__ = ["TrainingRun"]

_Result = TypeVar("_Result")


class TrainingRun:
    """A network in training: batches, losses, balancing, optimiser, selection, history.

    Parameters
    ----------
    trainer : TrainerSettings
    fabric : Fabric
    network : MultiTaskModule
    tasks : TaskSet
    train, validation : mapping of source name to SourceBatch of tensors
    seed : int
    processes : Processes, optional
        Those that train the network together, each with the same rows as argument; one by default.
    batch_size : int, optional
        Rows of a batch; by default the trainer's for the training rows.
    part : str, default ""
        The task whose network this is, of a network whose tasks are apart: its rows and its noise follow
        from its name, too.
    """

    def __init__(
        self,
        trainer: TrainerSettings,
        fabric: Fabric,
        network: MultiTaskModule,
        tasks: TaskSet,
        train: dict[str, SourceBatch],
        validation: dict[str, SourceBatch] | None,
        seed: int,
        processes: Processes | None = None,
        batch_size: int | None = None,
        part: str = "",
    ) -> None:
        self.trainer, self.fabric, self.network, self.tasks = trainer, fabric, network, tasks
        self.seed, self.processes = seed, processes or OneProcess()
        self.part: tuple[str, ...] = (part,) if part else ()
        self.balancing = Balancing(trainer, fabric, network, tasks, self.processes)
        check_shared_work(trainer, network, self.balancing.weighting, self.processes)
        check_sampler(trainer, has_validation=validation is not None)
        n_rows = sum(rows.n_rows for rows in train.values())
        self.batch_size = batch_size or trainer.rows_per_batch(n_rows)
        train, held_out = self.balancing.hold_out(train, seed)
        self.train = train
        planned = self._planned_batches(train)
        sampler = TaskRows(part) if part else trainer.row_sampler()
        self.batches = JointBatches(train, self.batch_size, seed, sampler, planned, self.processes)
        self.loss = MultiTaskLoss(network.blocks, tasks).to(fabric.device)
        self.loss.expected = self.batches.expected(self.loss)
        self.forward = Forward(
            fabric,
            network,
            self.loss,
            plain=trainer.precision == "32-true",
            keep_features=self.balancing.aggregator is not None,
        )
        self.validation = (
            ValidationLosses(self.forward, tasks, validation, self.processes)
            if validation is not None
            else None
        )
        self.balancing.start(self.forward, train, held_out, self.batch_size, seed, planned)
        own_seed = derived_seed(seed, part) if part else seed
        self.augmenting = Augmenting(
            trainer.augmentations(), network, train, own_seed, self.processes.rank
        )
        self.observing = self._observing(train, validation, seed)
        self.n_steps = trainer.optimizer_steps(self.batches.steps_per_epoch)
        self.epoch = self.batches.steps_per_epoch  # after which all rows were read once
        self._prepare(seed)

    def _observing(
        self,
        train: dict[str, SourceBatch],
        validation: dict[str, SourceBatch] | None,
        seed: int,
    ) -> Observing | None:
        """The observers of the run, if there are any."""
        observers: Any = self.trainer.observers  # whose names were resolved
        if not observers:
            return None
        size = self.batch_size
        return Observing(observers, self.forward, self.tasks, train, validation, size, seed)

    def _planned_batches(self, train: Batch) -> int:
        """Batches of the whole training."""
        n_rows = sum(rows.n_rows for rows in train.values())
        per_epoch = steps_per_epoch(n_rows, self.batch_size)
        return self.trainer.optimizer_steps(per_epoch) * self.trainer.accumulate

    def _prepare(self, seed: int) -> None:
        trainer = self.trainer
        self.parameters = [p for p in self.network.parameters() if p.requires_grad]
        rank = self.processes.rank
        torch.manual_seed(derived_seed(seed, *self.part, "noise", *([rank] if rank else [])))
        optimizer = make_optimizer(
            trainer.optimizer,
            self.parameters,
            trainer.learning_rate,
            trainer.weight_decay,
            trainer.optimizer_options,
        )
        self.scheduler = make_scheduler(
            trainer.scheduler, optimizer, self.n_steps, trainer.scheduler_options
        )
        self.optimizer: Any = self.fabric.setup_optimizers(optimizer)
        self.selection = Selection(
            self.network, self.tasks, trainer.patience, trainer.task_patience
        )
        self.frozen: Frozen | None = None
        self.history = History(n_parameters=sum(parameter.numel() for parameter in self.parameters))
        self.divergence = Divergence(self.network, self.tasks)
        self._losses = ActiveLosses(
            self.forward, self.selection, len(self.tasks), self.processes, self.fabric.device
        )
        self.regularizer = Regularizer(
            self.network, self.parameters, trainer.l1, self.balancing, self.divergence
        )
        self.step = 0
        self.seconds_before = 0.0
        self.means = RunMeans(len(self.tasks), self.fabric.device)

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    def run(
        self,
        progress: bool | None = None,
        on_epoch: Callable[[EpochRecord], None] | None = None,
        save: Callable[[Any], None] | None = None,
    ) -> History:
        """Train until the budget is spent or nothing improves; end in the best state."""
        self.begin()
        with closing(TrainingProgress(self.n_steps, progress)) as bar:
            while not self.ended:
                record = self.advance()
                losses = record.validation_losses or record.train_losses
                worsened = partial(worsened_so_far, self.history, self.selection)
                bar.show(self.step, losses, worsened)
                self._alone(partial(self._report, record, on_epoch, save))
        return self.finish()

    def begin(self) -> None:
        """Begin to train, or to go on."""
        self._started = time.monotonic()
        self.network.train()
        self._exhausted = self._is_exhausted()

    @property
    def ended(self) -> bool:
        """Whether the budget is spent, or nothing improves."""
        return self.step >= self.n_steps or self._exhausted

    def advance(self) -> EpochRecord:
        """Train up to the next evaluation; return its record."""
        stop = min(self._after_evaluation(), self.n_steps)
        while self.step < stop:
            self._take_step()
        record = self._evaluate()
        self._exhausted = self._is_exhausted()
        return record

    def _after_evaluation(self) -> int:
        """The step of the next evaluation; training begins or resumes after one."""
        every = self.trainer.evaluate_every
        if every is not None:
            return (self.step // every + 1) * every
        epoch = math.ceil(self.epoch / self.trainer.accumulate)
        return self.step + evaluation_interval(self.step, epoch)

    def _report(
        self,
        record: EpochRecord,
        on_epoch: Callable[[EpochRecord], None] | None,
        save: Callable[[Any], None] | None,
    ) -> None:
        """Pass an evaluation to the user's function, and the run to the checkpoint."""
        if on_epoch is not None:
            on_epoch(record)
        if save is not None:
            save(self)

    def _alone(self, work: Callable[[], _Result]) -> _Result:
        """The result of work that this process does without the others."""
        return raised_in_all(work, self.processes, self.fabric.device)

    def _is_exhausted(self) -> bool:
        """Whether training should end; all processes decide alike."""
        exhausted = self.selection.exhausted is not None
        if self.processes.size == 1:
            return exhausted
        return bool(self.processes.any(torch.tensor(exhausted, device=self.fabric.device)))

    def finish(self) -> History:
        """Give the network its best state, and close the history."""
        self.selection.restore()
        self.network.eval()
        self.history.stopped = self.selection.exhausted or ALL_STEPS
        self.history.best_epoch = self.selection.best_epoch
        self.history.best_epochs = dict(self.selection.best_epochs)
        self.history.n_steps, self.history.seconds = self.step, self.seconds()
        return self.history

    def seconds(self) -> float:
        """Wall-clock seconds since training began."""
        return self.seconds_before + time.monotonic() - self._started

    def state(self) -> dict[str, Any]:
        """All that an exact resume needs."""
        return run_state(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        restore_run(self, state)

    # ── one optimiser step ───────────────────────────────────────────────────────────────────

    def _take_step(self) -> None:
        self._freeze()
        self.optimizer.zero_grad()
        n_parts = self.trainer.accumulate
        start = self.step * n_parts
        for part in range(n_parts - 1):
            self._accumulate(start + part)
        batch, batch_losses = self._accumulate(start + n_parts - 1)
        self._update()
        self.step += 1
        self.balancing.learn(batch_losses, lambda: self._losses(batch))
        if self.frozen is not None:
            self.frozen.restore()

    def _freeze(self) -> None:
        """Hold what belongs to stopped tasks."""
        flags = zip(self.tasks.names, self.selection.active.tolist(), strict=True)
        stopped = {name for name, active in flags if not active}
        self.network.stopped = frozenset(stopped)
        if stopped and (self.frozen is None or self.frozen.tasks != stopped):
            self.frozen = Frozen(self.network, stopped)

    def _accumulate(self, position: int) -> tuple[Batch, BatchLosses]:
        """Add the gradients of one batch; return it with its losses."""
        self.balancing.draw_preference()
        batch = self.augmenting(self.batches.batch(position), position)
        batch = self.balancing.at_preference(batch)
        self.loss.scale = self.batches.scale(position)
        batch_losses = self._losses(batch)
        losses = batch_losses.values
        self.divergence.check(losses, self.step, position, self.batches.steps_per_epoch)
        weights = self._backward(batch, batch_losses, position)
        self.means.add(losses, weights, self.batches.fraction(position))
        return batch, BatchLosses(losses, batch_losses.present)

    def _backward(self, batch: Batch, batch_losses: BatchLosses, position: int) -> Tensor:
        """Fill gradients; return the balancing weights."""
        scale = 1.0 / self.trainer.accumulate
        last = (position + 1) % self.trainer.accumulate == 0
        weights = self.balancing.weights(batch_losses, self._learning_rate(), self.step, last=last)
        regularizer = self.regularizer(batch_losses)
        if self.balancing.aggregator is None:
            total = self.balancing.weighted(batch_losses, weights).sum()
            total = total if regularizer is None else total + regularizer
            if total.requires_grad:  # false in a process without a row of the batch
                self.fabric.backward(total if scale == 1.0 else total * scale)
            return weights
        if regularizer is not None and regularizer.requires_grad:
            # the aggregator may go through its graph again
            self.fabric.backward(regularizer * scale, retain_graph=True)
        if self.processes.size > 1 and self.balancing.preference is not None:
            average_gradients(self.parameters, self.processes)  # that penalty is of own rows
        batches, second = self.balancing.second, None
        if batches is not None:
            rows = self.augmenting(batches.batch(position), position, "second batch")
            second = self._losses(self.balancing.at_preference(rows))
        return self.balancing.backward(batch, batch_losses, weights, second, scale)

    def _learning_rate(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def _update(self) -> None:
        """Move the parameters."""
        if self.processes.size > 1 and self.balancing.aggregator is None:
            average_gradients(self.parameters, self.processes)
        if self.trainer.clip_norm is not None:
            self.fabric.strategy.precision.unscale_gradients(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.trainer.clip_norm)
        self.optimizer.step()
        self.network.proximal_step(self._learning_rate())
        if self.scheduler is not None and not isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step()

    # ── an evaluation ────────────────────────────────────────────────────────────────────────

    def _evaluate(self) -> EpochRecord:
        average_buffers(self.network, self.processes)
        self.network.refit()
        self._adapt()
        names = self.tasks.names
        epoch = len(self.history.epochs) + 1
        means = self.means.losses()
        record = EpochRecord(
            epoch,
            self.step,
            self.seconds(),
            dict(zip(names, means.tolist(), strict=True)),
            {} if self.validation is None else self.validation.by_task(),
            dict(zip(names, self.means.weights().tolist(), strict=True)),
            self._learning_rate(),
        )
        if self.observing is not None:
            earlier, active = self.history.epochs, self.selection.active
            record = self._alone(partial(self.observing.observed, record, earlier, active))
        self.history.epochs.append(record)
        self._update_sampler()
        if record.validation_losses:
            self.selection.update(epoch, record.validation_losses)
        self.balancing.end_epoch(means)
        if isinstance(self.scheduler, ReduceLROnPlateau):
            losses = record.validation_losses or record.train_losses
            self.scheduler.step(sum(losses.values()))
        self.means.reset()
        return record

    def _adapt(self) -> None:
        """Let the network change how its tasks share."""
        seen = self.validation
        rows, losses = (None, None) if seen is None else (seen.rows, seen.by_task)
        self.network.adapt(self.train, rows, losses)

    def _update_sampler(self) -> None:
        """Give a sampler that follows progress the validation losses of each source."""
        if self.validation is None or not self.batches.needs_losses:
            return
        losses = self.validation.by_source()
        for batches in (self.batches, self.balancing.second):
            if batches is not None:
                batches.end_epoch(losses)
