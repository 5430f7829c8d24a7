"""Scores of the whole space from those that hold given the tasks before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from polytask.architectures._joint_logit import CERTAIN, any_logit, joint_logit, mixed_logit
from polytask.architectures._multi_task_module import Raw
from polytask.data import Batch, Block
from polytask.tasks import TaskSet

__all__ = ["CascadeLinks"]


class CascadeLinks(nn.Module):
    """Composes scores given the tasks before to scores of the whole space, without parameters.

    Parameters
    ----------
    blocks : sequence of Block
    tasks : TaskSet
    feeding : sequence of str
        The binary tasks that feed others.
    needed : mapping of str to sequence of str
        Those that must all happen for a task.
    routes : mapping of str to sequence of sequence of str
        For a mediated task the further events of which one or more may happen; each means that
        some tasks all happen.
    """

    needed: Tensor
    routes: Tensor
    mediated: Tensor
    feeds: Tensor
    place: Tensor

    def __init__(
        self,
        blocks: Sequence[Block],
        tasks: TaskSet,
        feeding: Sequence[str],
        needed: Mapping[str, Sequence[str]],
        routes: Mapping[str, Sequence[Sequence[str]]],
    ) -> None:
        super().__init__()
        self.blocks, self.names, self.mediated_names = tuple(blocks), tasks.names, frozenset(routes)
        self.feeding, self.dependent = tuple(feeding), {n for n in tasks.names if needed[n]}
        code = {name: place for place, name in enumerate(feeding)}
        certain, never = len(code), len(code) + 1  # columns behind those of the tasks
        needs = [[code[n] for n in needed[task]] for task in tasks.names]
        paths = [[[code[n] for n in path] for path in routes.get(t, ())] for t in tasks.names]
        n_paths = max(map(len, paths))
        n_steps = max((len(path) for of_task in paths for path in of_task), default=1)
        indices: dict[str, list[Any]] = {
            "needed": [_filled(codes, max(map(len, needs)), certain) for codes in needs],
            "routes": [
                [_filled(path, n_steps, certain) for path in _filled(of_task, n_paths, [never])]
                for of_task in paths
            ],
            "mediated": [name in routes for name in tasks.names],
            "feeds": [name in code for name in tasks.names],
            "place": [code.get(name, 0) for name in tasks.names],
        }
        for name, index in indices.items():
            self.register_buffer(name, torch.tensor(index), persistent=False)
        for position, block in enumerate(self.blocks):
            origins = _origins(block)[block.positions(tasks.names)]
            self.register_buffer(f"origins_{position}", origins, persistent=False)

    def forward(self, logits: Mapping[str, Tensor], raw: Raw, otherwise: Raw, batch: Batch) -> Raw:
        """Scores of the whole space.

        Parameters
        ----------
        logits : mapping of source name to tensor of shape (n, n_feeding)
            Of the feeding tasks, each given that all before it happened.
        raw, otherwise : Raw
            Scores of the other tasks, and of mediated ones where none of their events happened.
        batch : Batch
        """
        composed: Raw = {}
        for position, block in enumerate(self.blocks):
            for source in (name for name in block.sources if name in logits):
                key, names, task = (source, block.name), block.tasks_in(source), batch[source].task
                ends, of_rest = raw.get(key), otherwise.get(key)
                if task is None:
                    ends = _spread(ends, names, [n for n in names if n not in self.feeding])
                    of_rest = _spread(of_rest, names, self.mediated_names)
                    indices = [self.names.index(name) for name in names]
                    tasks = self.place.new_tensor(indices).expand(len(logits[source]), -1)
                    composed[key] = self._of(position, names, logits[source], ends, of_rest, tasks)
                else:  # as a table in which each row has one task
                    ends = None if ends is None else ends.unsqueeze(1)
                    of_rest = None if of_rest is None else of_rest.unsqueeze(1)
                    own = task.unsqueeze(1)
                    scores = self._of(position, names, logits[source], ends, of_rest, own)
                    composed[key] = scores.squeeze(1)
        return composed

    def _of(
        self,
        position: int,
        names: Collection[str],
        logits: Float[Tensor, "n n_feeding"],
        ends: Float[Tensor, "n m size"] | None,
        otherwise: Float[Tensor, "n m size"] | None,
        tasks: Int[Tensor, "n m"],
    ) -> Float[Tensor, "n m size"]:
        """Scores of a block in one source, for the tasks of each row by their positions."""
        wide = nn.functional.pad(logits, (0, 1), value=CERTAIN)
        wide = nn.functional.pad(wide, (0, 1), value=-CERTAIN)
        given = _picked(wide, self.place[tasks]).unsqueeze(-1)
        if ends is not None:
            given = torch.where(self.feeds[tasks].unsqueeze(-1), given, ends)
        numbers = self.blocks[position].kind.scores == "means"
        if otherwise is not None and not self.mediated_names.isdisjoint(names):
            weight = any_logit(joint_logit(_picked(wide, self.routes[tasks]))).unsqueeze(-1)
            if numbers:
                mixed = otherwise + weight.sigmoid() * (given - otherwise)
            else:
                mixed = mixed_logit(weight.expand_as(given), given, otherwise)
            given = torch.where(self.mediated[tasks].unsqueeze(-1), mixed, given)
        if self.dependent.isdisjoint(names):
            return given
        before = joint_logit(_picked(wide, self.needed[tasks])).unsqueeze(-1)
        if numbers:
            origins = self.get_buffer(f"origins_{position}")[tasks]
            return origins + before.sigmoid() * (given - origins)
        return joint_logit(torch.stack([given, before.expand_as(given)], dim=-1))


def _picked(logits: Tensor, index: Tensor) -> Tensor:
    """The logits (n, …) at indices of every row, (n, …)."""
    return logits.gather(1, index.flatten(1)).view(index.shape)


def _spread(
    scores: Tensor | None, names: Sequence[str], kept: Collection[str]
) -> Float[Tensor, "n m size"] | None:
    """Scores (n, n_kept, size) of some tasks at their places among all names, zeros elsewhere."""
    places = [place for place, name in enumerate(names) if name in kept]
    if scores is None or len(places) == len(names):
        return scores
    wide = scores.new_zeros(len(scores), len(names), scores.shape[-1])
    return wide.index_copy(1, torch.tensor(places, device=scores.device), scores)


def _origins(block: Block) -> Tensor:
    """Where zero in the user's units lies in raw scores, (n_tasks, size); 0 for log-odds."""
    kind = block.kind
    if kind.scores != "means":
        return torch.zeros(len(block.tasks), 1)
    zeros = np.zeros((1, *block.score_shape), dtype=np.float32)
    origins = [
        (-kind.response(zeros, target).reshape(-1) / np.array(kind.units(target))).tolist()
        for target in block.targets
    ]
    return torch.tensor(origins)


def _filled(items: Sequence[Any], length: int, filling: Any) -> list[Any]:
    return [*items, *[filling] * (length - len(items))]
