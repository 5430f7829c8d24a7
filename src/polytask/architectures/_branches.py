"""Copies of an encoder's stages in the shape of a tree: each serves a group of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.architectures._inputs import Inputs
from polytask.architectures._row_groups import group_rows
from polytask.architectures._stages import Stages
from polytask.data import Batch
from polytask.encoders import Encoder, State
from polytask.exceptions import ParameterError
from polytask.tasks import TaskSet

__all__ = ["Branches", "Partition", "branched_after", "branched_at"]

Partition = Sequence[Sequence[str]]
"""Tasks in groups, each task in one."""


class Branches(nn.ModuleList):
    """The later stages of an encoder, a copy of each for every group of tasks, run as one.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
        Where the rows come from.
    partitions : sequence of sequence of sequence of str
        Per stage from `start` on, the groups of tasks; nested.
    tasks : TaskSet
    start : int
        The first stage that has copies.
    """

    nodes: Tensor

    def __init__(
        self,
        encoder: Encoder,
        inputs: Inputs,
        partitions: Sequence[Partition],
        tasks: TaskSet,
        start: int,
    ) -> None:
        widest = max((len(partition) for partition in partitions), default=0)
        columns = [Stages(encoder, inputs) for _ in range(widest)]
        mask = inputs.sample(inputs.sources[0]).mask
        super().__init__()
        nodes: list[list[int]] = []
        for depth, partition in enumerate(partitions, start):
            groups = [tuple(group) for group in partition]
            shape = columns[0].shapes[depth]
            values = torch.zeros(2, *shape)
            rows = values if mask is None or len(shape) != 2 else State(values, mask)
            members = [column[depth] for column in columns[: len(groups)]]
            self.append(Copies(members, rows, apart=depth > start, **_owners(groups)))
            node = {name: position for position, names in enumerate(groups) for name in names}
            nodes.append([node[name] for name in tasks.names])
        self.routes = {
            source: _route([tasks.index(name) for name in inputs.tasks_of[source]], nodes)
            for source in inputs.sources
        }
        self.register_buffer(
            "nodes", torch.tensor(nodes, dtype=torch.int64).view(-1, len(tasks)), persistent=False
        )

    def forward(self, states: Mapping[str, State], batch: Batch) -> dict[str, State]:
        """States of each source's tasks, (n_tasks, n, …), or (n, …) where each row has one task.

        Parameters
        ----------
        states : mapping of source name to State
            What all tasks share, (n, …).
        batch : Batch
        """
        return {
            name: self._of_each(self.routes[name], state)
            if batch[name].task is None
            else self._of_own(state, batch[name].task)
            for name, state in states.items()
        }

    def _of_each(self, route: _Route, state: State) -> State:
        """States of a source's tasks for all rows: every copy that serves one of them runs once."""
        for copies, members, parents in zip(self, route.members, route.parents, strict=True):
            state = state if parents is None else _picked(state, parents)
            state = copies(state, members=None if len(members) == copies.n_copies else members)
        return _picked(state, route.leaves)

    def _of_own(self, state: State, task: Tensor | None) -> State:
        """States of rows of one task each."""
        for copies, nodes in zip(self, self.nodes, strict=True):
            groups = group_rows(nodes[task], copies.n_copies)  # type: ignore[arg-type]
            mask = None if state.mask is None else groups.gather(state.mask)
            grouped = copies(State(groups.gather(state.values), mask), groups.sizes, apart=True)
            mask = None if grouped.mask is None else groups.scatter(grouped.mask)
            state = State(groups.scatter(grouped.values), mask)
        return state


def branched_at(stage: int, n_stages: int, tasks: TaskSet) -> list[Partition]:
    """Partitions of which all tasks share the first stages, and none any later."""
    single = [(name,) for name in tasks.names]
    return [[tasks.names] if depth < stage else single for depth in range(n_stages)]


def branched_after(
    owner: str, n_shared: int | None, tasks: TaskSet, n_stages: int
) -> list[Partition]:
    """Partitions by a recipe's `shared_stages`, by default all.

    Raises
    ------
    ParameterError
        If there are fewer stages.
    """
    if n_shared is not None and n_shared > n_stages:
        sentence = (
            f"The `shared_stages` parameter of {owner} must be at most the number of stages "
            f"of its encoder, {n_stages}. Got {n_shared} instead."
        )
        raise ParameterError(sentence)
    return branched_at(n_stages if n_shared is None else n_shared, n_stages, tasks)


class _Route(NamedTuple):
    """The copies that rows of a source go through.

    Attributes
    ----------
    members : list of list of int
        Per stage, the copies that serve a task of the source.
    parents : list of list of int or None
        Per stage, where the input of each stands among the copies of the stage below; None for
        the first.
    leaves : list of int
        Where each task stands among the copies of the last stage.
    """

    members: list[list[int]]
    parents: list[list[int] | None]
    leaves: list[int]


def _route(tasks: Sequence[int], nodes: Sequence[Sequence[int]]) -> _Route:
    """The route of tasks, given the copy that serves each task at each stage."""
    members: list[list[int]] = []
    parents: list[list[int] | None] = []
    places: list[int] = []
    for of_stage in nodes:
        own = sorted({of_stage[task] for task in tasks})
        below = {of_stage[task]: place for task, place in zip(tasks, places, strict=False)}
        members.append(own)
        parents.append([below[node] for node in own] if below else None)
        places = [own.index(of_stage[task]) for task in tasks]
    return _Route(members, parents, places)


def _owners(groups: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """The owners of the copies: single tasks have slices of stacked tensors."""
    if all(len(names) == 1 for names in groups):
        return {"tasks": [name for (name,) in groups]}
    return {"groups": groups}


def _picked(state: State, positions: list[int]) -> State:
    """The states of some copies, of states with a leading axis over the copies."""
    values, mask = state
    if positions == list(range(len(values))):
        return state
    return State(values[positions], mask if mask is None or mask.ndim == 2 else mask[positions])
