"""Gradients at the features, where heads of different tasks are matrix products of them."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.graph import GradientEdge

from polytask.gradients._own_rows import OwnRows
from polytask.gradients._parts import exact
from polytask.gradients._starts import stacked_apart
from polytask.gradients._step import Step

__all__ = ["rows_of_linear_heads"]

_POSITION = {"AddmmBackward0": 1, "MmBackward0": 0}  # of the features among the factors


def rows_of_linear_heads(step: Step) -> OwnRows | None:
    r"""The tasks' gradients at the features, factored, by one pass through all heads.

    With :math:`s_k = h V_k^\top` the gradient of task k at the features h is
    :math:`r_k V_k`, for the signals r at its scores. None where heads are anything else.
    """
    products = _products(step)
    if products is None:
        return None
    wanted = [GradientEdge(node, 0) for node, _ in products]
    caught = torch.autograd.grad(step.present_losses.sum(), wanted, retain_graph=True)
    factored = OwnRows(len(step.rows), bias=False)
    for (node, task), signals in zip(products, caught, strict=True):
        owners = torch.full((signals.shape[1],), task, device=signals.device)
        matrix = node._saved_mat2  # noqa: SLF001
        factored.take(owners, exact(signals).T, exact(matrix.detach()).T)
    return factored


def _products(step: Step) -> list[tuple[Any, int]] | None:
    """The products that take the features, each with the only task that it serves."""
    apart = stacked_apart(step.losses)
    if apart is None or step.features is None or len(step.features) > 1 or step.past_features():
        return None
    (features,) = step.features
    end = (features.grad_fn, features.output_nr)
    owner: dict[Any, int] = {}
    for task, row in enumerate(step.rows.tolist()):
        for node, position in _users(apart[0].next_functions[row][0], end):
            if _POSITION.get(node.name()) != position or owner.setdefault(node, task) != task:
                return None
            if getattr(node, "_saved_alpha", 1) != 1:
                return None
    return list(owner.items())


def _users(root: Any, end: tuple[Any, int]) -> list[tuple[Any, int]]:
    """Nodes below a root that take the features, and as which of their inputs."""
    found: list[tuple[Any, int]] = []
    todo, seen = [root], {root, None}
    while todo:
        node = todo.pop()
        if node is None:
            continue
        for position, edge in enumerate(node.next_functions):
            if edge == end:
                found.append((node, position))
            elif edge[0] not in seen:
                seen.add(edge[0])
                todo.append(edge[0])
    return found
