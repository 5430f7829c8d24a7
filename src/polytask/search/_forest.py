"""Networks of many structures side by side, each with starts of its own: one network, many members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from polytask.architectures import Copies, Heads, Stages
from polytask.architectures._branches import Route, advanced, route_of
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._row_chunks import row_chunks
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.search._structure_nodes import SKIPPED, Structure
from polytask.tasks import TaskSet
from polytask.training._score import evaluating
from polytask.training._trimmed import trimmed

__all__ = ["Forest"]


class Forest(EncoderNetwork):
    """One network per structure that is given, as its members, which share the encoder's entry alone.

    A structure may be given several times: each time it starts from other weights.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    structures : sequence of Structure

    Attributes
    ----------
    n_own : int
        Members of the encoder's own ensemble, which each structure has.
    """

    def __init__(
        self,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        structures: Sequence[Structure],
    ) -> None:
        super().__init__("Forest", encoder, schemas, tasks)
        self.n_own, self.n_structures = encoder.members, len(structures)
        self.n_members = self.n_own * len(structures)
        self.rows_at_once = encoder.rows_at_once
        nodes, counts = _joined(structures)
        columns = [Stages(encoder, self.inputs) for _ in range(max(counts))]
        shapes = columns[0].shapes
        mask = self.inputs.sample(self.inputs.sources[0]).mask
        self.copies = nn.ModuleList()
        for depth, count in enumerate(counts):
            if count:
                values = torch.zeros(2, *shapes[depth])
                rows: Any = values if mask is None or values.ndim != 3 else State(values, mask)
                members = [column[depth] for column in columns[:count]]
                self.copies.append(Copies(members, rows, apart=len(self.copies) > 0))
        self._nodes = [stage for stage, count in zip(nodes, counts, strict=True) if count]
        self._counts = [count for count in counts if count]
        self.routes = {source: self._route(self.tasks_in(source)) for source in self.inputs.sources}
        self.heads = Heads(self.blocks, tasks, shapes[-1], per_task=True, members=self.n_members)

    def _route(self, names: Sequence[str], structures: Sequence[int] | None = None) -> Route:
        """The route of tasks through all structures, or some."""
        chosen = range(self.n_structures) if structures is None else structures
        places = [self.tasks.index(name) for name in names]
        tasks = [m * len(self.tasks) + place for m in chosen for place in places]
        return route_of(tasks, self._nodes, self._counts)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """States of a source's tasks, (n_tasks, rows of all members, …), or (rows, …) of own tasks."""
        return {
            name: self._by_row(name, self._at_leaves(self.routes[name], state), batch)
            for name, state in self.inputs(batch).items()
        }

    def _at_leaves(self, route: Route, state: State) -> State:
        """States of every structure and task, (n_structures · n_tasks, rows, …)."""
        for copies, step in zip(self.copies, route.steps, strict=True):
            if step.members:
                state = advanced(copies, step, state)
        if route.leaves is None:
            return State(state.values.expand(route.n_tasks, *state.values.shape), state.mask)
        return State(state.values[route.leaves], _common(state.mask))

    def _by_row(self, source: str, state: State, batch: Batch) -> State:
        """The same states, those of all structures for a row one after another."""
        n_rows = state.values.shape[1]
        n_tasks = len(state.values) // self.n_structures
        by_task = state.values.view(self.n_structures, n_tasks, *state.values.shape[1:])
        by_task = by_task.permute(1, 2, 0, *range(3, by_task.ndim))
        mask = state.mask
        mask = None if mask is None else mask.repeat_interleave(self.n_structures, dim=0)
        task = batch[source].task
        if task is None:
            return State(by_task.flatten(1, 2), mask)
        names = self.tasks_in(source)
        places = [names.index(name) if name in names else 0 for name in self.tasks.names]
        place = torch.tensor(places, device=task.device)[task.view(n_rows, -1)[:, 0]]
        rows = torch.arange(n_rows, device=task.device)
        return State(by_task[place, rows].flatten(0, 1), mask)

    def representations(self, batch: Batch, structure: int) -> dict[str, Tensor]:
        """Pooled features of all tasks in one structure, in evaluation mode, (n_tasks, rows, h) per source."""
        route = self._route(self.tasks.names, [structure])
        pooled: dict[str, list[Tensor]] = {}
        with evaluating(self):
            for name, rows in batch.items():
                for chunk in row_chunks(self, rows):
                    state = self.inputs({name: trimmed(chunk)})[name]
                    pooled.setdefault(name, []).append(pooled_copies(self._at_leaves(route, state)))
        return {name: torch.cat(parts, dim=1) for name, parts in pooled.items()}


def _joined(structures: Sequence[Structure]) -> tuple[list[list[int]], list[int]]:
    """Copies of all structures numbered through, per stage and task, and how many a stage has."""
    nodes: list[list[int]] = [[] for _ in structures[0]]
    counts = [0] * len(nodes)
    for structure in structures:
        for depth, stage in enumerate(structure):
            nodes[depth] += [n if n == SKIPPED else n + counts[depth] for n in stage]
            counts[depth] += max(stage) + 1
    return [
        [counts[depth] if n == SKIPPED else n for n in stage] for depth, stage in enumerate(nodes)
    ], counts


def _common(mask: Tensor | None) -> Tensor | None:
    """The mask of all copies, which is the same."""
    return mask if mask is None or mask.ndim == 2 else mask[0]
