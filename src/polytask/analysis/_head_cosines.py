"""Cosines of the weights of heads that read the same features."""

from __future__ import annotations

import numpy as np

from polytask.analysis._similarity import Similarity, as_similarity
from polytask.architectures import MultiTaskModule

__all__ = ["head_cosines"]


def head_cosines(network: MultiTaskModule) -> list[Similarity]:
    r"""Cosines of the tasks' head weights; of heads with several scores, between what they span.

    .. math:: s_{ij} = \frac{v_i^\top v_j}{\|v_i\| \|v_j\|}, \qquad
              s_{ij} = \frac{\|V_i V_j^\top\|_F}
              {\sqrt{\|V_i V_i^\top\|_F \, \|V_j V_j^\top\|_F}}

    for heads of one score, and of several, :math:`V_k` of shape (size, h), whose rows may stand in any
    order or sign.

    Parameters
    ----------
    network : MultiTaskModule
        Whose `task_weights` read one representation.

    Returns
    -------
    list of Similarity
        Of all tasks together; none without heads.
    """
    heads = {name: weight.double().cpu().numpy() for name, weight in network.task_weights().items()}
    if len(heads) < 2 or len({weight.shape[-1] for weight in heads.values()}) > 1:
        return []
    tasks = [name for name in network.tasks.names if name in heads]
    matrix = np.array([[_cosine(heads[i], heads[j]) for j in tasks] for i in tasks])
    return [as_similarity("heads", "cosine", tasks, matrix)]


def _cosine(first: np.ndarray, second: np.ndarray) -> float:
    size = np.linalg.norm(first @ first.T) * np.linalg.norm(second @ second.T)
    if not size > 0:
        return float("nan")
    product = first @ second.T
    if product.size == 1:
        return float(product[0, 0] / np.sqrt(size))
    return float(np.linalg.norm(product) / np.sqrt(size))
