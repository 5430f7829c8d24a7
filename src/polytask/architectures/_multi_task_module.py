"""Abstract base class of networks: raw scores of a batch, and owners of tensors."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from polytask.architectures._owners import Owned, Owner, tensors_of
from polytask.data import Batch, Block, Schema, make_blocks, tasks_in_source
from polytask.encoders import State
from polytask.tasks import TaskRelation, TaskSet

__all__ = ["MultiTaskModule", "Raw"]

Raw = dict[tuple[str, str], Tensor]
"""One score tensor per (source, block): (n, n_tasks, *score_shape) of the block's tasks that the
source carries, or (n, *score_shape) where each row has one task."""


class MultiTaskModule(nn.Module, ABC):
    """A network over a batch of rows that gives one score tensor per source and block.

    A subclass defines `features` and `answer` where there is a last common representation, and
    `forward` alone where there is none.

    Parameters
    ----------
    schemas : mapping of source name to Schema
    tasks : TaskSet

    Attributes
    ----------
    tasks : TaskSet
    sources : tuple of str
    blocks : tuple of Block
        The blocks of tasks that it answers for.
    apart : bool
        Whether it holds one network per task, each of which is trained by itself; `of_task` gives them.
    rows_apart : bool
        Whether a row's features depend on that row alone, but for batch statistics, and every
        layer that tasks share takes rows. Gradients of tasks with rows of their own are then
        computed in one backward pass, and the features of such rows have no axis over the tasks.
    n_own_experts : int
        How many of the experts that `gate_weights` weighs are each task's own, which come first.
    stopped : frozenset of str
        The tasks that have stopped early in the training under way, which sets it; `batch_penalty`
        leaves them out, but for that of a router, which goes on learning from their rows.
    n_members : int
        Members of the ensemble that the network holds; rows of features and scores are then those
        of every member, the members of a row one after another, and batches come as
        `with_members` gives them.
    rows_at_once : int
        How many rows are scored at once without gradients.
    routed_sources : tuple of str
        Sources of rows of one task each for which `route` finds the task of rows that do not name
        it; none by default.
    """

    apart: bool = False
    rows_apart: bool = False
    n_own_experts: int = 0
    n_members: int = 1
    rows_at_once: int = 16384
    stopped: frozenset[str] = frozenset()
    routed_sources: tuple[str, ...] = ()

    def __init__(self, schemas: Mapping[str, Schema], tasks: TaskSet) -> None:
        super().__init__()
        self.tasks, self.sources = tasks, tuple(schemas)
        self.blocks: tuple[Block, ...] = make_blocks(tasks, schemas)

    def tasks_in(self, source: str) -> tuple[str, ...]:
        """The tasks that a source carries, in the order of the task set."""
        return tasks_in_source(source, self.blocks, self.tasks.names)

    def members_in(self, source: str) -> list[int] | None:
        """Positions of the tasks that a source carries; None where it carries all."""
        names = self.tasks_in(source)
        return None if names == self.tasks.names else [self.tasks.index(name) for name in names]

    def of_task(self, name: str) -> MultiTaskModule:
        """The network of one task, where tasks are `apart`, as it would be built for the task alone.

        Its saved tensors, parameters before buffers, are those of which this network states that they
        serve the task alone (`owners`), in the same order. Their values may differ.
        """
        sentence = (
            f"{type(self).__name__} must define `of_task`, since its tasks are apart; no {name}."
        )
        raise NotImplementedError(sentence)

    def host(self, name: str, names: Sequence[str]) -> MultiTaskModule | None:
        """A network of several tasks of one source that holds the network of one of them, or None.

        Networks of tasks of several kinds then have one structure, and train side by side.
        """
        del name, names
        return None

    def with_members(self, batch: Batch) -> Batch:
        """The batch with tasks and labels repeated for every member, as the network takes it."""
        if self.n_members == 1:
            return batch
        return {name: rows.repeated(self.n_members) for name, rows in batch.items()}

    def forward(self, batch: Batch) -> Raw:
        """Raw scores of every block for the rows of every source in the batch."""
        features = self.features(batch)
        if features is None:
            sentence = f"{type(self).__name__} must define `forward`, or `features` and `answer`."
            raise NotImplementedError(sentence)
        return self.answer(features, batch)

    def features(self, batch: Batch) -> Mapping[str, State] | None:
        """The last common representation of every source's rows, where one exists."""
        del batch
        return None

    def answer(self, features: Mapping[str, State], batch: Batch) -> Raw:
        """Raw scores from `features`; ``forward(batch)`` is ``answer(features(batch), batch)``."""
        del features, batch
        sentence = f"{type(self).__name__} has no last common representation."
        raise NotImplementedError(sentence)

    def draw_preference(self, generator: torch.Generator) -> Float[Tensor, " n_tasks"] | None:
        """Draw the preference of a training batch; None where the network takes none (the default).

        It is `polytask.data.SourceBatch.preference` of the batch, and multiplies the losses of the
        tasks, times their number, before anything is balanced. Rows without one are answered at
        equal preferences.

        Parameters
        ----------
        generator : torch.Generator
            The only source of randomness.
        """
        del generator
        return None

    def preference_penalty(
        self,
        losses: Float[Tensor, " n_tasks"],
        present: Bool[Tensor, " n_tasks"],
        preference: Float[Tensor, " n_tasks"],
    ) -> Float[Tensor, ""] | None:
        """A regulariser of a batch's losses at the preference that was drawn; None by default.

        It is added after balancing. Absent tasks have the loss 0.
        """
        del losses, present, preference
        return None

    def gate_weights(self, batch: Batch) -> Mapping[str, Tensor]:
        """Weights that gates give to experts for every source's rows; {} without gates (the default).

        Returns
        -------
        mapping of source name to tensor
            (n_tasks of the source, n, n_experts), or (n, n_experts) where each row has one task;
            the first `n_own_experts` of a task are its own.
        """
        del batch
        return {}

    def relations(self) -> Mapping[str, TaskRelation]:
        """What the network has learned of how tasks are related, by layer; none by default."""
        return {}

    def route(self, batch: Batch) -> Mapping[str, Tensor]:
        """Scores of the tasks that rows may belong to, for the `routed_sources` in the batch.

        Returns
        -------
        mapping of source name to tensor
            (n, n_tasks of the source), whose softmax is the probability of each.
        """
        del batch
        return {}

    def owners(self) -> Sequence[Owned]:
        """State the tasks that every parameter and buffer serves, each once.

        By default each piece (`Inputs`, `Copies`, `Mixture`, `Heads`) states it for its tensors,
        and all others serve all tasks. `polytask.testing.check_architecture` compares what is
        stated with what the losses of the tasks reach.
        """
        stated: dict[int, Owned] = {}
        for piece in self.modules():  # a piece before those inside it, whose statement it overrides
            for owned in piece.owners() if isinstance(piece, Owner) else ():
                stated.setdefault(id(owned.tensor), owned)
        for tensor in tensors_of(self):
            stated.setdefault(id(tensor), Owned(tensor, self.tasks.names))
        return list(stated.values())

    def shared_parameters(self) -> list[nn.Parameter]:
        """Trainable parameters shared by several tasks."""
        return [
            owned.tensor
            for owned in self.owners()
            if owned.is_shared
            and isinstance(owned.tensor, nn.Parameter)
            and owned.tensor.requires_grad
        ]

    def task_weights(self) -> Mapping[str, Tensor]:
        """The weights (size, h) of every task's head; {} where none are stated.

        By default those of the last layer whose slices `owners` gives to one task each. Heads that read
        the same features can be compared by them.
        """
        last: dict[int, dict[str, Tensor]] = {}
        for owned in self.owners():
            weight, axis = owned.tensor, owned.axis
            if axis is None or owned.dependants or weight.ndim != axis + 3:
                continue
            rows = weight.detach().movedim(axis, 0)
            last.setdefault(weight.shape[-1], {}).update(zip(owned.tasks, rows, strict=True))
        whole = [found for found in last.values() if set(found) == set(self.tasks.names)]
        return whole[-1] if whole else {}

    def penalty(self) -> Float[Tensor, ""]:
        """The architecture's own regulariser of its parameters; zero by default.

        It is added after balancing, as are `batch_penalty` and the proximal step.
        """
        parameter = next(self.parameters(), None)
        return torch.zeros((), device=None if parameter is None else parameter.device)

    def strengths(self) -> Mapping[str, float]:
        """Strengths of the penalties by the setting's name, for errors; {} by default."""
        return {}

    @property
    def has_batch_penalty(self) -> bool:
        """Whether `batch_penalty` may give anything; by default, whether it is overridden."""
        return type(self).batch_penalty is not MultiTaskModule.batch_penalty

    def batch_penalty(
        self, features: Mapping[str, State], raw: Raw, batch: Batch
    ) -> Float[Tensor, ""] | None:
        """A regulariser of what the network gives for a batch; None by default.

        Parameters
        ----------
        features : mapping of source name to State
            The network's `features`; {} where it has none.
        raw : Raw
            Its scores.
        batch : Batch
        """
        del features, raw, batch
        return None

    def proximal_step(self, step: float) -> None:
        r"""Move parameters by the proximal map of a penalty without gradient, in place.

        .. math:: W \leftarrow \arg\min_V \tfrac12 \|V - W\|_F^2 + \mathrm{step}\,\Omega(V)

        It follows every step of the optimiser; nothing by default.

        Parameters
        ----------
        step : float
            The learning rate.
        """
        del step

    def refit(self) -> None:
        """Update, in place, buffers that are learned in closed form, such as a covariance.

        Called before every evaluation of a training; nothing by default.
        """

    @property
    def has_updates(self) -> bool:
        """Whether `proximal_step` or `refit` may do anything; by default, whether one is overridden.

        Networks in which they do nothing can be trained side by side.
        """
        kind = type(self)
        return (kind.proximal_step, kind.refit) != (
            MultiTaskModule.proximal_step,
            MultiTaskModule.refit,
        )

    def adapt(
        self,
        train: Batch,
        validation: Batch | None,
        losses: Callable[[], Mapping[str, float]] | None,
    ) -> None:
        """Change which tasks share, and how much, by what an evaluation sees; nothing by default.

        Called before every evaluation of a training, after `refit`.

        Parameters
        ----------
        train : Batch
            All training rows with their labels, as they are stored.
        validation : Batch, optional
            The validation rows, where there are any.
        losses : callable, optional
            Validation losses by task of the network as it is, where there are validation rows.
        """
        del train, validation, losses
