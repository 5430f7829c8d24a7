"""A shared encoder beside a private one per task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from polytask._validation import Constraint, Interval
from polytask.architectures._encoder_architecture import EncoderArchitecture
from polytask.architectures._encoder_network import EncoderNetwork
from polytask.architectures._heads import Heads
from polytask.architectures._multi_task_module import MultiTaskModule, Raw
from polytask.architectures._pooled_copies import pooled_copies
from polytask.architectures._row_groups import group_rows
from polytask.architectures._stages import Stages
from polytask.architectures._task_discriminator import TaskDiscriminator
from polytask.architectures._towers import Towers
from polytask.data import Batch, Schema
from polytask.encoders import Encoder, State, mean_pool
from polytask.encoders._pooling import pooled_width
from polytask.ranges import Range, SearchRange
from polytask.tasks import TaskSet

__all__ = ["SharedPrivate"]


@dataclass(frozen=True)
class SharedPrivate(EncoderArchitecture):
    r"""A shared encoder, a private encoder per task, and heads on the features of both.

    .. math:: s_k = V_k [f(x), g_k(x)] + b_k

    with the shared encoder f and task k's private encoder :math:`g_k`. Two penalties keep what
    they learn apart:

    .. math:: \gamma \sum_k \|\tfrac{1}{n_k} S_k^\top P_k\|_F^2
              + \lambda \max_f \min_D \sum_k
              \operatorname{mean}_{x \mathrm{\ of\ } k} \mathrm{CE}(D(f(x)), k)

    with the features :math:`S_k` and :math:`P_k` of f and :math:`g_k` for the :math:`n_k` rows of
    task k in the batch, of all its sources, and a linear discriminator D trained by the same
    optimiser, whose gradient is reversed where it enters f. Tasks that have stopped early take no
    part.

    Parameters
    ----------
    encoder : Encoder or callable, default MLP()
        The shared encoder and each private one.
    initializer : str, optional
        How weight matrices are drawn; PyTorch's own way when None.
    orthogonality : float in [0, inf), default 0.01
        Strength γ of the difference loss.
    adversarial : float in [0, inf), default 0.05
        Strength λ of the discrimination of tasks. The paper's, at which it takes effect once the
        tasks' own losses are low, after some hundred steps. Where each row has one task, the
        classes of D are the tasks; where there are several sources, they are the sources. In one
        table whose rows all tasks share there is a single class, and the penalty is left out.

    Notes
    -----
    Deviations: the difference loss is of the mean over rows, not the sum, so that its strength
    does not depend on the size of a batch. The discriminator's weights are scaled by 30, so that it
    keeps up with the encoder; at equal speed, features go on carrying the task, whatever λ. Entries
    (embedded categories) are shared. Sequences and maps are mean-pooled before features are joined;
    where tasks label steps, those of each step are joined, and the penalties are of their means.

    References
    ----------
    Liu, Qiu and Huang, "Adversarial multi-task learning for text classification", ACL 2017.
    Bousmalis et al., "Domain separation networks", NeurIPS 2016.

    Examples
    --------
    >>> from polytask.architectures import SharedPrivate
    >>> from polytask.encoders import MLP
    >>> SharedPrivate(MLP((64,)), adversarial=0.0).orthogonality
    0.01
    """

    orthogonality: float = 0.01
    adversarial: float = 0.05

    search_ranges: ClassVar[Mapping[str, SearchRange]] = {
        **EncoderArchitecture.search_ranges,
        "orthogonality": Range(1e-4, 1.0, log=True, default=0.01),
        "adversarial": Range(1e-3, 1.0, log=True, default=0.05),
    }
    parameter_constraints: ClassVar[Mapping[str, Constraint]] = {
        **EncoderArchitecture.parameter_constraints,
        "orthogonality": Interval(float, 0.0),
        "adversarial": Interval(float, 0.0),
    }

    def network(
        self, encoder: Encoder, schemas: Mapping[str, Schema], tasks: TaskSet
    ) -> MultiTaskModule:
        """Build the encoders, the discriminator and the heads."""
        return SharedPrivateNetwork(self, encoder, schemas, tasks)


class SharedPrivateNetwork(EncoderNetwork):
    """The module of `SharedPrivate`; features are joined, the shared ones first."""

    def __init__(
        self,
        recipe: SharedPrivate,
        encoder: Encoder,
        schemas: Mapping[str, Schema],
        tasks: TaskSet,
    ) -> None:
        super().__init__("SharedPrivate", encoder, schemas, tasks)
        self.orthogonality, self.adversarial = recipe.orthogonality, recipe.adversarial
        self.shared = Stages(encoder, self.inputs)
        self.private = Towers(encoder, self.inputs, len(tasks), tasks=tasks.names)
        self.width = pooled_width(self.shared.shape)
        self.keeps_steps = any(block.has_steps for block in self.blocks)
        shape = self.shared.shape[:-1] if self.keeps_steps else ()
        self.heads = Heads(
            self.blocks, tasks, (*shape, 2 * self.width), per_task=True, members=self.n_members
        )
        discriminator = TaskDiscriminator(self.width, schemas, tasks)
        discriminates = bool(self.adversarial) and len(discriminator.classes) > 1
        self.discriminator = discriminator if discriminates else None

    def features(self, batch: Batch) -> Mapping[str, State]:
        """Shared and private features, (n_tasks, n, 2h), or (n, 2h) where each row has one task.

        Where tasks label steps, those of all steps.
        """
        states = self.inputs(batch)
        shared, private = self.shared(states), self.private(states, batch)
        joins = _joined_steps if self.keeps_steps else _joined
        return {
            name: joins(shared[name], private[name], own=batch[name].task is not None)
            for name in states
        }

    def strengths(self) -> Mapping[str, float]:
        """Those of both penalties."""
        return {"orthogonality": self.orthogonality, "adversarial": self.adversarial}

    def batch_penalty(self, features: Mapping[str, State], raw: Raw, batch: Batch) -> Tensor | None:
        """The difference loss and the discriminator's, by their strengths."""
        del raw
        if self.keeps_steps:
            features = {n: _pooled(s, batch[n].task) for n, s in features.items()}
        terms = []
        if self.orthogonality:
            terms.append(self.orthogonality * self._overlap(features, batch))
        if self.discriminator is not None:
            rows = {n: s.values[..., : self.width] for n, s in features.items()}
            vectors = {n: values if values.ndim == 2 else values[0] for n, values in rows.items()}
            terms.append(self.adversarial * self.discriminator(vectors, batch, self.stopped))
        return torch.stack(terms).sum() if terms else None

    def _overlap(self, features: Mapping[str, State], batch: Batch) -> Tensor:
        """The sum over tasks of the squared mean products of shared and private features."""
        some = next(iter(features.values())).values
        products = some.new_zeros(len(self.tasks), self.width, self.width)
        n_rows = some.new_zeros(len(self.tasks), 1, 1)
        for source, (values, _) in features.items():
            position = torch.tensor(self._positions(source, batch), device=values.device)
            rows, counts = _rows_by_task(values, batch[source].task, len(position))
            shared, private = torch.split(rows, self.width, dim=-1)
            products = products.index_add(0, position, shared.transpose(1, 2) @ private)
            n_rows = n_rows.index_add(0, position, counts.view(-1, 1, 1))
        active = [k for k, name in enumerate(self.tasks.names) if name not in self.stopped]
        return (products[active] / n_rows[active].clamp(min=1)).square().sum()

    def _positions(self, source: str, batch: Batch) -> list[int]:
        """Positions of the tasks along the first axis of a source's features by task."""
        members = self.members_in(source) if batch[source].task is None else None
        return list(range(len(self.tasks))) if members is None else members


def _rows_by_task(values: Tensor, task: Tensor | None, n_tasks: int) -> tuple[Tensor, Tensor]:
    """Features (n_tasks, n, 2h), 0 in rows that a task has not, and the rows of each task."""
    if task is None:
        return values, values.new_full((len(values),), values.shape[1])
    groups = group_rows(task, n_tasks)
    counts = values.new_tensor(groups.sizes)
    counted = torch.arange(groups.rows.shape[1], device=values.device) < counts.unsqueeze(1)
    return groups.gather(values) * counted.unsqueeze(-1), counts


def _joined(shared: State, private: State, *, own: bool) -> State:
    """Pooled features one beside the other, those of all tasks unless rows have one task."""
    vectors = mean_pool(shared)
    if own:
        return State(torch.cat([vectors, mean_pool(private)], dim=-1))
    each = pooled_copies(private)
    return State(torch.cat([vectors.expand(len(each), *vectors.shape), each], dim=-1))


def _joined_steps(shared: State, private: State, *, own: bool) -> State:
    """Features of every step one beside the other, those of all tasks unless rows have one task."""
    values, each = shared.values, private.values
    common = values if own else values.expand(len(each), *values.shape)
    return State(torch.cat([common, each], dim=-1), shared.mask)


def _pooled(state: State, task: Tensor | None) -> State:
    """Mean features of the steps of every row."""
    return State(pooled_copies(state) if task is None else mean_pool(state))
