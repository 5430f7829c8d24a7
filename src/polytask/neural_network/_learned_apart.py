"""Whether tasks learn the same without one another."""

from __future__ import annotations

import numpy as np

from polytask.architectures import Architecture
from polytask.data import MultiTaskDataset, Source
from polytask.neural_network._planned_network import plan_network
from polytask.training import Trainer

__all__ = ["learned_apart"]


def learned_apart(architecture: Architecture, trainer: Trainer, train: MultiTaskDataset) -> bool:
    """Whether the network of each task is the same where other tasks are not trained.

    So it is for networks of single tasks on one table in which every row has a label of every task:
    where labels are missing, or rows belong to one task each, evaluations follow from the rows of all tasks.
    Bins of numbers are those of all tasks in either case.

    Parameters
    ----------
    architecture : Architecture
    trainer : Trainer
    train : MultiTaskDataset
    """
    if architecture.shares or trainer.observers or len(train.sources) > 1:
        return False
    return _is_full(train.sources[0]) and plan_network(architecture, train).apart


def _is_full(source: Source) -> bool:
    """Whether all rows have labels of all tasks, and the same weight for them."""
    if source.own_rows or (source.weights is not None and np.ndim(source.weights) > 1):
        return False
    labels = source.labelled()
    return all(len(labels.rows(name)) == source.n_rows for name in source.tasks.names)
