"""Network in which every task shares, copies or skips each stage: all such networks in one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask.architectures import Copies, Heads, Raw, Stages
from polytask.architectures._row_groups import group_rows
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State, advance
from polytask.search._structure import Groups
from polytask.search._supernet import Supernet, load_copies
from polytask.tasks import TaskSet

__all__ = ["PolicySupernet"]

_SHARE, _COPY, _SKIP = range(3)  # `together` takes the first
_NEVER = 1e9


class PolicySupernet(Supernet):
    r"""A common stage and one per task at every depth, of which each task takes one or neither.

    .. math:: x_k^{l+1} = d_{kl}^{\text{share}} f_l(x_k^l) + d_{kl}^{\text{copy}} f_{kl}(x_k^l)
        + d_{kl}^{\text{skip}} x_k^l

    with draws d of the Gumbel-softmax distribution of task k's logits at stage l. A stage that changes
    the shape of a row cannot be skipped.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet

    Attributes
    ----------
    policy : nn.ParameterList
        Logits of share, copy and skip per stage, (n_tasks, 3).
    choices : list of tensor
        The weights in the next passes, of the shapes of `policy`.
    n_closed : int
        Stages from the inputs up that all tasks share, whatever their logits.
    """

    def __init__(self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet) -> None:
        super().__init__("SharingPolicy", encoder, schemas, tasks)
        self.common = Stages(encoder, self.inputs)
        columns = [Stages(encoder, self.inputs) for _ in tasks]
        mask = self.inputs.sample(self.inputs.sources[0]).mask
        self.shapes = shapes = self.common.shapes
        self.own = nn.ModuleList()
        for depth, shape in enumerate(shapes[:-1]):
            values = torch.zeros(2, *shape)
            rows: Any = values if mask is None or len(shape) != 2 else State(values, mask)
            members = [column[depth] for column in columns]
            self.own.append(Copies(members, rows, apart=depth > 0, tasks=tasks.names))
        self.heads = Heads(self.blocks, tasks, shapes[-1], per_task=True, members=self.n_members)
        self.skippable = [before == after for before, after in pairwise(shapes)]
        self.policy = nn.ParameterList(nn.Parameter(torch.zeros(len(tasks), 3)) for _ in self.own)
        self.stage_sizes = [sum(p.numel() for p in stage.parameters()) for stage in self.common]
        self.n_closed = 0
        self.choices = self.draw(1.0, None)

    def draw(self, temperature: float, generator: torch.Generator | None) -> list[Tensor]:
        """Draw weights of the choices; closed stages are shared."""
        drawn, shared = super().draw(temperature, generator), self.together()
        return [*shared[: self.n_closed], *drawn[self.n_closed :]]

    def begin(self) -> None:
        """Copies start from the common stage."""
        for stage, copies in zip(self.common, self.own, strict=True):
            load_copies(copies, {**dict(stage.named_parameters()), **dict(stage.named_buffers())})

    def open(self, done: float) -> None:
        """Open the stages from the last to the first over the first half of the search."""
        n_open = 1 + int(2 * done * len(self.own))
        self.n_closed = max(len(self.own) - n_open, 0)

    def logits(self) -> list[Tensor]:
        """Logits per stage; of skipping a stage that changes the shape a very low number."""
        return [
            logits
            if skippable
            else torch.cat([logits[:, :_SKIP], logits[:, _SKIP:] * 0 - _NEVER], 1)
            for logits, skippable in zip(self.policy, self.skippable, strict=True)
        ]

    def probabilities(self) -> list[Float[Tensor, "n_tasks 3"]]:
        """Probabilities of share, copy and skip per stage."""
        return [torch.softmax(logits, dim=1) for logits in self.logits()]

    def features(self, batch: Batch) -> Mapping[str, State]:
        """States of every source's tasks, (n_tasks, n, …), or (n, …) where each row has one task."""
        return {
            name: self._of_each(name, state)
            if batch[name].task is None
            else self._of_own(state, batch[name].task)
            for name, state in self.inputs(batch).items()
        }

    def _of_each(self, source: str, state: State) -> State:
        members = self.members_in(source)
        values, mask = state.values[None], state.mask
        for depth, (stage, copies) in enumerate(zip(self.common, self.own, strict=True)):
            choice = self.choices[depth] if members is None else self.choices[depth][members]
            flat = State(values.flatten(0, 1), _repeated(mask, len(values)))
            shared = advance(stage, flat)
            rows = shared.values.view(len(values), -1, *shared.values.shape[1:])
            entered = State(values if depth else values[0], mask)
            own = copies(entered, members=members, apart=depth > 0)
            skipped = values if self.skippable[depth] else None
            values, mask = _chosen(choice, rows, own.values, skipped), own.mask
        return State(values, mask)

    def _of_own(self, state: State, task: Tensor | None) -> State:
        groups = group_rows(task, len(self.tasks))  # type: ignore[arg-type]
        for depth, (stage, copies) in enumerate(zip(self.common, self.own, strict=True)):
            mask = None if state.mask is None else groups.gather(state.mask)
            own = copies(State(groups.gather(state.values), mask), groups.sizes, apart=True)
            shared = advance(stage, state)
            skipped = state.values if self.skippable[depth] else None
            choice = self.choices[depth][task]
            values = _chosen(choice, shared.values, groups.scatter(own.values), skipped)
            state = State(values, shared.mask)
        return state

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from the states of the tasks."""
        return self.heads(features, batch)

    def structure(self) -> Groups:
        """Groups per stage by the likeliest choices: one that shares, one per task that copies."""
        names, groups = self.tasks.names, []
        for of_stage in self.probabilities():
            choice = of_stage.argmax(dim=1).tolist()
            by_choice = [
                [n for n, c in zip(names, choice, strict=True) if c == k] for k in range(3)
            ]
            common = [tuple(by_choice[_SHARE])] if by_choice[_SHARE] else []
            groups.append((*common, *((name,) for name in by_choice[_COPY])))
        return tuple(groups)


def _chosen(choice: Tensor, shared: Tensor, own: Tensor, skipped: Tensor | None) -> Tensor:
    """The values of the choices, each with its weight; `choice` has the first axis of the values."""
    parts = choice.view(len(choice), 3, *[1] * (own.ndim - 1))
    values = parts[:, _SHARE] * shared + parts[:, _COPY] * own
    return values if skipped is None else values + parts[:, _SKIP] * skipped


def _repeated(mask: Tensor | None, n: int) -> Tensor | None:
    """A mask of rows that follow one another n times."""
    return mask if mask is None or n == 1 else mask.repeat(n, 1)
