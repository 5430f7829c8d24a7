"""The autograd graph below some losses, walked once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from torch import Tensor

__all__ = [
    "CASTS",
    "TRANSPOSES",
    "AutogradGraph",
    "are_nested",
    "leaf_of",
    "leaves_below",
    "leaves_bypassing",
]

CASTS = frozenset({"ToCopyBackward0"})
TRANSPOSES = frozenset({"TBackward0", "TransposeBackward0"})


class AutogradGraph:
    """Nodes below some losses, and which node uses the result of which.

    Parameters
    ----------
    roots : iterable of tensors
        With their graph.

    Attributes
    ----------
    nodes : set of nodes
    leaves : dict of Tensor to node
        Every leaf that a loss depends on and the node that accumulates its gradient.
    users : dict of node to list of (node, int)
        The nodes that use a node's result, and as which of their inputs.
    """

    def __init__(self, roots: Iterable[Tensor]) -> None:
        self.leaves: dict[Tensor, Any] = {}
        self.users: dict[Any, list[tuple[Any, int]]] = {}
        todo: list[Any] = [root.grad_fn for root in roots if root.grad_fn is not None]
        seen = set(todo)
        while todo:
            node = todo.pop()
            for position, (below, _) in enumerate(node.next_functions):
                if below is None:
                    continue
                self.users.setdefault(below, []).append((node, position))
                if below not in seen:
                    seen.add(below)
                    todo.append(below)
                    leaf = leaf_of(below)
                    if leaf is not None:
                        self.leaves[leaf] = below
        self.nodes = seen

    def users_of(self, leaf: Tensor) -> list[tuple[Any, int]]:
        """Nodes that use a leaf directly."""
        return self.users.get(self.leaves.get(leaf), [])

    def consumers(self, leaf: Tensor) -> list[Any]:
        """Nodes that compute with a leaf, past casts and transpositions."""
        consumers, todo = [], [node for node, _ in self.users_of(leaf)]
        while todo:
            node = todo.pop()
            if node.name() in CASTS | TRANSPOSES:
                todo.extend(user for user, _ in self.users.get(node, []))
            else:
                consumers.append(node)
        return consumers


def leaves_bypassing(root: Tensor, tensors: Iterable[Tensor]) -> set[Tensor]:
    """Leaves that a root depends on by a path through none of some tensors."""
    return leaves_below(root.grad_fn, {(tensor.grad_fn, tensor.output_nr) for tensor in tensors})


def leaves_below(root: Any, stops: Container[Any] = ()) -> set[Tensor]:
    """Leaves below a node, by paths that use none of some edges."""
    todo: list[Any] = [] if root is None else [root]
    seen: set[Any] = set(todo)
    leaves: set[Tensor] = set()
    if root is not None and (leaf := leaf_of(root)) is not None:
        leaves.add(leaf)
    while todo:
        for edge in todo.pop().next_functions:
            below = edge[0]
            if below is None or below in seen or edge in stops:
                continue
            seen.add(below)
            todo.append(below)
            leaf = leaf_of(below)
            if leaf is not None:
                leaves.add(leaf)
    return leaves


def leaf_of(node: Any) -> Tensor | None:
    """The leaf whose gradient a node accumulates, or None."""
    # by name: nodes of users' own functions may have any attributes
    accumulates = node.name() == "torch::autograd::AccumulateGrad"
    return node.variable if accumulates else None


def are_nested(tensors: Sequence[Tensor]) -> bool:
    """Whether one of some tensors was computed from another, or is listed twice."""
    edges = {(tensor.grad_fn, tensor.output_nr) for tensor in tensors}
    if len(edges) < len(tensors):
        return True
    todo: list[Any] = [tensor.grad_fn for tensor in tensors if tensor.grad_fn is not None]
    seen: set[Any] = set(todo)
    while todo and len(edges) > 1:
        for edge in todo.pop().next_functions:
            if edge[0] is None:
                continue
            if edge in edges:
                return True
            if edge[0] not in seen:
                seen.add(edge[0])
                todo.append(edge[0])
    return False
