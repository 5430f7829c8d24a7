"""Scores of the tasks that rows may belong to."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.training._score import evaluating

__all__ = ["route"]


def route(network: MultiTaskModule, batch: Batch) -> Mapping[str, Tensor]:
    """Route all rows without gradients, in evaluation mode; `MultiTaskModule.route` says how."""
    with evaluating(network):
        return network.route(batch)
