"""Cosines of the weights of heads that read the same features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from polytask.analysis._similarity import Similarity, as_similarity
from polytask.analysis._task_features import Features
from polytask.architectures import MultiTaskModule
from polytask.data import SourceBatch

__all__ = ["head_cosines"]

_CLOSE = 1e-3
"""Of the range of scores: what rounding may leave."""


def head_cosines(
    network: MultiTaskModule, source: str, rows: SourceBatch, features: Features | None
) -> list[Similarity]:
    r"""Cosines of the tasks' head weights; of heads with several scores, between what they span.

    .. math:: s_{ij} = \frac{v_i^\top v_j}{\|v_i\| \|v_j\|}, \qquad
              s_{ij} = \frac{\|V_i V_j^\top\|_F}
              {\sqrt{\|V_i V_i^\top\|_F \, \|V_j V_j^\top\|_F}}

    for heads of one score, and of several, :math:`V_k` of shape (size, h), whose rows may stand in any
    order or sign.

    Parameters
    ----------
    network : MultiTaskModule
        Whose `task_weights` are compared.
    source : str
    rows : SourceBatch
        A few, without tasks of rows.
    features : Features or None
        Of these rows.

    Returns
    -------
    list of Similarity
        Of all tasks together; none where heads do not all read these features.
    """
    if features is None or not features.common:
        return []
    heads = {name: weight.double().cpu().numpy() for name, weight in network.task_weights().items()}
    if len(heads) < 2 or len({weight.shape[-1] for weight in heads.values()}) > 1:
        return []
    if not _read(heads, network, source, rows, features.values[0]):
        return []
    tasks = [name for name in network.tasks.names if name in heads]
    matrix = np.array([[_cosine(heads[i], heads[j]) for j in tasks] for i in tasks])
    return [as_similarity("heads", "cosine", tasks, matrix)]


def _read(
    heads: Mapping[str, np.ndarray],
    network: MultiTaskModule,
    source: str,
    rows: SourceBatch,
    features: np.ndarray,
) -> bool:
    """Whether the scores of every task are its weights times the features, but for a constant."""
    batch = network.with_members({source: rows})
    with torch.no_grad():
        raw = network(batch)
    for block in network.blocks:
        names = block.tasks_in(source)
        if names and features.shape[1] != heads[names[0]].shape[1]:
            return False
        scores = raw[source, block.name].double().cpu().numpy()
        for position, name in enumerate(names):
            own = scores[:, position].reshape(len(scores), -1)
            rest = own - features @ heads[name].T if own.shape[1] == len(heads[name]) else own
            if np.ptp(rest, axis=0).max() > _CLOSE * max(np.ptp(own, axis=0).max(), 1e-30):
                return False
    return any(block.tasks_in(source) for block in network.blocks)


def _cosine(first: np.ndarray, second: np.ndarray) -> float:
    size = np.linalg.norm(first @ first.T) * np.linalg.norm(second @ second.T)
    if not size > 0:
        return float("nan")
    product = first @ second.T
    if product.size == 1:
        return float(product[0, 0] / np.sqrt(size))
    return float(np.linalg.norm(product) / np.sqrt(size))
