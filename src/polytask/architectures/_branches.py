"""Copies of an encoder's stages, each for a group of tasks: as a tree, or as paths that meet again."""

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

__all__ = [
    "Branches",
    "Partition",
    "Route",
    "advanced",
    "branched_after",
    "branched_at",
    "route_of",
]

Partition = Sequence[Sequence[str]]
"""Tasks in groups, each task in one."""


class Branches(nn.ModuleList):
    """The later stages of an encoder, a copy of each for every group of tasks, run as one.

    A copy runs once for every state that tasks of its group have before it: once where the groups of
    stages are nested, several times where tasks that have parted share a copy again.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
        Where the rows come from.
    partitions : sequence of sequence of sequence of str
        Per stage from `start` on, the groups of tasks. Tasks in none of them skip the stage.
    tasks : TaskSet
    start : int
        The first stage that has copies.

    Raises
    ------
    ParameterError
        If tasks skip a stage that gives states of another shape than it takes.
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
            node = {name: position for position, names in enumerate(groups) for name in names}
            if not groups:
                continue  # all tasks skip the stage
            shape = columns[0].shapes[depth]
            if len(node) < len(tasks):
                _check_skipped(columns[0].shapes, depth, [n for n in tasks.names if n not in node])
            values = torch.zeros(2, *shape)
            rows = values if mask is None or len(shape) != 2 else State(values, mask)
            members = [column[depth] for column in columns[: len(groups)]]
            self.append(Copies(members, rows, apart=len(self) > 0, **_owners(groups)))
            nodes.append([node.get(name, len(groups)) for name in tasks.names])
        self.counts = [len(groups) for groups in partitions if groups]
        self.routes = {
            source: route_of(
                [tasks.index(name) for name in inputs.tasks_of[source]], nodes, self.counts
            )
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

    def _of_each(self, route: Route, state: State) -> State:
        """States of a source's tasks for all rows: every copy runs once for each state before it."""
        for copies, step in zip(self, route.steps, strict=True):
            if step.members:
                state = advanced(copies, step, state)
        if route.leaves is None:
            return _picked(_with_axis(state), [0] * route.n_tasks)
        return _picked(state, route.leaves)

    def _of_own(self, state: State, task: Tensor | None) -> State:
        """States of rows of one task each; rows whose task skips a stage stay as they are."""
        for copies, nodes, n in zip(self, self.nodes, self.counts, strict=True):
            of_rows = nodes[task]
            groups = group_rows(of_rows, n + int((nodes == n).any()))  # those that skip come last
            values = groups.gather(state.values)
            mask = None if state.mask is None else groups.gather(state.mask)
            own = State(values[:n], mask if mask is None else mask[:n])
            grouped = copies(own, groups.sizes[:n], apart=True)
            if len(values) > n:
                grouped = _joined(grouped, State(values[n:], mask if mask is None else mask[n:]))
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


class _Step(NamedTuple):
    """The copies of one stage that rows of a source go through.

    Attributes
    ----------
    members : list of int
        The copy of every pass; one that several states enter stands here as often.
    parents : list of int or None
        Where the input of each stands among the states before the stage; None where there is one
        state, without an axis over copies.
    passed : list of int
        Where states that skip the stage stand among those before it; they come after the others.
    """

    members: list[int]
    parents: list[int] | None
    passed: list[int]


class Route(NamedTuple):
    """The copies that rows of a source go through.

    Attributes
    ----------
    steps : list of _Step
    leaves : list of int or None
        Where each task stands among the states after the last stage; None if all tasks skip all.
    n_tasks : int
    """

    steps: list[_Step]
    leaves: list[int] | None
    n_tasks: int


def route_of(tasks: Sequence[int], nodes: Sequence[Sequence[int]], counts: Sequence[int]) -> Route:
    """The route of tasks, given the copy of each at each stage, or the number of copies: none."""
    steps: list[_Step] = []
    places, entered = [0] * len(tasks), False
    for of_stage, n_copies in zip(nodes, counts, strict=True):
        pairs = [(of_stage[task], place) for task, place in zip(tasks, places, strict=True)]
        run = sorted({pair for pair in pairs if pair[0] < n_copies})
        passed = sorted({place for node, place in pairs if node == n_copies})
        if not run:
            steps.append(_Step([], None, []))
            continue
        parents = [place for _, place in run] if entered else None
        steps.append(_Step([node for node, _ in run], parents, passed))
        places = [
            run.index(pair) if pair[0] < n_copies else len(run) + passed.index(pair[1])
            for pair in pairs
        ]
        entered = True
    return Route(steps, places if entered else None, len(tasks))


def advanced(copies: Any, step: _Step, state: State) -> State:
    """The states after a stage: those of its copies, then those that skip it."""
    apart = step.parents is not None
    rows = _picked(state, step.parents) if step.parents is not None else state
    whole = step.members == list(range(copies.n_copies))
    after: State = copies(rows, members=None if whole else step.members, apart=apart)
    if not step.passed:
        return after
    return _joined(after, _picked(state if apart else _with_axis(state), step.passed))


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


def _with_axis(state: State) -> State:
    """A state with an axis over copies, of which there is one; a mask serves them all."""
    return State(state.values[None], state.mask)


def _joined(first: State, second: State) -> State:
    """States of copies, then those of others, along the axis over copies."""
    values = torch.cat([first.values, second.values])
    if first.mask is second.mask:
        return State(values, first.mask)
    return State(values, torch.cat([_own_masks(first), _own_masks(second)]))


def _own_masks(state: State) -> Tensor:
    """A mask for every copy."""
    n_copies, n_rows, n_steps = state.values.shape[:3]
    if state.mask is None:
        return state.values.new_ones(n_copies, n_rows, n_steps, dtype=torch.bool)
    return state.mask if state.mask.ndim == 3 else state.mask.expand(n_copies, -1, -1)


def _check_skipped(shapes: Sequence[tuple[int, ...]], depth: int, skipping: Sequence[str]) -> None:
    """Refuse that tasks skip a stage after which rows have another shape."""
    before, after = shapes[depth], shapes[depth + 1]
    if before != after:
        sentence = (
            "The `skips` parameter of Branching must name tasks at stages that leave the shape of a "
            f"row as it is. Stage {depth + 1} maps {before} to {after}, and {skipping[0]!r} skips "
            "it."
        )
        raise ParameterError(sentence)
