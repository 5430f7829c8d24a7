"""Which shared parameters are used in a way that keeps their gradients factored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from polytask.gradients._convolution import ConvolutionPart
from polytask.gradients._direct import DirectPart
from polytask.gradients._embedding import EmbeddingPart
from polytask.gradients._graph import CASTS, TRANSPOSES, Graph, leaf_of
from polytask.gradients._linear import LinearPart
from polytask.gradients._parts import Part

__all__ = ["find_parts"]


def find_parts(graph: Graph, shared: Sequence[Tensor], *, by_rows: bool = False) -> list[Part]:
    """Sort shared parameters into linear layers, embeddings and all others.

    Parameters that no loss depends on are left out. Convolutions are a kind of their own where
    tasks are to be parted by rows.
    """
    reached = [parameter for parameter in shared if parameter in graph.leaves]
    parts: list[Part] = []
    taken: set[Tensor] = set()
    wanted = set(reached)
    for weight in reached:
        if weight in taken:
            continue
        free = wanted - taken
        part: LinearPart | EmbeddingPart | ConvolutionPart | None
        part = _linear(graph, weight, free) or _embedding(graph, weight)
        if part is None and by_rows:
            part = _convolution(graph, weight, free)
        if part is not None:
            parts.append(part)
            taken.add(weight)
            bias = getattr(part, "bias", None)
            if bias is not None:
                taken.add(bias)
    rest = [parameter for parameter in reached if parameter not in taken]
    return [*parts, DirectPart(rest)] if rest else parts


def _linear(graph: Graph, weight: Tensor, free: set[Tensor]) -> LinearPart | None:
    """A part, if every use of the weight is as right-hand side of a matrix product."""
    if weight.ndim != 2 or weight.is_complex():
        return None
    uses = [
        use for user in graph.users_of(weight) for use in _products(graph, *user, flipped=False)
    ]
    if not uses or any(use is None for use in uses):
        return None
    nodes, flips = zip(*uses, strict=True)
    if len(set(flips)) > 1 or not all(map(_plain, nodes)):
        return None
    activations = [found for node in nodes if (found := _activation(node)) is not None]
    if len(activations) < len(nodes) or any(one.layout != torch.strided for one in activations):
        return None
    n_outputs = weight.shape[0 if flips[0] else 1]
    bias = _bias(graph, nodes, free, n_outputs)
    return LinearPart(weight, bias, nodes, activations, transposed=not flips[0])


def _products(
    graph: Graph, node: Any, position: int, *, flipped: bool
) -> list[tuple[Any, bool] | None]:
    """Matrix products that take the weight through casts and transpositions; None for others."""
    name = node.name()
    if name in CASTS or name in TRANSPOSES:
        turned = flipped != (name in TRANSPOSES)
        return [
            use
            for user in graph.users.get(node, [])
            for use in _products(graph, *user, flipped=turned)
        ]
    right = {"AddmmBackward0": 2, "MmBackward0": 1}.get(name)
    return [(node, flipped) if position == right else None]


def _plain(node: Any) -> bool:
    """Whether an addmm adds its bias and product unscaled."""
    return node.name() == "MmBackward0" or (node._saved_alpha == 1 and node._saved_beta == 1)  # noqa: SLF001


def _activation(node: Any) -> Tensor | None:
    return node._saved_self if node.name() == "MmBackward0" else node._saved_mat1  # noqa: SLF001


def _bias(graph: Graph, nodes: Sequence[Any], free: set[Tensor], size: int) -> Tensor | None:
    """The bias that all these products add and nothing else uses."""
    if any(node.name() != "AddmmBackward0" for node in nodes):
        return None
    found = {_leaf_of(node.next_functions[0][0]) for node in nodes}
    bias = found.pop()
    if found or bias is None or bias not in free or bias.shape != (size,):
        return None
    ends = {end for user in graph.users_of(bias) for end in _additions(graph, *user)}
    return bias if ends == {(node, 0) for node in nodes} else None


def _leaf_of(node: Any) -> Tensor | None:
    while node is not None and node.name() in CASTS:
        node = node.next_functions[0][0]
    return None if node is None else leaf_of(node)


def _additions(graph: Graph, node: Any, position: int) -> list[tuple[Any, int]]:
    if node.name() in CASTS:
        return [end for user in graph.users.get(node, []) for end in _additions(graph, *user)]
    return [(node, position)]


def _convolution(graph: Graph, weight: Tensor, free: set[Tensor]) -> ConvolutionPart | None:
    """A part, if every use of the weight is in a convolution."""
    uses = graph.users_of(weight)
    if weight.is_complex() or any(
        node.name() != "ConvolutionBackward0" or position != 1 for node, position in uses
    ):
        return None
    nodes = [node for node, _ in uses]
    found = {_leaf_of(node.next_functions[2][0]) for node in nodes}
    bias = found.pop() if len(found) == 1 else None
    ends = set() if bias is None else set(graph.users_of(bias))
    owned = bias in free and ends == {(node, 2) for node in nodes}
    return ConvolutionPart(weight, bias if owned else None, nodes)


def _embedding(graph: Graph, weight: Tensor) -> EmbeddingPart | None:
    uses = graph.users_of(weight)
    if weight.is_complex() or not all(_plain_lookup(node) for node, _ in uses):
        return None
    return EmbeddingPart(weight, [node for node, _ in uses]) if uses else None


def _plain_lookup(node: Any) -> bool:
    """Whether a node looks up rows whose gradients simply add."""
    return node.name() == "EmbeddingBackward0" and not node._saved_scale_grad_by_freq  # noqa: SLF001
