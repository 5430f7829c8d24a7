"""Batches in which all tasks share the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask.data import Batch
from polytask.losses import MultiTaskLoss
from polytask.processes import OneProcess, Processes
from polytask.sampling import Proportional, Sampler
from polytask.sampling._sampler import VALIDATION_LOSSES
from polytask.training._trimmed import trimmed

__all__ = ["JointBatches"]


class JointBatches:
    """Batches over the rows of all sources, as a sampler draws them.

    Parameters
    ----------
    sources : Batch of tensors
    batch_size : int
    seed : int
    sampler : Sampler, optional
        Copied, so that it may be given to several; rows in a shuffled order by default.
    n_steps : int, default 1
        Batches of the whole training, as planned.
    processes : Processes, optional
        Each gets its own part of every batch.

    Attributes
    ----------
    steps_per_epoch : int
    needs_losses : bool
        Whether `end_epoch` must be called with validation losses.
    """

    def __init__(
        self,
        sources: Batch,
        batch_size: int,
        seed: int,
        sampler: Sampler | None = None,
        n_steps: int = 1,
        processes: Processes | None = None,
    ) -> None:
        processes = processes or OneProcess()
        self.sources = sources
        self.sampler = Proportional() if sampler is None else deepcopy(sampler)
        sizes = {name: rows.n_rows for name, rows in sources.items()}
        self.sampler.start(
            sizes,
            batch_size,
            seed=seed,
            n_steps=n_steps,
            rank=processes.rank,
            size=processes.size,
        )
        self.steps_per_epoch = self.sampler.steps_per_epoch
        self.needs_losses = VALIDATION_LOSSES in self.sampler.needs
        self._labels: dict[str, Tensor] = {}

    def batch(self, step: int) -> Batch:
        """The batch of a step, or this process's part of it; steps are taken in order from 0."""
        return {
            name: trimmed(self.sources[name].take(rows))
            for name, rows in self.sampler.rows(step).items()
        }

    def expected(self, loss: MultiTaskLoss) -> Float[Tensor, " n_tasks"]:
        """Weight of the labels each task has in a batch of rows drawn evenly from all sources."""
        self._labels = {name: loss.counts({name: rows}) for name, rows in self.sources.items()}
        return loss.counts(self.sources) * (self.sampler.batch_size / self.sampler.n_rows)

    def scale(self, step: int) -> Mapping[str, float]:
        """Factors of the losses of sources that are not drawn evenly; {} where all are."""
        if len(self.sampler.sizes) == 1:
            return {}
        even = self.sampler.batch_size / self.sampler.n_rows
        share = self.sampler.share(step)
        factors = {name: even * n / share[name] for name, n in self.sampler.sizes.items()}
        return {} if all(abs(factor - 1) < 1e-9 for factor in factors.values()) else factors

    def fraction(self, step: int) -> float | Float[Tensor, " n_tasks"]:
        """Rows of the step's batch as a share of a full batch, for each task where they differ."""
        fractions = self.sampler.fraction(step)
        if len(set(fractions.values())) == 1:
            return next(iter(fractions.values()))
        labels = torch.stack([self._labels[name] for name in fractions])
        shares = torch.tensor(list(fractions.values())).to(labels)
        return (labels * shares[:, None]).sum(dim=0) / labels.sum(dim=0).clamp(min=1e-30)

    def end_epoch(self, losses: Mapping[str, Mapping[str, float]]) -> None:
        """Pass validation losses per source and task to the sampler."""
        self.sampler.end_epoch(losses)

    def state_dict(self) -> dict[str, Any]:
        """The state of the sampler."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        self.sampler.load_state_dict(state)
