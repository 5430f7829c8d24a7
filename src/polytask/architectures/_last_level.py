"""The last level of CGC and PLE: experts of each task and shared ones, mixed by its gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.architectures._extraction_level import Extracted, repeated
from polytask.architectures._inputs import Inputs
from polytask.architectures._mixture import Mixture, mixed_with_own
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._row_groups import group_rows
from polytask.architectures._towers import Towers
from polytask.encoders import Encoder, State, mean_pool
from polytask.encoders._pooling import pooled_width

__all__ = ["LastLevel"]


class LastLevel(nn.Module):
    """The last level: mixed features of every task, from experts of its own and shared ones.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
    tasks : sequence of str
    n_shared, n_specific : int
        Experts that all tasks share, and of each task.
    start : int
        The first of the encoder's stages that an expert has.
    members_of : mapping of source name to sequence of int, optional
        Positions of the tasks that a source carries, where it does not carry all.
    keeps_steps : bool, default False
        Whether experts give features of all steps of a row, all of which have the row's gates,
        rather than pooled ones.

    Attributes
    ----------
    shape : tuple of int
        Shape of a row's features.
    """

    def __init__(
        self,
        encoder: Encoder,
        inputs: Inputs,
        tasks: Sequence[str],
        n_shared: int,
        n_specific: int,
        start: int,
        members_of: Mapping[str, Sequence[int] | None],
        *,
        keeps_steps: bool = False,
    ) -> None:
        super().__init__()
        self.keeps_steps = keeps_steps
        self.n_tasks, self.n_specific, self.apart = len(tasks), n_specific, start > 0
        self.members_of = dict(members_of)
        self.copies_of = {
            source: None
            if members is None
            else [k * n_specific + e for k in members for e in range(n_specific)]
            for source, members in members_of.items()
        }
        self.shared = Towers(encoder, inputs, n_shared, start=start)
        named = [name for name in tasks for _ in range(n_specific)]
        self.own = Towers(encoder, inputs, len(named), tasks=named, start=start, apart=self.apart)
        width = pooled_width(self.own.shapes[start])
        self.mixture = Mixture(width, n_specific + n_shared, tasks)
        self.shape = self.own.shape if keeps_steps else (pooled_width(self.own.shape),)

    def forward(self, below: Extracted, task_of: Mapping[str, Tensor | None]) -> dict[str, State]:
        """Features (n_tasks of the source, n, …), or (n, …) where each row has one task.

        Parameters
        ----------
        below : Extracted
        task_of : mapping of source name to tensor of shape (n,), optional
            Position of each row's task, where each row has one.
        """
        shared = self.shared(below.shared)
        return {
            name: State(mixed_with_own(*parts), shared[name].mask if self.keeps_steps else None)
            for name, parts in self.experts(below, task_of, shared).items()
        }

    def experts(
        self,
        below: Extracted,
        task_of: Mapping[str, Tensor | None],
        shared: Mapping[str, State] | None = None,
    ) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
        """Gates, features of tasks' own experts and of shared ones, as `mixed_with_own` takes them.

        Parameters
        ----------
        below : Extracted
        task_of : mapping of source name to tensor of shape (n,), optional
        shared : mapping of source name to State, optional
            What the shared experts give.
        """
        gates, shared = self.gates(below, task_of), shared or self.shared(below.shared)
        return {
            name: (
                gates[name],
                self._own_experts(name, state, task_of[name]),
                self._features(shared[name]),
            )
            for name, state in below.tasks.items()
        }

    def _features(self, state: State) -> Tensor:
        """Those of every copy, pooled unless steps stay."""
        return state.values if self.keeps_steps else pooled_copies(state)

    def gates(self, below: Extracted, task_of: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        """Weights of the experts, a task's own first; arguments as in `forward`."""
        gates = {}
        for name, state in below.tasks.items():
            own, task = self._of_tasks(name, state, task_of[name]), task_of[name]
            rows = pooled_copies(own) if self.apart and task is None else mean_pool(own)
            gates[name] = self.mixture.gates(rows, self.members_of[name], task)
        return gates

    def _of_tasks(self, source: str, state: State, task: Tensor | None) -> State:
        """What the level below gives the source's tasks, or the task of each row."""
        values, mask = state
        members = self.members_of[source]
        if not self.apart or (task is None and members is None):
            return state
        if task is not None:
            return State(values[task, torch.arange(len(task), device=task.device)], mask)
        return State(values[members], mask)

    def _own_experts(self, source: str, state: State, task: Tensor | None) -> Tensor:
        """Features (n_tasks, n_specific, n, …) of tasks' own experts, or (n_specific, n, …)."""
        of_tasks = self._of_tasks(source, state, task)
        if task is not None:
            return self._of_own_rows(of_tasks, task)
        rows = repeated(of_tasks, self.n_specific) if self.apart else of_tasks
        features = self._features(self.own.through(rows, self.copies_of[source]))
        n_tasks = len(features) // self.n_specific
        return features.view(n_tasks, self.n_specific, *features.shape[1:])

    def _of_own_rows(self, state: State, task: Tensor) -> Tensor:
        """Rows of one task each go through the experts of that task."""
        groups = group_rows(task, self.n_tasks)
        sizes = [size for size in groups.sizes for _ in range(self.n_specific)]
        values = groups.gather(state.values).repeat_interleave(self.n_specific, 0)
        mask = state.mask
        if mask is not None:
            mask = groups.gather(mask).repeat_interleave(self.n_specific, 0)
        experts = State(values, mask)
        for stage in self.own:
            experts = stage(experts, sizes, apart=True)
        values, mask = experts
        flat = State(values.flatten(0, 1), None if mask is None else mask.flatten(0, 1))
        own = flat.values if self.keeps_steps else mean_pool(flat)
        own = own.view(self.n_tasks, self.n_specific, values.shape[1], *own.shape[1:])
        return own[groups.group, :, groups.rank].transpose(0, 1)
