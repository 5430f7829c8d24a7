"""How well the scores of every task's own network explain the labels of every task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch, Block, SourceBatch
from polytask.losses import MultiTaskLoss
from polytask.training._average_members import average_members
from polytask.training._score import evaluating

__all__ = ["cross_explained", "some_rows"]

_ROWS, _ROWS_PER_TASK = 2048, 16


def some_rows(batch: Batch, n_tasks: int) -> dict[str, SourceBatch]:
    """At most 2048 rows of each source, evenly spaced; of more than 128 tasks 16 rows per task.

    Parameters
    ----------
    batch : Batch
    n_tasks : int
    """
    most = max(_ROWS, _ROWS_PER_TASK * n_tasks)
    return {
        name: rows
        if rows.n_rows <= most
        else rows.take(torch.linspace(0, rows.n_rows - 1, most).round().long())
        for name, rows in batch.items()
    }


def cross_explained(
    network: MultiTaskModule, batch: Batch
) -> tuple[Float[Tensor, "k k"], Float[Tensor, " k"]]:
    r"""Correlations of the labels of task i with the scores of the network of task j.

    .. math:: R_{ij} = \frac{\sum_{r, c} (g_{irc} - \bar g_{ic}) (f_{jrc} - \bar f_{jc})}
              {\|g_i - \bar g_i\| \, \|f_j - \bar f_j\|},
              \qquad g_i = - \left. \frac{\partial \ell_i}{\partial s} \right|_{s = 0}

    over the labelled rows r of task i and the scores c of a row. The negative slope g of the loss
    at scores of 0 stands for the labels: it is the label itself for squared errors, and the class
    less its chance for classes, so that tasks of all kinds are compared alike.

    Parameters
    ----------
    network : MultiTaskModule
        One network per task, of which each scores all rows of a source.
    batch : Batch of tensors
        Rows with labels, as they are stored.

    Returns
    -------
    correlations : tensor of shape (k, k)
        NaN where the network of j cannot score the rows of i, or scores differ in number.
    counts : tensor of shape (k,)
        Labelled rows of each task.
    """
    size, names = len(network.tasks), network.tasks.names
    total, weight = torch.zeros(size, size), torch.zeros(size, size)
    counts = torch.zeros(size)
    scores = {source: _scores(network, source, rows) for source, rows in batch.items()}
    slopes = _slopes(network, batch)
    for source, rows in batch.items():
        for block in (b for b in network.blocks if b.tasks_in(source) and not b.has_places):
            places = [names.index(name) for name in block.tasks_in(source)]
            labels, mask = _dense(slopes[source, block.name], rows, block, places)
            counts[places] += mask.sum(dim=0).cpu()
            for other in _alike(network, source, block):
                columns = [names.index(name) for name in other.tasks_in(source)]
                correlations = _correlations(labels, mask, scores[source][source, other.name]).cpu()
                part = mask.sum(dim=0).cpu()[:, None] * torch.isfinite(correlations)
                cells = torch.tensor(places)[:, None], torch.tensor(columns)[None]
                total[cells] += torch.nan_to_num(correlations) * part
                weight[cells] += part
    return torch.where(weight > 0, total / weight, torch.nan), counts


def _alike(network: MultiTaskModule, source: str, block: Block) -> Iterator[Block]:
    """Blocks of a source whose tasks have as many scores."""
    for other in network.blocks:
        if other.tasks_in(source) and not other.has_places and other.size == block.size:
            yield other


def _scores(
    network: MultiTaskModule, source: str, rows: SourceBatch
) -> dict[tuple[str, str], Tensor]:
    """Scores (n, n_tasks, size) of all rows of a source by the networks of all its tasks."""
    with evaluating(network):
        given = network.with_members({source: SourceBatch(rows.inputs)})
        return {key: s.flatten(2) for key, s in average_members(network, network(given)).items()}


def _slopes(network: MultiTaskModule, batch: Batch) -> dict[tuple[str, str], Tensor]:
    """Negative slopes of the losses at scores of 0, (n, n_tasks, size) or (n, size)."""
    device = next(network.parameters()).device
    with torch.enable_grad():
        zeros = {}
        for source, rows in batch.items():
            for block in network.blocks:
                if own := block.tasks_in(source):
                    heads = () if rows.task is not None else (len(own),)
                    zeros[source, block.name] = torch.zeros(
                        rows.n_rows, *heads, block.size, device=device, requires_grad=True
                    )
        loss = MultiTaskLoss(network.blocks, network.tasks).to(device)
        plain = {source: replace(rows, mixture=None) for source, rows in batch.items()}
        sums, _ = loss.sums(zeros, plain)
        slopes = torch.autograd.grad(sums.sum(), list(zeros.values()), allow_unused=True)
    return {
        key: torch.zeros_like(zero) if slope is None else -slope
        for (key, zero), slope in zip(zeros.items(), slopes, strict=True)
    }


def _dense(
    slopes: Tensor, rows: SourceBatch, block: Block, places: list[int]
) -> tuple[Float[Tensor, "n k s"], Bool[Tensor, "n k"]]:
    """Slopes (n, n_tasks, size) and where they are known."""
    mask = rows.labels(block.name).mask
    if rows.task is None:
        return slopes, mask.reshape(*mask.shape[:2], -1).any(dim=2)
    own = torch.tensor(places, device=slopes.device) == rows.task[:, None]
    return slopes[:, None] * own[..., None], own & mask.reshape(len(mask), -1).any(dim=1)[:, None]


def _correlations(
    labels: Float[Tensor, "n k s"], mask: Bool[Tensor, "n k"], scores: Float[Tensor, "n j s"]
) -> Float[Tensor, "k j"]:
    """Correlations over the labelled rows of each task; NaN where one side does not vary."""
    known = mask.double()
    counts = known.sum(dim=0).clamp(min=1.0)
    labels, scores = labels.double(), scores.double()
    centred = (labels - (labels * known[..., None]).sum(dim=0) / counts[:, None]) * known[..., None]
    products = torch.einsum("nks,njs->kj", centred, scores)
    sums = torch.einsum("nk,njs->kjs", known, scores)
    squares = torch.einsum("nk,njs->kj", known, scores.square())
    spread = (squares - (sums.square() / counts[:, None, None]).sum(dim=2)).clamp(min=0.0)
    norms = centred.square().sum(dim=(0, 2))[:, None] * spread
    few = counts[:, None] < 3
    return torch.where((norms > 1e-24) & ~few, products / norms.sqrt(), torch.nan)
