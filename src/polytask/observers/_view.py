"""View of a training run that observers receive at an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.bookkeeping import EpochRecord
from polytask.data import Batch

__all__ = ["View"]


@dataclass(frozen=True, eq=False)
class View:
    """A training at one of its evaluations; nothing in it is to be changed.

    Parameters
    ----------
    epoch : int
        The evaluation, counted from 1.
    step : int
        Optimiser steps taken so far.
    tasks : tuple of str
        Names, in the order of all axes of tasks.
    network : MultiTaskModule
        In evaluation mode.
    train_losses, validation_losses, weights : mapping of task to float
        As in the epoch's `polytask.bookkeeping.EpochRecord`.
    history : tuple of EpochRecord
        The earlier evaluations, with what was observed then.
    generator : torch.Generator
        Of this observer's own, on the CPU, seeded by the training's seed and the step.
    batches : tuple of Batch, optional
        The training batches of this observer, the same at every evaluation: rows drawn evenly
        from all sources, in the form that the network takes. Empty unless `Observer.needs` names
        ``"batches"`` or ``"gramian"``.
    gramians : tensor of shape (n_batches, n_tasks, n_tasks), optional
        Inner products of the gradients of the tasks' losses on each of the batches, taken at the
        shared parameters in training mode, before any weights. 0 for absent tasks. None unless
        `Observer.needs` names ``"gramian"``.
    present : tensor of shape (n_batches, n_tasks), bool, optional
        Tasks that have a gradient: labelled in the batch, and still trained. As `gramians`.
    validation : Batch, optional
        The validation rows with their labels, where there are any.
        `polytask.training.score` gives the network's scores of any number of rows.
    """

    epoch: int
    step: int
    tasks: tuple[str, ...]
    network: MultiTaskModule
    train_losses: Mapping[str, float]
    validation_losses: Mapping[str, float]
    weights: Mapping[str, float]
    history: tuple[EpochRecord, ...]
    generator: torch.Generator
    batches: tuple[Batch, ...] = ()
    gramians: Float64[Tensor, "n_batches n_tasks n_tasks"] | None = None
    present: Bool[Tensor, "n_batches n_tasks"] | None = None
    validation: Batch | None = None
