"""Copies of an encoder's stages, one per task or expert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from polytask.architectures._copies import Copies
from polytask.architectures._inputs import Inputs
from polytask.architectures._places import places_among
from polytask.architectures._row_groups import group_rows
from polytask.architectures._stages import Stages
from polytask.data import Batch
from polytask.encoders import Encoder, State

__all__ = ["Towers"]


class Towers(nn.ModuleList):
    """Copies of an encoder's stages, all copies of a stage run as one.

    Values have a leading axis over the copies, (n_copies, n, …), after the first stage and, with
    `apart`, before it. Towers of tasks, which `tasks` names, take and give features of each
    source's own tasks, (n_tasks of the source, n, …), or (n, …) where each row has one task.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
        Where the rows come from.
    n_copies : int
    tasks : sequence of str, optional
        The task that each copy belongs to; by default all tasks share all copies.
    start, stop : int, optional
        The first of the stages, and the one after the last; all stages by default.
    apart : bool, default False
        Whether what comes in has the leading axis already.

    Attributes
    ----------
    shape : tuple of int
        Shape of a row of the first source in one copy after the last stage.
    shapes : tuple of tuple of int
        The same after each stage of the encoder, the entry first.

    Raises
    ------
    ParameterError
        If the stages cannot take the rows of a source.

    Examples
    --------
    >>> from polytask.architectures import Inputs, Towers
    >>> from polytask.data import MultiTaskDataset, fit_schemas
    >>> from polytask.encoders import MLP
    >>> table = {"age": [31, 44, 28], "rich": [0, 1, 0]}
    >>> inputs = Inputs(MLP((16, 8)), fit_schemas(MultiTaskDataset.from_table(table, ["rich"])))
    >>> experts = Towers(MLP((16, 8)), inputs, n_copies=4)
    >>> len(experts), experts.shape
    (2, (8,))
    """

    def __init__(
        self,
        encoder: Encoder,
        inputs: Inputs,
        n_copies: int,
        *,
        tasks: Sequence[str] = (),
        start: int = 0,
        stop: int | None = None,
        apart: bool = False,
    ) -> None:
        stages = [Stages(encoder, inputs)]
        if len(stages[0]):
            stages += [Stages(encoder, inputs) for _ in range(n_copies - 1)]
        shapes, sample = stages[0].shapes, inputs.sample(inputs.sources[0])
        mask = sample.mask
        depths = range(len(stages[0]))[start:stop]
        copies = []
        for depth in depths:
            first = depth == depths[0] and not apart
            values = sample.values.new_zeros(2, *shapes[depth])
            members = [tower[depth] for tower in stages]
            rows = values if mask is None or len(shapes[depth]) != 2 else State(values, mask)
            copies.append(Copies(members, rows, apart=not first, tasks=tasks))
        super().__init__(copies)
        self.n_copies, self.tasks, self.apart = n_copies, tuple(tasks), apart
        self.tasks_of = {
            name: [p for p, task in enumerate(self.tasks) if task in inputs.tasks_of[name]]
            for name in inputs.sources
        }
        self._n_axes = len(shapes[start]) + 1
        self.shapes, self.shape = shapes, shapes[depths.stop if depths else start]

    def forward(
        self, states: Mapping[str, State], batch: Batch | None = None
    ) -> Mapping[str, State]:
        """States of every source after the last stage.

        Parameters
        ----------
        states : mapping of source name to State
        batch : Batch, optional
            Needed by towers of tasks: rows of one task each go through the tower of that task.
        """
        if self.tasks and batch is not None:
            return {name: self._of_tasks(name, s, batch[name].task) for name, s in states.items()}
        return {name: self.through(state) for name, state in states.items()}

    def advance(self, position: int, states: Mapping[str, State]) -> Mapping[str, State]:
        """Apply all copies of one stage, counted from `start`, to the states of all sources."""
        return {name: self._copies(position)(state) for name, state in states.items()}

    def _of_tasks(self, source: str, state: State, task: Tensor | None) -> State:
        members = self.tasks_of[source]
        some = None if len(members) == self.n_copies else members
        if task is None:
            return self.through(state, some)
        place = places_among(members, self.n_copies, task.device)
        groups = group_rows(place[task], len(members))
        values, mask = state
        own = values
        if values.ndim > self._n_axes:
            own = values[place[task], torch.arange(len(task), device=task.device)]
        grouped = State(groups.gather(own), None if mask is None else groups.gather(mask))
        for copies in self:
            grouped = copies(grouped, groups.sizes, some, apart=True)
        values, mask = grouped
        return State(groups.scatter(values), None if mask is None else groups.scatter(mask))

    def through(self, state: State, members: Sequence[int] | None = None) -> State:
        """State of a source after the last stage of all copies, or of those at some positions."""
        values, mask = state
        if not self and not self.apart:
            n_copies = self.n_copies if members is None else len(members)
            return State(values.expand(n_copies, *values.shape), mask)
        for copies in self:
            state = copies(state, members=members)
        return state

    def _copies(self, position: int) -> Copies:
        return self[position]  # type: ignore[return-value]
