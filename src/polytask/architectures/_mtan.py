"""A shared network, and attention of every task on each of its stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._heads import Heads
from polytask.architectures._multi_task_module import MultiTaskModule
from polytask.architectures._row_groups import group_rows
from polytask.architectures._stage_attention import StageAttention
from polytask.architectures._stages import Stages, advance_all
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.tasks import TaskSet

__all__ = ["MTAN"]


@dataclass(frozen=True)
class MTAN(EncoderArchitecture):
    r"""A shared network; every task selects from each stage's features by a mask of its own.

    .. math:: \hat a_k^l = g_k^l\big([p^l; f_k^l(\hat a_k^{l-1})]\big) \odot p^l

    with the shared features :math:`p^l` after stage l, masks :math:`g_k^l` in (0, 1) from two
    linear layers, and a layer :math:`f_k^l` that brings what the task selected before to the
    stage; the first mask sees :math:`p^1` alone. Heads read the last :math:`\hat a_k`. Multi-task
    attention network.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        Its stages are shared, and each has a mask per task.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.

    Notes
    -----
    Linear layers act at every place of maps and sequences, and :math:`f` is a 3 × 3 convolution
    between maps, whose places are averaged where the next map has fewer. Features of another
    form, such as those of a vector after a map, follow from the mean over places.

    Deviations: a stage is one module, so that the mask is computed from its output, where the
    paper and LibMTL's version take features from inside the block; there is no batch
    normalisation in masks and in :math:`f`; pooling comes before :math:`f`, and averages.

    References
    ----------
    Liu et al., "End-to-end multi-task learning with attention", CVPR 2019.

    Examples
    --------
    >>> from polytask.architectures import MTAN
    >>> from polytask.encoders import MLP
    >>> MTAN(MLP((64, 64))).encoder.widths
    (64, 64)
    """

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the shared stages and the tasks' attention."""
        return MTANNetwork(encoder, schemas, tasks)


class MTANNetwork(EncoderNetwork):
    """The module of `MTAN`."""

    def __init__(self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet) -> None:
        super().__init__("MTAN", encoder, schemas, tasks)
        self.trunk = Stages(encoder, self.inputs)
        before = [None, *self.trunk.shapes[1:-1]]
        self.attention = nn.ModuleList(
            StageAttention(shape, last, tasks.names)
            for shape, last in zip(self.trunk.shapes[1:], before, strict=False)
        )
        self.members_of = {source: self.members_in(source) for source in self.sources}
        self.heads = Heads(
            self.blocks, tasks, self.trunk.shape, per_task=True, members=self.n_members
        )

    def features(self, batch: Batch) -> Mapping[str, State]:
        """What every source's tasks have selected, or each row's task where it has one."""
        states: Mapping[str, State] = self.inputs(batch)
        shared: dict[str, list[State]] = {name: [] for name in states}
        for stage in self.trunk:
            states = advance_all(stage, states)
            for name, state in states.items():
                shared[name].append(state)
        return {
            name: self._selected(name, stages or [states[name]], batch[name].task)
            for name, stages in shared.items()
        }

    def _selected(self, source: str, shared: list[State], task: Tensor | None) -> State:
        """Features of the source's tasks after all stages of the shared network."""
        members, mask = self.members_of[source], shared[-1].mask
        if task is None:
            n = len(self.tasks_in(source))
            own = [_mapped(state, lambda t: t.expand(n, *t.shape)) for state in shared]
            return State(self._attended(own, None, members), mask)
        groups = group_rows(task, len(self.tasks))
        own = [_mapped(state, groups.gather) for state in shared]
        return State(groups.scatter(self._attended(own, groups.sizes, None)), mask)

    def _attended(
        self, shared: list[State], sizes: list[int] | None, members: list[int] | None
    ) -> Tensor:
        """What the tasks have selected from stages of values (n_tasks, n, …)."""
        selected = None
        for attention, state in zip(self.attention, shared, strict=False):
            selected = State(attention(state.values, selected, sizes, members), state.mask)
        return shared[-1].values if selected is None else selected.values


def _mapped(state: State, function: Callable[[Tensor], Tensor]) -> State:
    return State(function(state.values), None if state.mask is None else function(state.mask))
