"""Information transferred along a sequence of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Constraint, Interval
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._heads import Heads
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._task_branch import TaskBranch
from polytask.architectures._task_order import has_no_order, in_order, nested_steps, order_note
from polytask.architectures._transfer_towers import TransferTowers
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["AITM"]

_Place = tuple[str, int]
"""A block's name, and a task's position among those of the block that a source carries."""


@dataclass(frozen=True)
class AITM(EncoderArchitecture):
    r"""A tower per task, and adaptive transfer of information to each task from those before it.

    .. math:: z_t = \sum_{u \in \{q_t\} \cup \{g_t(z_s)\}} w_u\, h_1(u), \qquad
        w_u = \mathrm{softmax}_u \frac{\langle h_2(u), h_3(u) \rangle}{\sqrt{k}}

    with the tower's features q, the tasks s that `Task.after` names, and layers g, h₁, h₂, h₃ of
    each task's own. A task without `after` has z = q. For yes/no tasks of the same rows a penalty,

    .. math:: \alpha \sum_{s \to t} \operatorname{mean} \max(p_t - p_s, 0)

    lowers the probability of a step where it exceeds that of the step before. It guarantees no
    order; `ESMM` does.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its entry is shared, and every task has its stages to itself.
    initializer : str, optional
        As in `HardSharing`.
    calibration : float in [0, inf), default 0.6
        Strength :math:`\alpha` of the penalty.

    Notes
    -----
    Tasks of any kind may feed others. If no task names another in `after`, each is fed by the one
    before it in the order given (and a note says so), without the penalty: an order alone does not
    say that one event includes the other.

    The paper has one task before each; here there may be several. Its penalty is summed over
    the rows of a batch that all tasks share; here it is the mean over those of each source that has
    both tasks, labelled or not, and is left out where each row has one task. Features of
    sequences and maps are mean-pooled before the transfer. Every row passes through the towers of
    all tasks, also where each row has one task, and so batch norm counts it in all of them, in
    training and in its running statistics alike.

    References
    ----------
    Xi et al., "Modeling the sequential dependence among audience multi-step conversions with
    multi-task learning in targeted display advertising", KDD 2021.

    Examples
    --------
    >>> from polytask.architectures import AITM
    >>> AITM().calibration
    0.6
    """

    calibration: float = 0.6

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "calibration": Range(0.0, 1.0, default=0.6),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "calibration": Interval(float, 0.0),
    }

    def notes(self, tasks: TaskSet) -> Sequence[str]:
        """Which order of the tasks is assumed, if none is stated."""
        sentence = (
            "AITM transfers information from each task to the next, without calibration, in the "
            "order given"
        )
        return (order_note(sentence, tasks),) if has_no_order(tasks) else ()

    def nested(self, tasks: TaskSet) -> Sequence[tuple[str, str]]:
        """Binary tasks and those before them, which calibration compares."""
        if not self.calibration:
            return ()
        return nested_steps(tasks, {task.name: task.after for task in tasks})

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the network."""
        return AITMNetwork(self, encoder, schemas, tasks)


class AITMNetwork(EncoderNetwork):
    """The module of `AITM`: entries, towers, transfers level by level, and heads."""

    def __init__(
        self, recipe: AITM, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        super().__init__("AITM", encoder, schemas, tasks)
        self.calibration = recipe.calibration
        self.transfer = None
        if len(tasks) > 1:
            self.transfer = TransferTowers(encoder, self.inputs, in_order(tasks))
            self.heads = Heads(
                self.blocks, tasks, (self.transfer.width,), per_task=True, members=self.n_members
            )
        else:
            self.plain = TaskBranch(encoder, self.inputs, self.blocks, tasks, tasks.names)
        self.steps = self._steps()

    def features(self, batch: Batch) -> Mapping[str, State]:
        """What the entries give for the rows of every source in the batch."""
        return self.inputs(batch)

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from the entries' output."""
        if self.transfer is None:
            return self.plain(features, batch)
        of_tasks = {
            name: State(values[[self.tasks.index(task) for task in self.tasks_in(name)]])
            for name, values in self.transfer(features).items()
        }
        return self.heads(of_tasks, batch)

    def strengths(self) -> Mapping[str, float]:
        """That of the penalty."""
        return {"calibration": self.calibration}

    def batch_penalty(
        self, features: Mapping[str, State], raw: Raw, batch: Batch
    ) -> Float[Tensor, ""] | None:
        """How much more probable later steps are than those before them."""
        del features
        excess = [
            (_probability(raw, source, later) - _probability(raw, source, former)).relu().mean()
            for source, former, later, names in self.steps
            if source in batch
            and batch[source].n_rows
            and batch[source].task is None
            and not self.stopped >= names
        ]
        return self.calibration * torch.stack(excess).sum() if excess else None

    def _steps(self) -> list[tuple[str, _Place, _Place, frozenset[str]]]:
        """Sources, the places of two yes/no tasks of which one follows the other, and their names."""
        steps = []
        for source in self.sources:
            place = {
                name: (block.name, position)
                for block in self.blocks
                if block.kind.scores == "event"
                for position, name in enumerate(block.tasks_in(source))
            }
            steps += [
                (source, place[former], place[task.name], frozenset({former, task.name}))
                for task in self.tasks
                for former in task.after
                if former in place and task.name in place
            ]
        return steps


def _probability(raw: Raw, source: str, place: _Place) -> Tensor:
    block, position = place
    return raw[source, block][:, position, 0].sigmoid()
