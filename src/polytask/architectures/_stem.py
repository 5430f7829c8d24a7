"""Entries and experts shared and of each task, in gates that see all and teach their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from polytask._validation import Constraint
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._expert_settings import OWN_EXPERT_CONSTRAINTS, own_expert_ranges
from polytask.architectures._heads import Heads
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._stem_level import StemLevel
from polytask.architectures._task_layers import TaskLayers
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._pooling import pooled_width
from polytask.ranges import Choices, SearchRange
from polytask.tasks import TaskSet

__all__ = ["STEM"]


@dataclass(frozen=True)
class STEM(EncoderArchitecture):
    r"""Shared and task-specific embeddings and experts; a task's gate sees all experts.

    .. math:: s_k = V_k t_k\Big(\sum_{e \in E_k \cup E_s} g_{ke} f_e
              + \sum_{e \in E_j,\, j \neq k} g_{ke} \, \mathrm{sg}(f_e)\Big) + b_k, \quad
              g_k = \mathrm{softmax}(W_k (x_k + x_s))

    with the entry :math:`x_j` of task j (its embedded categories), which its experts :math:`E_j`
    read, and the shared entry :math:`x_s` and experts :math:`E_s`. The stop-gradient sg lets a
    task use the experts of the others and learn its own and the shared ones alone.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are those of one expert; every task has an entry of its own beside the shared.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    n_shared : int, default 1
        Shared experts.
    n_specific : int, default 1
        Experts of each task.
    tower_widths : tuple of int, default ()
        Fully connected layers with ReLU, of each task, between the mixture and its head.

    Notes
    -----
    Every row runs through the experts of all tasks of its source, also where it has one task, so
    that a step costs more the more tasks there are. A source that does not carry all tasks has no
    entries of the others, and their experts weigh 0 there. Gates read entered rows; sequences and
    maps are mean-pooled for them, and their steps stay where tasks label them. `polytask.observers.GateUsage` records their weights: experts
    of every task in order, then shared ones.

    Deviations: one level of experts; gates are linear without bias, where the authors' have
    hidden layers; numbers enter as the encoder has them, where the authors embed them too.

    References
    ----------
    Su, Pan, Wang, Xiao, Quan, Chen & Jiang, "STEM: unleashing the power of embeddings for
    multi-task recommendation", AAAI 2024.

    Examples
    --------
    >>> from polytask.architectures import STEM
    >>> STEM(n_specific=2).shares
    True
    """

    n_shared: int = 1
    n_specific: int = 1
    tower_widths: tuple[int, ...] = ()

    search_ranges: ClassVar[Mapping[str, SearchRange]] = own_expert_ranges(Choices((1, 2, 4), 1))
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = OWN_EXPERT_CONSTRAINTS

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build entries, experts, gates, towers and heads."""
        return STEMNetwork(self, encoder, schemas, tasks)


class STEMNetwork(MultiTaskModule):
    """The module of `STEM`."""

    def __init__(
        self, recipe: STEM, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> None:
        super().__init__(schemas, tasks)
        self.rows_apart, self.n_members = encoder.rows_apart, encoder.members
        keeps_steps = not recipe.tower_widths and any(block.has_places for block in self.blocks)
        experts = recipe.n_shared, recipe.n_specific
        self.level = StemLevel(encoder, schemas, tasks, *experts, keeps_steps=keeps_steps)
        members_of = {source: self.members_in(source) for source in self.sources}
        width = pooled_width(self.level.shape)
        self.towers = TaskLayers(width, recipe.tower_widths, tasks.names, members_of)
        shape = self.level.shape if keeps_steps else self.towers.shape
        self.heads = Heads(self.blocks, tasks, shape, per_task=True, members=self.n_members)

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Mixed features of every source's tasks, after their towers."""
        return {
            source: State(self.towers(state.values, source, batch[source].task), state.mask)
            for source, state in self.level(batch).items()
        }

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from the mixed features."""
        return self.heads(features, batch)

    def gate_weights(self, batch: Batch) -> Mapping[str, Tensor]:
        """Weights of the experts of every task in order, then of shared ones."""
        return self.level.gates(batch)
