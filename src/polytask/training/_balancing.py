"""The balancing methods of a training run and the service of their needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor

from polytask._seeds import derived_seed
from polytask.architectures import MultiTaskModule
from polytask.data import Batch, SourceBatch
from polytask.exceptions import ParameterError
from polytask.gradients import Need, backward
from polytask.gradients._missed_hooks import promise_hooks
from polytask.processes import Processes
from polytask.tasks import TaskSet
from polytask.training._bilevel import TrialStep
from polytask.training._engine_hints import has_loss_scaler, loss_scale, task_of_row
from polytask.training._forward import BatchLosses, Forward
from polytask.training._held_out import hold_out
from polytask.training._held_out_loss import HeldOutLoss
from polytask.training._joint_batches import JointBatches
from polytask.training._trainer_settings import TrainerSettings
from polytask.training._weighting_needs import check_weighting_needs, compute_weights

__all__ = ["Balancing"]


class Balancing:
    """A weighting, an aggregator, and the batches that they learn from.

    Losses carry the tasks' own weights, and the batch's preference, before anything is balanced.

    Parameters
    ----------
    trainer : TrainerSettings
    fabric : Fabric
    network : MultiTaskModule
    tasks : TaskSet
    processes : Processes

    Attributes
    ----------
    weighting : Weighting or None
    aggregator : Aggregator or None
    trial : TrialStep or None
        Trial steps on rows held out, for a weighting that learns from them.
    second : JointBatches or None
        Independent batches, for an aggregator that learns from them.
    preference : tensor of shape (n_tasks,) or None
        That of the batch, for a network that takes one.
    """

    def __init__(
        self,
        trainer: TrainerSettings,
        fabric: Fabric,
        network: MultiTaskModule,
        tasks: TaskSet,
        processes: Processes,
    ) -> None:
        self.trainer, self.fabric, self.network, self.tasks = trainer, fabric, network, tasks
        self.processes = processes
        self.weighting, self.aggregator = trainer.balancing()
        if self.weighting is not None:
            promise_hooks(self.weighting)
        self.shared = network.shared_parameters()
        weights = torch.tensor(
            [task.weight for task in tasks], dtype=torch.float32, device=fabric.device
        )
        self.task_weights = None if bool((weights == 1).all()) else weights
        self.trial: TrialStep | None = None
        self.second: JointBatches | None = None
        self.preference: Tensor | None = None
        self._check()

    def _check(self) -> None:
        if self.aggregator is not None and len(self.tasks) > 1 and not self.shared:
            network = type(self.network).__name__
            sentence = (
                "The `aggregation` parameter of Trainer must be None for a network whose tasks share "
                f"no parameters. Got {type(self.aggregator).__name__} instead, for "
                f"{'an' if network[0] in 'AEIOU' else 'a'} {network}. Give a `weighting`, which "
                "balances the losses, or choose an architecture with a shared part, such as HardSharing."
            )
            raise ParameterError(sentence)
        if self.weighting is not None:
            check_weighting_needs(self.weighting, self.shared)

    # ── before the first step ────────────────────────────────────────────────────────────────

    def hold_out(
        self, train: dict[str, SourceBatch], seed: int
    ) -> tuple[dict[str, SourceBatch], dict[str, SourceBatch] | None]:
        """Rows to train on, and rows held out of them for the weighting."""
        if self.weighting is None or Need.VALIDATION not in self.weighting.needs:
            return train, None
        return hold_out(train, getattr(self.weighting, "held_out", 0.1), seed)

    def start(
        self,
        forward: Forward,
        train: dict[str, SourceBatch],
        held_out: dict[str, SourceBatch] | None,
        batch_size: int,
        seed: int,
        planned_batches: int,
    ) -> None:
        """Reset the methods, and give them batches of their own."""
        if held_out is not None:
            batches = JointBatches(held_out, batch_size, derived_seed(seed, "held out"))
            loss = HeldOutLoss(forward, self.tasks, batches, self.fabric.device)
            self.trial = TrialStep(self.network, loss)
        if self.aggregator is not None and Need.SECOND_BATCH in self.aggregator.needs:
            self.second = JointBatches(
                train,
                batch_size,
                derived_seed(seed, "second batch"),
                self.trainer.row_sampler(),
                planned_batches,
                self.processes,
            )
        self.generator = torch.Generator().manual_seed(derived_seed(seed, "balancing"))
        for method in (self.weighting, self.aggregator):
            if method is not None:
                device = self.fabric.device
                method.start(len(self.tasks), device=device, generator=self.generator)

    # ── a batch ──────────────────────────────────────────────────────────────────────────────

    def draw_preference(self) -> None:
        """Draw the preference of the next batch, the same in every process."""
        drawn = self.network.draw_preference(self.generator)
        self.preference = None if drawn is None else drawn.to(self.fabric.device)

    def at_preference(self, batch: Batch) -> Batch:
        """A batch at the preference that was drawn."""
        if self.preference is None:
            return batch
        return {name: replace(rows, preference=self.preference) for name, rows in batch.items()}

    def preference_penalty(self, batch_losses: BatchLosses) -> Float[Tensor, ""] | None:
        """The network's regulariser of the losses, linear in those of this process.

        Its gradient is that at the losses of the whole batch; its value means nothing.
        """
        if self.preference is None:
            return None
        losses = self._with_task_weights(batch_losses.values).clone().requires_grad_()
        present = batch_losses.present
        penalty = self.network.preference_penalty(losses, present, self.preference)
        if penalty is None:
            return None
        (slopes,) = torch.autograd.grad(penalty, losses)
        return (slopes * self._with_task_weights(batch_losses.losses)).sum()

    def weights(
        self, batch_losses: BatchLosses, learning_rate: float, step: int, *, last: bool
    ) -> Float[Tensor, " n_tasks"]:
        """Weights of a batch's losses; other needs are served with the last batch of a step only."""
        present = batch_losses.present
        losses = batch_losses.losses if self.processes.size == 1 else batch_losses.values
        if self.weighting is None:
            return present.to(losses.dtype)
        losses = self._preferred(losses)
        if not last:
            return self.weighting.weights(losses, present)
        scale = loss_scale(self.fabric)
        return compute_weights(
            self.weighting, losses, present, self.shared, self.trial, learning_rate, step, scale
        )

    def weighted(
        self, batch_losses: BatchLosses, weights: Float[Tensor, " n_tasks"]
    ) -> Float[Tensor, " n_tasks"]:
        """A batch's losses times the tasks' own weights, its preference, and balancing weights."""
        losses = self._preferred(batch_losses.losses)
        return losses if self.weighting is None else losses * weights

    def _with_task_weights(self, losses: Float[Tensor, " n_tasks"]) -> Float[Tensor, " n_tasks"]:
        """Losses times the tasks' own weights."""
        return losses if self.task_weights is None else losses * self.task_weights

    def _preferred(self, losses: Float[Tensor, " n_tasks"]) -> Float[Tensor, " n_tasks"]:
        """Losses times the tasks' own weights and the preference, which has the mean 1."""
        losses = self._with_task_weights(losses)
        return losses if self.preference is None else losses * (len(losses) * self.preference)

    def backward(
        self,
        batch: Batch,
        batch_losses: BatchLosses,
        weights: Float[Tensor, " n_tasks"],
        second: BatchLosses | None,
        scale: float,
    ) -> Float[Tensor, " n_tasks"]:
        """Fill gradients by the aggregator; return the product of both methods' weights."""
        together = self.processes.size > 1
        combined = backward(
            self.weighted(batch_losses, weights),
            self.shared,
            self.aggregator,
            present=batch_losses.present,
            engine=self.trainer.engine,
            features=batch_losses.features,
            task_of_row=task_of_row(self.network, batch),
            scale=scale * loss_scale(self.fabric),
            skip_overflow=has_loss_scaler(self.fabric),
            second=None if second is None else self.weighted(second, weights),
            group=self.processes if together else None,
            task_parameters=self._task_parameters() if together else None,
        )
        return weights * combined

    def _task_parameters(self) -> list[Tensor]:
        """Trained parameters that are not shared."""
        shared = set(self.shared)
        return [p for p in self.network.parameters() if p.requires_grad and p not in shared]

    def learn(self, batch_losses: BatchLosses, again: Callable[[], BatchLosses]) -> None:
        """Update the weighting after a step; `again` computes the losses of its batch anew."""
        if self.weighting is None:
            return
        self.weighting.learn(self._preferred(batch_losses.values), batch_losses.present)
        if Need.LOSSES_AFTER_STEP in self.weighting.needs:
            with torch.no_grad():
                after = self._preferred(again().values)
            self.weighting.after_step(after, batch_losses.present)

    def end_epoch(self, mean_losses: Float[Tensor, " n_tasks"]) -> None:
        """Give the weighting the mean losses of an epoch, if it needs them."""
        if self.weighting is not None and Need.EPOCH_LOSSES in self.weighting.needs:
            self.weighting.end_epoch(mean_losses)
