"""How much a training step multiplies."""

from __future__ import annotations

from torch import nn

from polytask.architectures import MultiTaskModule

__all__ = ["step_work"]


def step_work(network: MultiTaskModule, n_rows: int) -> tuple[float, int]:
    """Approximate multiplications of one step of one network, and the number of networks.

    Networks of single tasks count as one per task, and ensembles as one per member: their products
    are as small as those of one, many in a step.

    Parameters
    ----------
    network : MultiTaskModule
    n_rows : int
        Rows in a batch.
    """
    n_members = network.n_members
    n_tasks = len(network.tasks) if network.apart else 1
    tables = {id(layer.weight) for layer in network.modules() if isinstance(layer, nn.Embedding)}
    size = 0
    for parameter in network.parameters():
        # a rough count: by shapes alone, in which a width may equal the number of members
        own_of_members = n_members in parameter.shape[:-1] or id(parameter) in tables
        size += parameter.numel() * (1 if own_of_members else n_members)
    n_networks = n_tasks * n_members
    return n_rows * size / n_networks, n_networks
