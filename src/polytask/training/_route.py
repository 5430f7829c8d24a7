"""Scores of the tasks that rows may belong to."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.tasks import Multiclass
from polytask.training._average_members import average
from polytask.training._score import evaluating

__all__ = ["route"]


def route(network: MultiTaskModule, batch: Batch) -> Mapping[str, Tensor]:
    """Route all rows without gradients, in evaluation mode; `MultiTaskModule.route` says how."""
    with evaluating(network):
        routes = network.route(network.with_members(batch))
    if network.n_members == 1:
        return routes
    return {
        source: average(
            Multiclass(), scores.view(-1, network.n_members, scores.shape[1]).transpose(0, 1)
        )
        for source, scores in routes.items()
    }
