"""The search of a structure: weights and choices learn in turn, on rows of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from polytask._seeds import derived_seed
from polytask._torch_defaults import torch_defaults
from polytask.data import MultiTaskDataset, Schema, SourceBatch
from polytask.losses import MultiTaskLoss
from polytask.processes import OneProcess
from polytask.search._structure import FoundStructure, Groups
from polytask.search._supernet import Supernet
from polytask.training import Trainer
from polytask.training._device import make_fabric
from polytask.training._divergence import Divergence
from polytask.training._fitting import tensors
from polytask.training._forward import Forward
from polytask.training._held_out import hold_out
from polytask.training._joint_batches import JointBatches
from polytask.training._optimizers import make_optimizer
from polytask.training._progress import TrainingProgress
from polytask.training._step_work import step_work
from polytask.training._threads import threads_for
from polytask.training._validation_losses import ValidationLosses

__all__ = ["SearchPlan", "search_structure"]

_SHOWN_EVERY = 25


@dataclass(frozen=True)
class SearchPlan:
    """What a search of a structure does, and for how long.

    Attributes
    ----------
    learner : str
        Whose name the record has.
    steps : int
        Optimiser steps, of weights and of choices together.
    warm_up : float
        Share of the steps in which weights learn alone, all tasks sharing everything.
    policy_share : float
        Share of the training rows from which choices learn.
    rows_seed : int
        By which these rows are drawn.
    policy_rate : float
        Learning rate of the choices.
    temperatures : (float, float)
        Of the draws, from the first to the last; geometric in between.
    penalty : callable
        Of the network and the progress after the warm-up, in [0, 1]: what is added to the loss of
        the choices.
    """

    learner: str
    steps: int
    warm_up: float
    policy_share: float
    rows_seed: int
    policy_rate: float
    temperatures: tuple[float, float]
    penalty: Callable[[Supernet, float], Tensor]

    def temperature(self, progress: float) -> float:
        """The temperature at a progress in [0, 1]."""
        first, last = self.temperatures
        return float(first * (last / first) ** progress)


@torch_defaults()
def search_structure(
    network: Supernet,
    plan: SearchPlan,
    trainer: Trainer,
    train: MultiTaskDataset,
    schemas: Mapping[str, Schema],
    seed: int,
    progress: bool | None = None,
) -> tuple[FoundStructure, float]:
    """Train weights and choices in turn, and read off the likeliest choices.

    The number beside the structure is the loss of the likeliest choices on the rows of choices, with
    the penalty of these choices: searches with other seeds are compared by it.

    Parameters
    ----------
    network : Supernet
    plan : SearchPlan
    trainer : Trainer
        Its optimiser, learning rate, batches, precision and device are those of the weights.
    train : MultiTaskDataset
    schemas : mapping of source name to Schema
    seed : int
        Of batches and of draws.
    progress : bool, optional
        None shows a bar where stderr is a terminal.

    Raises
    ------
    NonFiniteLossError
        If a task's loss is not finite.
    """
    started = time.monotonic()
    search = _Search(network, plan, trainer, train, schemas, seed)
    cuda = [search.device] if search.device.type == "cuda" else []
    bar = TrainingProgress(plan.steps, progress)
    with torch.random.fork_rng(devices=cuda), threads_for(*step_work(network, search.batch_size)):
        torch.manual_seed(derived_seed(seed, "search"))
        try:
            search.run(bar)
        finally:
            bar.close()
        groups, skips, probability = network.structure()
        value = search.value()
    found = FoundStructure(
        train.tasks.names,
        groups,
        skips,
        plan.learner,
        probability,
        _share(network, groups),
        search.steps,
        sum(rows.n_rows for rows in search.held.values()),
        sum(rows.n_rows for rows in search.kept.values()),
        time.monotonic() - started,
    )
    return found, value


class _Search:
    """The state of a search under way."""

    def __init__(
        self,
        network: Supernet,
        plan: SearchPlan,
        trainer: Trainer,
        train: MultiTaskDataset,
        schemas: Mapping[str, Schema],
        seed: int,
    ) -> None:
        self.plan, self.trainer, self.tasks = plan, trainer, train.tasks
        fabric = make_fabric(trainer.accelerator, trainer.precision)
        self.device = fabric.device
        self.network = network.to(self.device)
        self.loss = MultiTaskLoss(network.blocks, train.tasks).to(self.device)
        plain = trainer.precision == "32-true"
        self.forward = Forward(fabric, network, self.loss, plain=plain, keep_features=False)
        rows = tensors(train, schemas, network, self.device)
        self.kept, self.held = hold_out(rows, plan.policy_share, plan.rows_seed)
        self.batch_size = trainer.rows_per_batch(train.n_rows)
        self.weight_batches = self._batches(self.kept, seed, "weights")
        self.policy_batches = self._batches(self.held, seed, "policy")
        self.expected = {
            id(batches): batches.expected(self.loss).clamp(min=1e-30)
            for batches in (self.weight_batches, self.policy_batches)
        }
        self.generator = torch.Generator().manual_seed(derived_seed(seed, "draws"))
        self.importance = torch.tensor([task.weight for task in train.tasks], device=self.device)
        self.policy = list(network.policy.parameters())
        own = {id(parameter) for parameter in self.policy}
        self.weights = [p for p in network.parameters() if id(p) not in own and p.requires_grad]
        self.policy_optimizer = torch.optim.Adam(
            self.policy, lr=plan.policy_rate, betas=(0.5, 0.999)
        )
        self.divergence = Divergence(network, train.tasks)
        self.steps = 0

    def _batches(self, rows: Mapping[str, SourceBatch], seed: int, purpose: str) -> JointBatches:
        return JointBatches(rows, self.batch_size, derived_seed(seed, "search", purpose))

    def _weight_optimizer(self) -> torch.optim.Optimizer:
        trainer = self.trainer
        return make_optimizer(
            trainer.optimizer,
            self.weights,
            trainer.learning_rate,
            trainer.weight_decay,
            trainer.optimizer_options,
        )

    def run(self, bar: TrainingProgress) -> None:
        """Warm up, then a step of weights and one of choices in turn."""
        network, plan = self.network.train(), self.plan
        n_warm = round(plan.warm_up * plan.steps)
        optimizer = self._weight_optimizer()
        network.choices = network.together()
        for n in range(n_warm):
            self._step_weights(optimizer, n)
        network.begin()
        n_rounds = max((plan.steps - n_warm) // 2, 1)
        optimizer = self._weight_optimizer()
        for n in range(n_rounds):
            done = n / n_rounds
            network.open(done)
            temperature = plan.temperature(done)
            with torch.no_grad():
                network.choices = network.draw(temperature, self.generator)
            losses = self._step_weights(optimizer, n_warm + n)
            network.choices = network.draw(temperature, self.generator)
            self._step_policy(n, done)
            if n % _SHOWN_EVERY == 0:
                shown = dict(zip(self.tasks.names, losses.tolist(), strict=True))
                bar.show(self.steps, shown)

    def value(self) -> float:
        """Loss on the rows of choices when the likeliest are certain, with their penalty."""
        self.network.settle()
        self.network.open(1.0)
        self.loss.scale = {}
        losses = ValidationLosses(self.forward, self.tasks, self.held, OneProcess()).by_task()
        total = sum(self.tasks[name].weight * loss for name, loss in losses.items())
        return total + float(self.plan.penalty(self.network, 1.0).detach())

    def _losses(self, batches: JointBatches, step: int) -> Tensor:
        """Losses of the tasks on a batch."""
        self.loss.expected = self.expected[id(batches)]
        self.loss.scale = batches.scale(step)
        losses = self.forward(batches.batch(step)).losses
        self.divergence.check(losses, self.steps, step, batches.steps_per_epoch)
        return losses

    def _step_weights(self, optimizer: torch.optim.Optimizer, step: int) -> Tensor:
        losses = self._losses(self.weight_batches, step)
        optimizer.zero_grad()
        torch.autograd.backward((self.importance * losses).sum())
        if self.trainer.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.weights, self.trainer.clip_norm)
        optimizer.step()
        self.steps += 1
        return losses.detach()

    def _step_policy(self, step: int, done: float) -> None:
        losses = self._losses(self.policy_batches, step)
        loss = (self.importance * losses).sum() + self.plan.penalty(self.network, done)
        gradients = torch.autograd.grad(loss, self.policy, allow_unused=True)
        for parameter, gradient in zip(self.policy, gradients, strict=True):
            parameter.grad = gradient
        self.policy_optimizer.step()
        self.network.keep_open()
        self.steps += 1


def _share(network: Supernet, groups: Groups) -> float:
    """Parameters of the copies that are in use, relative to those of all tasks apart."""
    sizes = network.stage_sizes
    used = sum(size * len(of_stage) for size, of_stage in zip(sizes, groups, strict=True))
    return used / max(sum(sizes) * len(network.tasks), 1)
