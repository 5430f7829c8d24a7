"""Entries and experts, shared and of each task, whose gates stop the gradients of other tasks."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from polytask.architectures._inputs import Inputs
from polytask.architectures._mixture import Mixture, mixed_with_own
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._task_entries import TaskEntries
from polytask.architectures._towers import Towers
from polytask.data import Batch, Schema, SourceBatch
from polytask.encoders import Encoder, State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["StemLevel"]


class StemLevel(nn.Module):
    """Features of every task, mixed from all experts; its loss reaches its own and shared ones.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    n_shared, n_specific : int
        Experts that all tasks share, and of each task.
    keeps_steps : bool, default False
        Whether experts give features of all steps of a row, rather than pooled ones.

    Attributes
    ----------
    shape : tuple of int
        Shape of a row's features.
    """

    def __init__(
        self,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        n_shared: int,
        n_specific: int,
        *,
        keeps_steps: bool = False,
    ) -> None:
        super().__init__()
        self.keeps_steps = keeps_steps
        self.n_specific, self.n_experts = n_specific, len(tasks) * n_specific + n_shared
        self.inputs = Inputs(encoder, schemas, "STEM")
        self.entries = TaskEntries(encoder, schemas, tasks, "STEM")
        self.shared = Towers(encoder, self.inputs, n_shared)
        named = [name for name in tasks.names for _ in range(n_specific)]
        self.own = Towers(encoder, self.inputs, len(named), tasks=named, apart=True)
        self.mixture = Mixture(pooled_width(self.inputs.shape), self.n_experts, tasks.names)
        self.shape = self.own.shape if keeps_steps else (pooled_width(self.own.shape),)
        self.own_of = {
            source: [k * n_specific + e for k in carried for e in range(n_specific)]
            for source, carried in self.entries.places.items()
        }
        shared = list(range(len(named), self.n_experts))
        self.seen_of = {source: own + shared for source, own in self.own_of.items()}

    def forward(self, batch: Batch) -> dict[str, State]:
        """Features (n_tasks of the source, n, …), or (n, …) where each row has one task."""
        entered, own = self.inputs(batch), self._own_entries(batch)
        shared = self.shared(entered)
        mixed = {
            source: _mixed(
                self._gates(source, own[source], state, batch[source].task),
                self._own_experts(source, own[source]),
                self._features(shared[source]),
                self._place_of(source, batch[source].task),
            )
            for source, state in entered.items()
        }
        return {
            source: State(values, shared[source].mask if self.keeps_steps else None)
            for source, values in mixed.items()
        }

    def _features(self, state: State) -> Tensor:
        """Those of every copy, pooled unless steps stay."""
        return state.values if self.keeps_steps else pooled_copies(state)

    def gates(self, batch: Batch) -> dict[str, Tensor]:
        """Weights of all experts, (n_tasks of the source, n, n_experts) or (n, n_experts).

        Those of every task in order, then the shared ones; 0 for tasks that a source does not carry.
        """
        own, weights = self._own_entries(batch), {}
        for source, state in self.inputs(batch).items():
            seen = self._gates(source, own[source], state, batch[source].task)
            weights[source] = seen.new_zeros(*seen.shape[:-1], self.n_experts)
            weights[source][..., self.seen_of[source]] = seen
        return weights

    def _own_entries(self, batch: Batch) -> dict[str, State]:
        """What the entries of all tasks of a source give for every row, (n_tasks, n, …)."""
        return self.entries({name: SourceBatch(rows.inputs) for name, rows in batch.items()})

    def _own_experts(self, source: str, state: State) -> Tensor:
        """Features (n_tasks, n_specific, n, …) of the experts of the source's tasks."""
        experts = State(state.values.repeat_interleave(self.n_specific, 0), state.mask)
        chosen = self.own_of[source]
        for stage in self.own:
            experts = stage(experts, members=None if len(chosen) == self.own.n_copies else chosen)
        own = self._features(experts)
        return own.view(len(chosen) // self.n_specific, self.n_specific, *own.shape[1:])

    def _gates(self, source: str, own: State, shared: State, task: Tensor | None) -> Tensor:
        """Weights of the experts that rows of a source see."""
        rows = pooled_copies(own) + mean_pool(shared)
        weight: Tensor = self.mixture.weight
        if len(self.seen_of[source]) < self.n_experts:
            weight = weight[:, self.seen_of[source]]
        place = self._place_of(source, task)
        if place is None:
            logits = torch.bmm(rows, weight[self.entries.places[source]].transpose(1, 2))
        else:
            rows = rows[place, torch.arange(len(place), device=place.device)]
            logits = torch.einsum("ned,nd->ne", weight[task], rows)
        return torch.softmax(logits, dim=-1)

    def _place_of(self, source: str, task: Tensor | None) -> Tensor | None:
        return None if task is None else self.entries.place_of(source, task)


def _mixed(gates: Tensor, own: Tensor, shared: Tensor, place: Tensor | None) -> Tensor:
    """Mixed features, through which the experts of other tasks get no gradients.

    Parameters
    ----------
    gates : tensor of shape (n_tasks, n, n_seen) or (n, n_seen)
    own : tensor of shape (n_tasks, n_specific, n, …)
    shared : tensor of shape (n_shared, n, …)
    place : tensor of shape (n,), int, optional
        Position of each row's task among the source's, where each row has one.
    """
    n_tasks, n_specific, n_rows = own.shape[:3]
    seen = torch.cat([own.detach().flatten(0, 1), shared])
    of_task = torch.arange(n_tasks, device=own.device)
    lineage = of_task.repeat_interleave(n_specific)
    by_task = gates[..., : len(lineage)].reshape(*gates.shape[:-1], n_tasks, n_specific)
    if place is None:
        of_own = by_task[of_task, :, of_task]
        is_own = (lineage == of_task[:, None])[:, None]
    else:
        at = torch.arange(n_rows, device=own.device)
        of_own, own = by_task[at, place], own[place, :, at].transpose(0, 1)
        is_own = lineage == place[:, None]
    is_own = nn.functional.pad(is_own, [0, len(shared)])
    return mixed_with_own(torch.cat([of_own, gates.masked_fill(is_own, 0.0)], -1), own, seen)
