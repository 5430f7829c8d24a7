"""Network whose nodes choose their parents: all trees of an encoder's stages in one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from polytask._listing import names_by_key
from polytask.architectures import Copies, Heads, Raw, Stages
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State
from polytask.search._structure import Groups
from polytask.search._supernet import Supernet, load_copies
from polytask.tasks import TaskSet

__all__ = ["BranchSupernet"]

_RANGE = 4.0
"""Of logits: a parent has at most e⁴ = 55 times the probability of another."""


class BranchSupernet(Supernet):
    r"""Several copies of every stage, each of which reads from a parent at the stage below.

    .. math:: x_j^{l+1} = \sum_i d_{ij} \, y_i^{l}, \qquad
        d_j = \mathrm{softmax}\big((\log \mathrm{softmax}(\theta_j) + g_j) / \tau\big)

    with the outputs :math:`y_i` of the nodes of stage l, logits :math:`\theta`, Gumbel noise g and the
    temperature :math:`\tau`. Tasks are the children of the last stage.

    Parameters
    ----------
    encoder : Encoder
    schemas : mapping of source name to Schema
    tasks : TaskSet
    n_nodes : int
        Copies of every stage.

    Attributes
    ----------
    policy : nn.ParameterList
        Logits of the parents of the nodes of each stage from the second on, (n_nodes, n_nodes), and
        of the tasks, (n_tasks, n_nodes).
    choices : list of tensor
        The weights of the parents in the next passes, of the shapes of `policy`.
    """

    def __init__(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet, n_nodes: int
    ) -> None:
        super().__init__("LearnedBranching", encoder, schemas, tasks)
        columns = [Stages(encoder, self.inputs) for _ in range(n_nodes)]
        mask = self.inputs.sample(self.inputs.sources[0]).mask
        self.nodes = nn.ModuleList()
        self.shapes = columns[0].shapes
        for depth, shape in enumerate(self.shapes[:-1]):
            values = torch.zeros(2, *shape)
            rows: Any = values if mask is None or len(shape) != 2 else State(values, mask)
            self.nodes.append(Copies([c[depth] for c in columns], rows, apart=depth > 0))
        self.heads = Heads(
            self.blocks, tasks, columns[0].shape, per_task=True, members=self.n_members
        )
        sizes = [n_nodes] * len(self.nodes) + [len(tasks)]
        self.policy = nn.ParameterList(
            nn.Parameter(torch.zeros(children, n_nodes)) for children in sizes[1:]
        )
        self.stage_sizes = [sum(p.numel() for p in stage.parameters()) for stage in columns[0]]
        self.choices = self.draw(1.0, None)

    def logits(self) -> list[Tensor]:
        """Logits of the parents, of nodes stage by stage and then of tasks."""
        return list(self.policy)

    def begin(self) -> None:
        """All nodes start from the first of their stage; each prefers the parent of its own number."""
        n_nodes = self.policy[0].shape[1]
        for copies in self.nodes:
            load_copies(copies)
        with torch.no_grad():
            for logits in self.policy if n_nodes > 1 else ():
                children = torch.arange(len(logits))
                logits[children, children % n_nodes] = math.log(n_nodes - 1)

    def keep_open(self) -> None:
        """Limit logits to a range, so that no choice is settled before the end."""
        with torch.no_grad():
            for logits in self.policy:
                below = logits - logits.max(dim=1, keepdim=True).values
                logits.copy_(below.clamp(min=-_RANGE))

    def features(self, batch: Batch) -> Mapping[str, State]:
        """States of all nodes of the last stage, (n_nodes, n, …)."""
        return {name: self._of_nodes(state) for name, state in self.inputs(batch).items()}

    def _of_nodes(self, state: State) -> State:
        for depth, copies in enumerate(self.nodes):
            if depth:
                state = State(mixed_states(self.choices[depth - 1], state.values), state.mask)
            state = copies(state, apart=depth > 0)
        return state

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from the node that each task reads from."""
        return self.heads(
            {name: self._of_tasks(name, state, batch) for name, state in features.items()}, batch
        )

    def _of_tasks(self, name: str, state: State, batch: Batch) -> State:
        of_tasks, members = self.choices[-1], self.members_in(name)
        if batch[name].task is None:
            chosen = of_tasks if members is None else of_tasks[members]
            return State(mixed_states(chosen, state.values), state.mask)
        own = of_tasks[batch[name].task]  # (n, n_nodes)
        flat = state.values.flatten(2)
        values = torch.einsum("ne,enh->nh", own, flat).view(state.values.shape[1:])
        return State(values, state.mask)

    def cost(self) -> Float[Tensor, ""]:
        r"""Expected parameters of the stages in use, relative to those of all tasks apart.

        A node is in use if a child in use reads from it:
        :math:`a_i = 1 - \prod_j (1 - a_j \pi_{ji})`, with the probabilities :math:`\pi` of parents.
        """
        used = self.policy[-1].new_ones(len(self.tasks))
        total = used.new_zeros(())
        for logits, size in zip(reversed(self.policy), reversed(self.stage_sizes), strict=True):
            reads = used[:, None] * torch.softmax(logits, dim=1)
            used = 1 - torch.prod(1 - reads, dim=0)
            total = total + size * used.sum()
        return total / max(sum(self.stage_sizes) * len(self.tasks), 1)

    def structure(self) -> Groups:
        """Groups of tasks per stage by the likeliest parents."""
        names = self.tasks.names
        parents = [logits.argmax(dim=1).tolist() for logits in self.policy]
        places = parents[-1]
        stages = [_gathered(names, places)]
        for below in reversed(parents[:-1]):
            places = [below[node] for node in places]
            stages.append(_gathered(names, places))
        return tuple(reversed(stages))


def mixed_states(
    weights: Float[Tensor, "children parents"], values: Float[Tensor, "parents n *h"]
) -> Float[Tensor, "children n *h"]:
    """Sums of the values of the parents, with the weights of each child."""
    return (weights @ values.flatten(1)).view(len(weights), *values.shape[1:])


def _gathered(names: Sequence[str], places: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """Names at equal places together, in the order of their first."""
    return tuple(map(tuple, names_by_key(zip(names, places, strict=True)).values()))
