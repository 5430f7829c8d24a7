"""An extraction level of PLE: experts of each task and shared ones, mixed by gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from polytask.architectures._inputs import Inputs
from polytask.architectures._mixture import Mixture, mixed, mixed_with_own
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._towers import Towers
from polytask.encoders import Encoder, State, mean_pool
from polytask.encoders._pooling import pooled_width

__all__ = ["Extracted", "ExtractionLevel", "repeated"]


class Extracted(NamedTuple):
    """What a level takes and gives, by source.

    Attributes
    ----------
    tasks : mapping of source name to State
        What the experts of each task go on from, (n_tasks, n, …); as entered at the first level.
    shared : mapping of source name to State
        What shared experts go on from, (n, …).
    """

    tasks: Mapping[str, State]
    shared: Mapping[str, State]


class ExtractionLevel(Owner):
    """A level below the last: mixed features of every task, and shared ones of all experts.

    Parameters
    ----------
    encoder : Encoder
    inputs : Inputs
    tasks : sequence of str
    n_shared, n_specific : int
        Experts that all tasks share, and of each task.
    start, stop : int
        The first of the encoder's stages that an expert has, and the one after the last.
    feeds_all : bool
        Whether mixed features of a task reach the others, by a shared gate further up.
    """

    def __init__(
        self,
        encoder: Encoder,
        inputs: Inputs,
        tasks: Sequence[str],
        n_shared: int,
        n_specific: int,
        start: int,
        stop: int,
        *,
        feeds_all: bool,
    ) -> None:
        super().__init__()
        self.tasks, self.feeds_all = tuple(tasks), feeds_all
        self.n_own, self.n_specific, self.apart = len(tasks) * n_specific, n_specific, start > 0
        self.own = Towers(encoder, inputs, self.n_own, start=start, stop=stop, apart=self.apart)
        self.shared = Towers(encoder, inputs, n_shared, start=start, stop=stop)
        width = pooled_width(self.own.shapes[start])
        self.mixture = Mixture(width, n_specific + n_shared, tasks)
        self.shared_mixture = Mixture(width, self.n_own + n_shared)

    def forward(self, below: Extracted) -> Extracted:
        """Features of every source: of each task, and of all."""
        own = self.own({name: self._of_experts(state) for name, state in below.tasks.items()})
        shared, mask = self.shared(below.shared), {name: s.mask for name, s in own.items()}
        values = {name: (own[name].values, shared[name].values) for name in own}
        tasks = {n: self._of_tasks(below.tasks[n], *experts) for n, experts in values.items()}
        of_all = {n: self._of_all(below.shared[n], *experts) for n, experts in values.items()}
        return Extracted(
            {name: State(features, mask[name]) for name, features in tasks.items()},
            {name: State(features, mask[name]) for name, features in of_all.items()},
        )

    def _of_experts(self, state: State) -> State:
        return repeated(state, self.n_specific) if self.apart else state

    def _of_tasks(self, state: State, own: Tensor, shared: Tensor) -> Tensor:
        """Mixed features of every task."""
        gates = self.mixture.gates(pooled_copies(state) if self.apart else mean_pool(state))
        return mixed_with_own(
            gates, own.view(len(self.tasks), self.n_specific, *own.shape[1:]), shared
        )

    def _of_all(self, state: State, own: Tensor, shared: Tensor) -> Tensor:
        """Mixed features of all experts."""
        gates = self.shared_mixture.gates(mean_pool(state))
        return mixed(gates[:, : self.n_own], own) + mixed(gates[:, self.n_own :], shared)

    def owners(self) -> Sequence[Owned]:
        """Gates serve all tasks where their mixtures do; else each the task that it belongs to."""
        return owned_by(self.mixture, self.tasks) if self.feeds_all else []


def repeated(state: State, n_specific: int) -> State:
    """What the experts of every task go on from, of (n_tasks, n, …): (n_tasks * n_specific, n, …)."""
    values, mask = state
    return state if n_specific == 1 else State(values.repeat_interleave(n_specific, 0), mask)
