"""An extraction level of PLE: experts of each task and shared ones, mixed by gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from polytask.architectures._inputs import Inputs
from polytask.architectures._mixture import Mixture, mixed, mixed_with_own
from polytask.architectures._owners import Owned, Owner, owned_by
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._towers import Towers
from polytask.encoders import Encoder, State, mean_pool
from polytask.encoders._pooling import pooled_width

__all__ = ["ExtractionLevel"]


class ExtractionLevel(Owner):
    """A level below the last: mixed features of every task, and shared ones of all experts.

    Experts of all tasks and shared experts run as one.

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

    lineage: Tensor

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
        n_own = len(tasks) * n_specific
        self.tasks, self.feeds_all = tuple(tasks), feeds_all
        self.n_own, self.n_specific, self.apart = n_own, n_specific, start > 0
        self.experts = Towers(
            encoder, inputs, n_own + n_shared, start=start, stop=stop, apart=self.apart
        )
        width = pooled_width(self.experts.shapes[start])
        self.mixture = Mixture(width, n_specific + n_shared, tasks)
        self.shared_mixture = Mixture(width, n_own + n_shared)
        lineage = [p // n_specific for p in range(n_own)] + [len(tasks)] * n_shared
        self.register_buffer("lineage", torch.tensor(lineage), persistent=False)

    def forward(self, states: Mapping[str, State]) -> dict[str, State]:
        """Features (n_tasks + 1, n, …) of every source, the shared ones last.

        Parameters
        ----------
        states : mapping of source name to State
            Values (n, …) as entered, or (n_tasks + 1, n, …) from the level below.
        """
        before = {name: self._of_experts(state) for name, state in states.items()}
        after = self.experts(before)
        return {name: self._mixed(state, after[name]) for name, state in states.items()}

    def _of_experts(self, state: State) -> State:
        return State(state.values[self.lineage], state.mask) if self.apart else state

    def _mixed(self, state: State, experts: State) -> State:
        rows = pooled_copies(state) if self.apart else mean_pool(state)
        of_tasks, of_shared = (rows[:-1], rows[-1]) if self.apart else (rows, rows)
        values = experts.values
        own = values[: self.n_own].view(len(self.tasks), self.n_specific, *values.shape[1:])
        gates = self.mixture.gates(of_tasks)
        tasks = mixed_with_own(gates, own, values[self.n_own :])
        shared = mixed(self.shared_mixture.gates(of_shared), values)
        return State(torch.cat([tasks, shared[None]]), experts.mask)

    def owners(self) -> Sequence[Owned]:
        """Gates serve all tasks where their mixtures do; else each the task that it belongs to."""
        return owned_by(self.mixture, self.tasks) if self.feeds_all else []
