"""The search of a structure in a supernet: weights and choices learn in turn, on rows of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from polytask._seeds import derived_seed
from polytask._torch_defaults import torch_defaults
from polytask.search._structure_rows import Batches, StructureRows
from polytask.search._supernet import Supernet
from polytask.training._divergence import Divergence
from polytask.training._progress import TrainingProgress
from polytask.training._step_work import step_work
from polytask.training._threads import threads_for

__all__ = ["SearchPlan", "train_supernet"]

_SHOWN_EVERY = 25
_WARM_UP = 0.2
"""Share of the steps in which weights learn alone, all tasks sharing everything."""
_RATE = 0.05
"""Learning rate of the choices."""


@dataclass(frozen=True)
class SearchPlan:
    """What a search in a supernet does, and for how long.

    Attributes
    ----------
    steps : int
        Optimiser steps, of weights and of choices together.
    temperatures : (float, float)
        Of the draws, from the first to the last; geometric in between.
    penalty : callable
        Of the network and the progress after the warm-up, in [0, 1]: what is added to the loss of
        the choices.
    """

    steps: int
    temperatures: tuple[float, float]
    penalty: Callable[[Supernet, float], Tensor]

    def temperature(self, progress: float) -> float:
        """The temperature at a progress in [0, 1]."""
        first, last = self.temperatures
        return float(first * (last / first) ** progress)


@torch_defaults()
def train_supernet(
    network: Supernet, plan: SearchPlan, rows: StructureRows, seed: int, bar: TrainingProgress
) -> int:
    """Train weights and choices in turn; return the steps that this took.

    Parameters
    ----------
    network : Supernet
        Its `structure` is then what was found.
    plan : SearchPlan
    rows : StructureRows
        Weights learn from those that are kept, choices from those held out.
    seed : int
        Of batches and of draws.
    bar : TrainingProgress

    Raises
    ------
    NonFiniteLossError
        If a task's loss is not finite.
    """
    search = _Search(network, plan, rows, seed)
    cuda = [rows.device] if rows.device.type == "cuda" else []
    with torch.random.fork_rng(devices=cuda), threads_for(*step_work(network, rows.batch_size)):
        torch.manual_seed(derived_seed(seed, "search"))
        search.run(bar)
    return search.steps


class _Search:
    """The state of a search under way."""

    def __init__(self, network: Supernet, plan: SearchPlan, rows: StructureRows, seed: int) -> None:
        self.plan, self.rows, self.network = plan, rows, network.to(rows.device)
        self.forward = rows.forward(network)
        seeds = derived_seed(seed, "weights"), derived_seed(seed, "policy")
        size, loss = rows.batch_size, self.forward.loss
        self.weight_batches = Batches(rows.kept, size, seeds[0], loss)
        self.policy_batches = Batches(rows.held, size, seeds[1], loss)
        self.generator = torch.Generator().manual_seed(derived_seed(seed, "draws"))
        self.policy = list(network.policy.parameters())
        own = {id(parameter) for parameter in self.policy}
        self.weights = [p for p in network.parameters() if id(p) not in own and p.requires_grad]
        self.policy_optimizer = torch.optim.Adam(self.policy, lr=_RATE, betas=(0.5, 0.999))
        self.divergence = Divergence(network, rows.tasks)
        self.steps = 0

    def run(self, bar: TrainingProgress) -> None:
        """Warm up, then a step of weights and one of choices in turn."""
        network, plan = self.network.train(), self.plan
        n_warm = round(_WARM_UP * plan.steps)
        optimizer = self.rows.optimizer(self.weights)
        network.choices = network.together()
        for n in range(n_warm):
            self._step_weights(optimizer, n)
        network.begin()
        n_rounds = max((plan.steps - n_warm) // 2, 1)
        optimizer = self.rows.optimizer(self.weights)
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
                shown = dict(zip(self.rows.tasks.names, losses.tolist(), strict=True))
                bar.show(self.steps, shown)

    def _losses(self, batches: Batches, step: int) -> Tensor:
        """Losses of the tasks on a batch."""
        losses = batches.losses(self.forward, step)
        self.divergence.check(losses, self.steps, step, batches.steps_per_epoch)
        return losses

    def _step_weights(self, optimizer: torch.optim.Optimizer, step: int) -> Tensor:
        losses = self._losses(self.weight_batches, step)
        optimizer.zero_grad()
        torch.autograd.backward((self.rows.importance * losses).sum())
        if self.rows.trainer.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.weights, self.rows.trainer.clip_norm)
        optimizer.step()
        self.steps += 1
        return losses.detach()

    def _step_policy(self, step: int, done: float) -> None:
        losses = self._losses(self.policy_batches, step)
        loss = (self.rows.importance * losses).sum() + self.plan.penalty(self.network, done)
        gradients = torch.autograd.grad(loss, self.policy, allow_unused=True)
        for parameter, gradient in zip(self.policy, gradients, strict=True):
            parameter.grad = gradient
        self.policy_optimizer.step()
        self.network.keep_open()
        self.steps += 1
