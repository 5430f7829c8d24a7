"""How gates weigh experts, task by task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from polytask.analysis._affinity_record import aligned
from polytask.analysis._similarity import Similarity, as_similarity
from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.observers._gate_sums import expert_names, gate_sums

__all__ = ["GateUse", "gate_use", "overlap_of_gates"]

_MOST_SHOWN = 12


@dataclass(frozen=True)
class GateUse:
    r"""How gates weigh experts, task by task.

    Attributes
    ----------
    tasks : tuple of str
        Those that rows were weighed for.
    experts : tuple of str
        ``own 1``, … for those that a task has to itself, ``shared 1``, … for those of all tasks.
    weights : tuple of tuple of float
        Mean weight of every expert, by task.
    entropy : tuple of float
        Mean entropy of each task's weights in nats; 0 where gates choose one expert.
    """

    tasks: tuple[str, ...]
    experts: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    entropy: tuple[float, ...]

    @property
    def matrix(self) -> Float64[np.ndarray, "k e"]:
        """The weights as an array."""
        return np.array(self.weights)

    def __str__(self) -> str:
        shown = self.tasks[:_MOST_SHOWN]
        rows = [["weights", *self.experts[:_MOST_SHOWN]]]
        for task, weights in zip(shown, self.weights, strict=False):
            rows.append([task, *(f"{weight:.2f}" for weight in weights[:_MOST_SHOWN])])
        return aligned(rows, len(self.tasks) - len(shown))


def gate_use(network: MultiTaskModule, batch: Batch) -> GateUse | None:
    """Mean weights over the rows of a batch; None of a network without gates.

    Parameters
    ----------
    network : MultiTaskModule
    batch : Batch
    """
    sums = gate_sums(network, batch)
    if sums is None:
        return None
    seen = (sums.rows > 0).tolist()
    tasks = [name for name, own in zip(network.tasks.names, seen, strict=True) if own]
    weights = (sums.weights / sums.rows[:, None])[sums.rows > 0]
    entropy = (sums.entropy / sums.rows)[sums.rows > 0]
    return GateUse(
        tuple(tasks),
        tuple(expert_names(weights.shape[1], network.n_own_experts)),
        tuple(map(tuple, weights.tolist())),
        tuple(entropy.tolist()),
    )


def overlap_of_gates(gates: GateUse) -> Similarity:
    r"""Overlap :math:`\sum_e \min(u_{ie}, u_{je})` of the weights that tasks give to shared experts.

    Weights are scaled to sum to 1 over the shared experts.

    Parameters
    ----------
    gates : GateUse
    """
    shared = [name.startswith("shared") for name in gates.experts]
    weights = gates.matrix[:, shared]
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = weights / weights.sum(axis=1, keepdims=True)
    overlap = np.minimum(weights[:, None], weights[None]).sum(axis=2)
    return as_similarity("gates", "overlap", gates.tasks, overlap)
