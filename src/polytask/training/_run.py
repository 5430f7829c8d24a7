"""One training run: small named steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.func import functional_call
from torch.optim.lr_scheduler import ReduceLROnPlateau

from polytask.architectures import MultiTaskModule, Raw
from polytask.data import Batch, EncodedSource
from polytask.exceptions import NonFiniteLossError, ParameterError
from polytask.gradients import Need, backward
from polytask.losses import MultiTaskLoss
from polytask.tasks import TaskSet
from polytask.training._bilevel import TrialStep
from polytask.training._clipping import clip_gradients
from polytask.training._engine_hints import loss_scale, task_of_row
from polytask.training._held_out import hold_out
from polytask.training._history import EpochRecord, History
from polytask.training._joint_batches import JointBatches
from polytask.training._optimizers import make_optimizer, make_scheduler
from polytask.training._progress import TrainingProgress
from polytask.training._replicated_batches import ReplicatedBatches
from polytask.training._score import score
from polytask.training._selection import make_selection
from polytask.training._settings import TrainerSettings
from polytask.training._tensors import derived_seed, joined
from polytask.training._weighting_needs import check_weighting_needs, weigh
from polytask.weighting import Weighting

__all__ = ["TrainingRun"]

_FEWEST_STEPS_BETWEEN_LOOKS = 25


class TrainingRun:
    """A network on its way: batches, losses, balancing, optimiser, selection, history.

    Parameters
    ----------
    trainer : TrainerSettings
    fabric : Fabric
    network : MultiTaskModule
    tasks : TaskSet
    train, validation : mapping of source name to EncodedSource of tensors
    seed : int
    """

    def __init__(
        self,
        trainer: TrainerSettings,
        fabric: Fabric,
        network: MultiTaskModule,
        tasks: TaskSet,
        train: dict[str, EncodedSource],
        validation: dict[str, EncodedSource] | None,
        seed: int,
    ) -> None:
        self.trainer, self.fabric, self.network, self.tasks = trainer, fabric, network, tasks
        self.validation = validation
        self.weighting, self.aggregator = trainer.balancing()
        self.shared = [p for p in network.shared_parameters() if p.requires_grad]
        self._check_balancing()
        train, held_out = self._hold_out(train, seed)
        if network.replicated:
            self.batches: JointBatches | ReplicatedBatches = ReplicatedBatches(
                network, train, tasks, trainer.batch_size, seed
            )
        else:
            self.batches = JointBatches(train, trainer.batch_size, seed)
        self.loss = MultiTaskLoss(network.blocks, tasks).to(fabric.device)
        self.loss.expected = self.batches.expected(self.loss)
        self.trial = None if held_out is None else self._trial_step(held_out, seed)
        self.second = self._second_batches(train, seed)
        self.n_steps = trainer.optimizer_steps(self.batches.steps_per_epoch)
        self.interval = trainer.evaluate_every or max(
            math.ceil(self.batches.steps_per_epoch / trainer.accumulate),
            _FEWEST_STEPS_BETWEEN_LOOKS,
        )
        self._prepare(seed)

    def _check_balancing(self) -> None:
        balancing = [method for method in (self.weighting, self.aggregator) if method is not None]
        if balancing and self.network.replicated:
            sentence = (
                f"The networks of single tasks share nothing that {type(balancing[0]).__name__} "
                "could balance. Leave `weighting` and `aggregation` of Trainer at None."
            )
            raise ParameterError(sentence)
        if self.weighting is not None:
            check_weighting_needs(self.weighting, self.shared)

    def _hold_out(
        self, train: dict[str, EncodedSource], seed: int
    ) -> tuple[dict[str, EncodedSource], dict[str, EncodedSource] | None]:
        if self.weighting is None or Need.VALIDATION not in self.weighting.needs:
            return train, None
        return hold_out(train, getattr(self.weighting, "held_out", 0.1), seed)

    def _trial_step(self, held_out: dict[str, EncodedSource], seed: int) -> TrialStep:
        batches = JointBatches(held_out, self.trainer.batch_size, derived_seed(seed, "held out"))
        expected = batches.expected(self.loss).clamp(min=1e-30)

        def losses(batch: Batch, state: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
            sums, counts = self.loss.sums(self._forward(batch, state), batch)
            return sums / expected, counts > 0

        importance = torch.tensor([task.weight * task.is_primary for task in self.tasks])
        return TrialStep(self.network, batches, losses, importance.to(self.fabric.device))

    def _second_batches(self, train: dict[str, EncodedSource], seed: int) -> JointBatches | None:
        if self.aggregator is None or Need.SECOND_BATCH not in self.aggregator.needs:
            return None
        return JointBatches(train, self.trainer.batch_size, derived_seed(seed, "second batch"))

    def _prepare(self, seed: int) -> None:
        trainer, device = self.trainer, self.fabric.device
        torch.manual_seed(derived_seed(seed, "noise"))
        optimizer = make_optimizer(
            trainer.optimizer,
            [p for p in self.network.parameters() if p.requires_grad],
            trainer.learning_rate,
            trainer.weight_decay,
            trainer.optimizer_options,
        )
        self.scheduler = make_scheduler(
            trainer.scheduler, optimizer, self.n_steps, trainer.scheduler_options
        )
        self.optimizer: Any = self.fabric.setup_optimizers(optimizer)
        self.generator = torch.Generator().manual_seed(derived_seed(seed, "balancing"))
        for method in (self.weighting, self.aggregator):
            if method is not None:
                method.start(len(self.tasks), device=device, generator=self.generator)
        self.selection = make_selection(
            self.network, self.tasks, trainer.patience, trainer.task_patience
        )
        weights = torch.tensor([task.weight for task in self.tasks], device=device)
        self.task_weights = None if bool((weights == 1).all()) else weights
        self.penalized = type(self.network).penalty is not MultiTaskModule.penalty
        self.history = History(
            n_parameters=sum(p.numel() for p in self.network.parameters() if p.requires_grad)
        )
        self.features: list[Tensor] | None = None
        self.task_of_row: Tensor | None = None
        self.step = 0
        self.seconds_before = 0.0
        self._reset_means()

    def _reset_means(self) -> None:
        zeros = torch.zeros(len(self.tasks), device=self.fabric.device)
        self._loss_sum, self._weight_sum, self._fractions = zeros, zeros, zeros
        self._n_batches = 0

    # ── the loop ─────────────────────────────────────────────────────────────────────────────

    def run(
        self,
        progress: bool | None = None,
        on_epoch: Callable[[EpochRecord], None] | None = None,
        save: Callable[[Any], None] | None = None,
    ) -> History:
        """Train until the budget is spent or nothing improves; end in the best state."""
        self._started = time.monotonic()
        self.network.train()
        with closing(TrainingProgress(self.n_steps, progress)) as bar:
            while self.step < self.n_steps and self.selection.exhausted is None:
                self._take_step()
                if self.step % self.interval == 0 or self.step == self.n_steps:
                    record = self._look()
                    bar.show(self.step, record.validation_losses or record.train_losses)
                    if on_epoch is not None:
                        on_epoch(record)
                    if save is not None:
                        save(self)
        return self._finish()

    def _finish(self) -> History:
        self.selection.restore()
        self.network.eval()
        self.history.stopped = self.selection.exhausted or "all steps were taken"
        self.history.best_epoch = self.selection.best_epoch
        self.history.best_epochs = dict(self.selection.best_epochs)
        self.history.n_steps, self.history.seconds = self.step, self.seconds()
        return self.history

    def seconds(self) -> float:
        """Wall-clock seconds since training began."""
        return self.seconds_before + time.monotonic() - self._started

    # ── one optimiser step ───────────────────────────────────────────────────────────────────

    def _take_step(self) -> None:
        self.optimizer.zero_grad()
        n_parts = self.trainer.accumulate
        parts = [self._accumulate(self.step * n_parts + part) for part in range(n_parts)]
        self._update()
        self.step += 1
        if self.weighting is not None:
            self._teach(self.weighting, *parts[-1])

    def _accumulate(self, position: int) -> tuple[Batch, Tensor, Tensor]:
        """Add the gradients of one batch; return it with its losses."""
        batch = self.batches.batch(position)
        self.task_of_row = None if self.aggregator is None else task_of_row(self.network, batch)
        losses, present = self._losses(batch)
        self._check_finite(losses, position)
        weights = self._backward(losses, present, position)
        self._add_to_means(losses, weights, position)
        return batch, losses.detach(), present

    def _losses(self, batch: Batch) -> tuple[Tensor, Tensor]:
        losses, present = self.loss(self._forward(batch), batch)
        if not bool(self.selection.active.all()):
            present = present & self.selection.active.to(present.device)
            losses = torch.where(present, losses, 0.0)
        return losses, present

    def _forward(self, batch: Batch, state: Mapping[str, Tensor] | None = None) -> Raw:
        """Raw scores; `state` stands in for the network's own parameters and buffers."""
        if self.trainer.precision == "32-true":
            return self._scores(batch, state)
        with self.fabric.autocast():
            raw = self._scores(batch, state)
        return {name: scores.float() for name, scores in raw.items()}

    def _scores(self, batch: Batch, state: Mapping[str, Tensor] | None) -> Raw:
        if state is None and self.aggregator is not None:
            found = self.network.features(batch)
            self.features = None if found is None else list(found.values())
            return self.network(batch) if found is None else self.network.answer(found, batch)
        if state is None:
            return self.network(batch)
        raw: Raw = functional_call(self.network, dict(state), (batch,))
        return raw

    def _check_finite(self, losses: Tensor, position: int) -> None:
        if math.isfinite(float(losses.detach().sum())):
            return
        values = losses.detach().tolist()
        bad = [k for k, value in enumerate(values) if not math.isfinite(value)]
        if not bad:  # finite losses whose sum overflows
            bad = [values.index(max(values))]
        epoch, batch = divmod(position, self.batches.steps_per_epoch)
        names = ", ".join(f"{self.tasks.names[k]!r} ({values[k]:g})" for k in bad[:5])
        sentence = (
            f"Training stopped: the loss of task {names} is not finite in batch {batch + 1} of "
            f"epoch {epoch + 1} (optimiser step {self.step + 1}). Lower `learning_rate`, set "
            "`clip_norm`, or look for extreme values in the inputs and targets."
        )
        raise NonFiniteLossError(sentence)

    def _backward(self, losses: Tensor, present: Tensor, position: int) -> Tensor:
        """Fill gradients; return the balancing weights."""
        scale = 1.0 / self.trainer.accumulate
        weighted = losses if self.task_weights is None else losses * self.task_weights
        weights = present.to(losses.dtype)
        if self.weighting is not None:
            weights = self._weigh(self.weighting, weighted, present, position)
            weighted = weighted * weights
        regularizer = self._regularizer()
        if self.aggregator is None:
            total = weighted.sum() if regularizer is None else weighted.sum() + regularizer
            self.fabric.backward(total if scale == 1.0 else total * scale)
            return weights
        combined = backward(
            weighted,
            self.shared,
            self.aggregator,
            present=present,
            engine=self.trainer.engine,
            features=self.features,
            rows=self.task_of_row,
            scale=scale * loss_scale(self.fabric),
            second=self._second_losses(weights, position),
        )
        if regularizer is not None:
            self.fabric.backward(regularizer * scale)
        return weights * combined

    def _weigh(
        self, weighting: Weighting, losses: Tensor, present: Tensor, position: int
    ) -> Tensor:
        """Weights of a batch; what moves them is served with the last batch of a step."""
        if (position + 1) % self.trainer.accumulate:
            return weighting.weights(losses, present)
        learning_rate = float(self.optimizer.param_groups[0]["lr"])
        return weigh(weighting, losses, present, self.shared, self.trial, learning_rate, self.step)

    def _second_losses(self, weights: Tensor, position: int) -> Tensor | None:
        """Losses of an independent batch, for aggregators that learn from one."""
        if self.second is None:
            return None
        features = self.features
        losses, _ = self._losses(self.second.batch(position))
        self.features = features
        task_weights = 1.0 if self.task_weights is None else self.task_weights
        return losses * task_weights * weights

    def _regularizer(self) -> Tensor | None:
        terms = [self.network.penalty()] if self.penalized else []
        if self.trainer.l1:
            norms = [p.abs().sum() for p in self.network.parameters() if p.requires_grad]
            terms.append(self.trainer.l1 * torch.stack(norms).sum())
        return torch.stack(terms).sum() if terms else None

    def _update(self) -> None:
        """Move the parameters, but not those of stopped tasks."""
        stopped = {
            name for name, on in zip(self.tasks.names, self.selection.active, strict=True) if not on
        }
        if self.trainer.clip_norm is not None:
            self.fabric.strategy.precision.unscale_gradients(self.optimizer)
            clip_gradients(self.network, self.tasks, self.trainer.clip_norm)
        kept = []
        if stopped and not self.network.replicated:
            for parameter, names, _ in self.network.task_tensors():
                rows = [position for position, name in enumerate(names) if name in stopped]
                kept.append((parameter, rows, parameter.detach()[rows].clone()))
        self.optimizer.step()
        with torch.no_grad():
            for parameter, rows, values in kept:
                parameter[rows] = values
        if self.scheduler is not None and not isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step()

    def _teach(self, weighting: Weighting, batch: Batch, losses: Tensor, present: Tensor) -> None:
        scale = 1.0 if self.task_weights is None else self.task_weights
        weighting.learn((losses * scale).detach(), present)
        if Need.LOSSES_AFTER_STEP in weighting.needs:
            with torch.no_grad():
                after, _ = self._losses(batch)
            weighting.after_step(after * scale, present)

    def _add_to_means(self, losses: Tensor, weights: Tensor, position: int) -> None:
        self._loss_sum = self._loss_sum + losses.detach()
        self._weight_sum = self._weight_sum + weights
        fraction = self.batches.fraction(position)
        self._fractions = self._fractions + torch.as_tensor(fraction, device=losses.device)
        self._n_batches += 1

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def _look(self) -> EpochRecord:
        names = self.tasks.names
        epoch = len(self.history.epochs) + 1
        means = self._loss_sum / self._fractions
        record = EpochRecord(
            epoch,
            self.step,
            self.seconds(),
            dict(zip(names, means.tolist(), strict=True)),
            self._validation_losses(),
            dict(zip(names, (self._weight_sum / self._n_batches).tolist(), strict=True)),
            float(self.optimizer.param_groups[0]["lr"]),
        )
        self.history.epochs.append(record)
        if record.validation_losses:
            self.selection.look(epoch, record.validation_losses)
        if self.weighting is not None and Need.EPOCH_LOSSES in self.weighting.needs:
            self.weighting.end_epoch(means)
        if isinstance(self.scheduler, ReduceLROnPlateau):
            losses = record.validation_losses or record.train_losses
            self.scheduler.step(sum(losses.values()))
        self._reset_means()
        return record

    def _validation_losses(self) -> dict[str, float]:
        if self.validation is None:
            return {}
        with nullcontext() if self.trainer.precision == "32-true" else self.fabric.autocast():
            raw = score(self.network, self.validation)
        with torch.no_grad():
            floats = {name: scores.float() for name, scores in raw.items()}
            sums, counts = self.loss.sums(floats, joined(self.validation))
        means = (sums / counts.clamp(min=1e-30)).tolist()
        return {
            name: mean if math.isfinite(mean) else math.inf
            for name, mean, count in zip(self.tasks.names, means, counts.tolist(), strict=True)
            if count > 0
        }
