"""Scores of the tasks that rows may belong to."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from polytask.architectures import MultiTaskModule
from polytask.data import Batch
from polytask.training._score import evaluating

__all__ = ["route"]


def route(network: MultiTaskModule, batch: Batch) -> Mapping[str, Tensor]:
    """Route all rows without gradients, in evaluation mode; `MultiTaskModule.route` says how."""
    with evaluating(network):
        routes = network.route(network.with_members(batch))
    if network.n_members == 1:
        return routes
    return {source: _averaged(scores, network.n_members) for source, scores in routes.items()}


def _averaged(scores: Tensor, n_members: int) -> Tensor:
    """Logarithms of the probabilities' means over the members of an ensemble."""
    logs = scores.log_softmax(dim=1).view(-1, n_members, scores.shape[1])
    return logs.logsumexp(dim=1) - math.log(n_members)
