"""Progressive layered extraction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from polytask._validation import Constraint
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._expert_settings import OWN_EXPERT_CONSTRAINTS, own_expert_ranges
from polytask.architectures._extraction_level import Extracted, ExtractionLevel
from polytask.architectures._heads import Heads
from polytask.architectures._last_level import LastLevel
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._stages import Stages
from polytask.architectures._task_layers import TaskLayers
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.encoders._pooling import pooled_width
from polytask.encoders._sizes import COUNT
from polytask.ranges import Choices, SearchRange
from polytask.tasks import TaskSet

__all__ = ["PLE", "PLENetwork"]


@dataclass(frozen=True)
class PLE(EncoderArchitecture):
    r"""Levels of experts, some shared and some of each task, mixed by gates between the levels.

    .. math::
        x_k^{j} &= \sum_e \mathrm{softmax}(W_k^j x_k^{j-1})_e \, f_e^j, \quad e \in E_k^j \cup E_s^j \\
        x_s^{j} &= \sum_e \mathrm{softmax}(W_s^j x_s^{j-1})_e \, f_e^j, \quad
        e \in E_1^j \cup \dots \cup E_K^j \cup E_s^j

    Experts of task k at level j, :math:`E_k^j`, go on from :math:`x_k^{j-1}`, shared ones,
    :math:`E_s^j`, from :math:`x_s^{j-1}`. The last level has no :math:`x_s`; heads follow, after
    towers where there are any.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are divided among the levels in their order, as evenly as can be, the lower
        levels having the more; its entry is common to all.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    n_levels : int, default 2
        At most; an encoder of fewer stages has as many levels as stages, and at least one.
    n_shared : int, default 2
        Shared experts at every level.
    n_specific : int, default 1
        Experts of each task at every level.
    tower_widths : tuple of int, default ()
        Fully connected layers with ReLU, of each task, between the mixture and its head.

    Notes
    -----
    Gates read entered rows at the first level and mixed features above; sequences and maps are
    mean-pooled for them, and their steps stay where tasks label them. Gates have no bias. Where each row has one task, the last level's own
    experts see only rows of their task; the levels below need all of them for the shared gates.
    `polytask.observers.GateUsage` records the weights of the last level's gates.

    Deviations: levels of one encoder stand in for the paper's networks of one or more layers.

    References
    ----------
    Tang, Liu, Zhao & Gong, "Progressive layered extraction (PLE): a novel multi-task learning
    (MTL) model for personalized recommendations", RecSys 2020.

    Examples
    --------
    >>> from polytask.architectures import PLE
    >>> from polytask.encoders import MLP
    >>> PLE(MLP((64, 64, 32)), n_levels=3).single_task().encoder.widths
    (64, 64, 32)
    """

    n_levels: int = 2
    n_shared: int = 2
    n_specific: int = 1
    tower_widths: tuple[int, ...] = ()

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **own_expert_ranges(Choices((1, 2, 4, 8), 2)),
        "n_levels": Choices((1, 2, 3), 2),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **OWN_EXPERT_CONSTRAINTS,
        "n_levels": COUNT,
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the levels, towers and heads."""
        experts = (self.n_levels, self.n_shared, self.n_specific)
        return PLENetwork("PLE", encoder, schemas, tasks, experts, self.tower_widths)


class PLENetwork(EncoderNetwork):
    """The module of `PLE` and `CGC`.

    Parameters
    ----------
    owner : str
        The recipe's name, for errors.
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    experts : tuple of int
        Levels at most, shared experts at each and experts of each task at each.
    tower_widths : tuple of int
    """

    def __init__(
        self,
        owner: str,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        experts: tuple[int, int, int],
        tower_widths: tuple[int, ...],
    ) -> None:
        super().__init__(owner, encoder, schemas, tasks)
        n_levels, n_shared, n_specific = experts
        self.n_own_experts = n_specific
        bounds = _bounds(len(Stages(encoder, self.inputs)), n_levels)
        below = list(pairwise(bounds[:-1]))
        arguments = encoder, self.inputs, tasks.names, n_shared, n_specific
        self.levels = nn.ModuleList(
            ExtractionLevel(*arguments, start, stop, feeds_all=(start, stop) != below[-1])
            for start, stop in below
        )
        members_of = {source: self.members_in(source) for source in self.sources}
        keeps_steps = not tower_widths and any(block.has_places for block in self.blocks)
        self.last = LastLevel(*arguments, bounds[-2], members_of, keeps_steps=keeps_steps)
        self.towers = TaskLayers(
            pooled_width(self.last.shape), tower_widths, tasks.names, members_of
        )
        shape = self.last.shape if keeps_steps else self.towers.shape
        self.heads = Heads(self.blocks, tasks, shape, per_task=True, members=self.n_members)
        self.mixes_scores = not tower_widths and self.heads.mix_cheaply(n_shared + n_specific)

    def forward(self, batch: Batch) -> Raw:
        """Raw scores, without `features` where heads follow the mixtures and may come before."""
        task_of = _task_of(batch)
        if not self.mixes_scores or any(task is not None for task in task_of.values()):
            return super().forward(batch)
        raw: Raw = {}
        for source, (gates, own, shared) in self.last.experts(self._below(batch), task_of).items():
            raw |= self.heads.of_mixed(source, gates, own, shared)
        return raw

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Mixed features of every source's tasks, after their towers."""
        task_of = _task_of(batch)
        features = self.last(self._below(batch), task_of)
        return {
            name: State(self.towers(state.values, name, task_of[name]), state.mask)
            for name, state in features.items()
        }

    def gate_weights(self, batch: Batch) -> Mapping[str, Tensor]:
        """Weights of the last level's experts by task, the task's own first, then shared ones."""
        return self.last.gates(self._below(batch), _task_of(batch))

    def _below(self, batch: Batch) -> Extracted:
        """What enters the last level."""
        entered: Mapping[str, State] = self.inputs(batch)
        states = Extracted(entered, entered)
        for level in self.levels:
            states = level(states)
        return states


def _task_of(batch: Batch) -> dict[str, Tensor | None]:
    return {name: rows.task for name, rows in batch.items()}


def _bounds(n_stages: int, n_levels: int) -> list[int]:
    """The first stage of every level, and the one after the last.

    Examples
    --------
    >>> from polytask.architectures._ple import _bounds
    >>> _bounds(5, 2), _bounds(1, 3), _bounds(0, 2)
    ([0, 3, 5], [0, 1], [0, 0])
    """
    n_levels = min(n_levels, max(n_stages, 1))
    return [-(-n_stages * level // n_levels) for level in range(n_levels + 1)]
