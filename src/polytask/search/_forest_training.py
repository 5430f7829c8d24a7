"""Training of a forest, and the losses of its members on the rows that judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from polytask._seeds import derived_seed
from polytask.architectures import Raw
from polytask.architectures._row_chunks import row_chunks
from polytask.data import Batch, SourceBatch
from polytask.losses import MultiTaskLoss
from polytask.search._forest import Forest
from polytask.search._structure_rows import Batches, StructureRows
from polytask.training._divergence import Divergence
from polytask.training._optimizers import make_scheduler
from polytask.training._progress import TrainingProgress
from polytask.training._score import evaluating
from polytask.training._step_work import step_work
from polytask.training._threads import threads_for
from polytask.training._trimmed import trimmed

__all__ = ["N_BLOCKS", "ForestLosses", "train_forest"]

N_BLOCKS = 10
"""Parts of the rows that judge: their spread says how sure a difference is. Half of them choose the
step at which the others measure."""
_LOOKS = 4
_SHOWN_EVERY = 25


@dataclass(frozen=True, eq=False)
class ForestLosses:
    """Losses of the members of a forest on the rows that judge.

    Attributes
    ----------
    sums : array of shape (n_looks, n_members, N_BLOCKS, n_tasks)
        Of the losses of the rows of a block, at evenly spaced steps.
    counts : array of shape (N_BLOCKS, n_tasks)
        The weight of their labels.
    """

    sums: Float64[np.ndarray, "looks members blocks tasks"]
    counts: Float64[np.ndarray, "blocks tasks"]


def train_forest(
    forest: Forest, rows: StructureRows, n_steps: int, seed: int, bar: TrainingProgress
) -> ForestLosses:
    """Train all members for the same steps, on the same batches.

    The gradient of each is that of its own losses; the entry that they share has the mean of theirs. A norm
    to which gradients are clipped counts for all members together, times the root of their number.

    Raises
    ------
    NonFiniteLossError
        If a task's loss is not finite.
    """
    trainer, forest = rows.trainer, forest.to(rows.device).train()
    forward = rows.forward(forest)
    batches = Batches(rows.kept, rows.batch_size, seed, forward.loss)
    weights = [parameter for parameter in forest.parameters() if parameter.requires_grad]
    optimizer = rows.optimizer(weights)
    schedule = make_scheduler(trainer.scheduler, optimizer, n_steps, trainer.scheduler_options)
    if isinstance(schedule, ReduceLROnPlateau):  # it follows validation losses; there are none here
        schedule = None
    divergence = Divergence(forest, rows.tasks)
    cuda = [rows.device] if rows.device.type == "cuda" else []
    looks, measured = _looks(n_steps), []
    with torch.random.fork_rng(devices=cuda), threads_for(*step_work(forest, rows.batch_size)):
        torch.manual_seed(derived_seed(seed, "forest"))
        for step in range(n_steps):
            losses = batches.losses(forward, step)
            divergence.check(losses, step, step, batches.steps_per_epoch)
            optimizer.zero_grad()
            _backward(forest, (rows.importance * losses).sum())
            if trainer.clip_norm is not None:
                norm = trainer.clip_norm * forest.n_structures**0.5
                nn.utils.clip_grad_norm_(weights, norm)
            optimizer.step()
            if schedule is not None:
                schedule.step()
            if step % _SHOWN_EVERY == 0:
                shown = dict(zip(rows.tasks.names, losses.tolist(), strict=True))
                bar.show(step * forest.n_structures, shown)
            if step + 1 in looks:
                measured.append(_measured(forest, rows))
    sums, counts = zip(*measured, strict=True)
    return ForestLosses(np.stack(sums), counts[0])


def _backward(forest: Forest, mean: Tensor) -> None:
    """Gradients of the structures' own losses, whose mean is given, and of the mean for their entry."""
    torch.autograd.backward(forest.n_structures * mean)
    for weight in forest.inputs.parameters():
        if weight.grad is not None:
            weight.grad /= forest.n_structures


def _looks(n_steps: int) -> set[int]:
    """The steps after which losses are measured."""
    return {max(1, round(n_steps * (look + 1) / _LOOKS)) for look in range(_LOOKS)}


def _measured(forest: Forest, rows: StructureRows) -> tuple[np.ndarray, np.ndarray]:
    """Sums of losses (n_members, N_BLOCKS, n_tasks), and the labels of each block and task."""
    loss = rows.forward(forest).loss
    sums, counts = [], []
    for block in range(N_BLOCKS):
        part = {name: own.take(slice(block, None, N_BLOCKS)) for name, own in rows.held.items()}
        part = {name: own for name, own in part.items() if own.n_rows}
        if not part:  # fewer rows than blocks
            sums.append(torch.zeros(forest.n_structures, len(rows.tasks), device=rows.device))
            counts.append(sums[-1][0])
            continue
        raw = _by_member(_scores(forest, part), forest)
        of_one = {name: own.repeated(forest.n_own) for name, own in part.items()}
        with torch.no_grad():
            sums.append(_sums(loss, raw, of_one))
            counts.append(loss.counts(part))
    stacked = torch.stack(sums, dim=1) / forest.n_own
    return stacked.double().cpu().numpy(), torch.stack(counts).double().cpu().numpy()


def _sums(loss: MultiTaskLoss, raw: Raw, rows: Batch) -> Tensor:
    """Sums of the losses of each structure, (n_structures, n_tasks), in one pass where that works."""

    def of_structure(own: Raw) -> Tensor:
        return loss.sums(own, rows)[0]

    try:
        return torch.vmap(of_structure)(raw)
    except (RuntimeError, ValueError):  # a loss that is not written for it
        n_structures = len(next(iter(raw.values())))
        each = [{key: scores[k] for key, scores in raw.items()} for k in range(n_structures)]
        return torch.stack([of_structure(own) for own in each])


def _scores(forest: Forest, rows: dict[str, SourceBatch]) -> Raw:
    """Raw scores of all members, the members of a row one after another."""
    parts: dict[tuple[str, str], list[Tensor]] = {}
    with evaluating(forest):
        for name, own in rows.items():
            for chunk in row_chunks(forest, own):
                batch = forest.with_members({name: trimmed(chunk)})
                for key, scores in forest(batch).items():
                    parts.setdefault(key, []).append(scores.float())
    return {key: torch.cat(scores) for key, scores in parts.items()}


def _by_member(raw: Raw, forest: Forest) -> Raw:
    """Raw scores with a leading axis over structures; those of its own ensemble one after another."""
    m = forest.n_structures
    return {k: scores.view(-1, m, *scores.shape[1:]).transpose(0, 1) for k, scores in raw.items()}
