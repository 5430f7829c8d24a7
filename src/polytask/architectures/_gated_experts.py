"""The network of architectures whose tasks mix the same experts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._heads import Heads
from polytask.architectures._mixture import Mixture, mixed
from polytask.architectures._multi_task_module import Raw
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._smooth_step_mixture import SmoothStepMixture
from polytask.architectures._task_layers import TaskLayers
from polytask.architectures._towers import Towers
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.tasks import TaskSet

__all__ = ["GatedExpertsNetwork"]


class GatedExpertsNetwork(EncoderNetwork):
    """Copies of an encoder's stages that all tasks share, mixed by gates on the entered rows.

    Sequences and maps are mean-pooled before the gates, and after the experts. Where tasks label
    steps, all steps of a row have its gates, and stay; `tower_widths` must be () then.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    owner : str
        The recipe's name, for errors.
    n_experts : int
    tower_widths : tuple of int
    mixture : callable
        Makes the gates from the width of a row.
    """

    def __init__(
        self,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
        *,
        owner: str,
        n_experts: int,
        tower_widths: tuple[int, ...],
        mixture: Callable[[int], Mixture | SmoothStepMixture],
    ) -> None:
        super().__init__(owner, encoder, schemas, tasks)
        self.experts = Towers(encoder, self.inputs, n_experts)
        self.mixture = mixture(pooled_width(self.inputs.shape))
        width = pooled_width(self.experts.shape)
        self.members_of = {source: self.members_in(source) for source in self.sources}
        self.towers = TaskLayers(width, tower_widths, tasks.names, self.members_of)
        per_task = bool(self.mixture.tasks or tower_widths)
        self.keeps_places = not tower_widths and any(block.has_places for block in self.blocks)
        shape = self.experts.shape if self.keeps_places else self.towers.shape
        self.heads = Heads(self.blocks, tasks, shape, per_task=per_task, members=self.n_members)
        self.mixes_scores = (
            bool(self.mixture.tasks) and not tower_widths and self.heads.mix_cheaply(n_experts)
        )

    def forward(self, batch: Batch) -> Raw:
        """Raw scores, without `features` where heads follow the mixtures and may come before."""
        own_rows = any(rows.task is not None for rows in batch.values())
        if own_rows or not self.mixes_scores:
            return super().forward(batch)
        states = self.inputs(batch)
        experts, gates = self.experts(states), self._gates(states, batch)
        raw: Raw = {}
        for source, state in experts.items():
            raw |= self.heads.of_mixed(source, gates[source], None, pooled_copies(state))
        return raw

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Mixed features of every source's tasks, after their towers."""
        states = self.inputs(batch)
        experts, gates = self.experts(states), self._gates(states, batch)
        if self.keeps_places:
            return {
                source: State(mixed(gates[source], state.values), state.mask)
                for source, state in experts.items()
            }
        return {
            source: State(
                self.towers(mixed(gates[source], pooled_copies(state)), source, batch[source].task)
            )
            for source, state in experts.items()
        }

    def gate_weights(self, batch: Batch) -> Mapping[str, Tensor]:
        """Weights of the experts for every source's rows, by task."""
        gates = self._gates(self.inputs(batch), batch)
        if self.mixture.tasks:
            return gates
        return {
            source: weights
            if batch[source].task is not None
            else weights.expand(len(self.tasks_in(source)), *weights.shape)
            for source, weights in gates.items()
        }

    def _gates(self, states: Mapping[str, State], batch: Batch) -> dict[str, Tensor]:
        return {
            source: self.mixture.gates(
                mean_pool(state), self.members_of[source], batch[source].task
            )
            for source, state in states.items()
        }
