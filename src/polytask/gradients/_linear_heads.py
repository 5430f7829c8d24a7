"""Gradients at the features, where the heads of different tasks are matrix products."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.graph import GradientEdge

from polytask.gradients._factored_gradients import FactoredGradients
from polytask.gradients._inner_products import at_least_single
from polytask.gradients._roots import find_stack
from polytask.gradients._step import Step

__all__ = ["factor_linear_heads"]

_POSITION = {"AddmmBackward0": 1, "MmBackward0": 0}  # of the features among the factors


def factor_linear_heads(step: Step) -> FactoredGradients | None:
    r"""The tasks' gradients at the features, factored, by one pass through all heads.

    With :math:`s_k = h V_k^\top` the gradient of task k at the features h is
    :math:`r_k V_k`, for the signals r at its scores. None where some head is not a matrix product.
    """
    products = _find_products(step)
    if products is None:
        return None
    edges = [GradientEdge(node, 0) for node, _ in products]
    captured = torch.autograd.grad(step.present_losses.sum(), edges, retain_graph=True)
    factored = FactoredGradients(len(step.indices), bias=False)
    for (node, task), signals in zip(products, captured, strict=True):
        tasks = torch.full((signals.shape[1],), task, device=signals.device)
        matrix = node._saved_mat2  # noqa: SLF001
        factored.store(tasks, at_least_single(signals).T, at_least_single(matrix.detach()).T)
    return factored


def _find_products(step: Step) -> list[tuple[Any, int]] | None:
    """The products that use the features, each with the only task that it serves."""
    stack = find_stack(step.losses)
    if stack is None or step.features is None or len(step.features) > 1:
        return None
    if step.bypasses_features():
        return None
    (features,) = step.features
    edge = (features.grad_fn, features.output_nr)
    task_of_node: dict[Any, int] = {}
    for task, index in enumerate(step.indices.tolist()):
        for node, position in _users(stack[0].next_functions[index][0], edge):
            if _POSITION.get(node.name()) != position:
                return None
            if task_of_node.setdefault(node, task) != task:
                return None
            if getattr(node, "_saved_alpha", 1) != 1:
                return None
    return list(task_of_node.items())


def _users(root: Any, end: tuple[Any, int]) -> list[tuple[Any, int]]:
    """Nodes below a root that use the features, and as which of their inputs."""
    users: list[tuple[Any, int]] = []
    todo, seen = [root], {root, None}
    while todo:
        node = todo.pop()
        if node is None:
            continue
        for position, edge in enumerate(node.next_functions):
            if edge == end:
                users.append((node, position))
            elif edge[0] not in seen:
                seen.add(edge[0])
                todo.append(edge[0])
    return users
