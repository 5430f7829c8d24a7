"""Whether tasks learn the same without one another."""

from __future__ import annotations

import numpy as np

from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset, Source
from polytask.neural_network._planned_network import plan_network
from polytask.training import Trainer

__all__ = ["learned_apart"]

_MOST_TASKS = 32
"""Tasks of a source up to which the trees of `polytask.data.Bins` are as large as those of one."""


def learned_apart(architecture: Architecture, trainer: Trainer, train: MultiTaskDataset) -> bool:
    """Whether the network of each task is the same where other tasks are left out.

    So it is for networks of single tasks on one table in which every row has a label of every task:
    where labels are missing, or rows belong to one task each, evaluations follow from the rows of all tasks.

    Parameters
    ----------
    architecture : Architecture
    trainer : Trainer
    train : MultiTaskDataset
    """
    if architecture.shares or trainer.observers or len(train.sources) > 1:
        return False
    if architecture.bins is not None and len(train.tasks) > _MOST_TASKS:
        return False
    return _is_full(train.sources[0]) and plan_network(architecture, train).apart


def _is_full(source: Source) -> bool:
    """Whether all rows have labels of all tasks, and the same weight for them."""
    if source.own_rows or (source.weights is not None and np.ndim(source.weights) > 1):
        return False
    labels = source.labelled()
    return all(len(labels.rows(name)) == source.n_rows for name in source.tasks.names)
