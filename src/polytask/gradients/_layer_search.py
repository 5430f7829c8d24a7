"""Search of the autograd graph for layers whose gradients can be stored factored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from polytask.gradients._autograd_graph import CASTS, TRANSPOSES, AutogradGraph, leaf_of
from polytask.gradients._convolution_gradients import ConvolutionGradients
from polytask.gradients._dense_gradients import DenseGradients
from polytask.gradients._embedding_gradients import EmbeddingGradients
from polytask.gradients._layer_gradients import LayerGradients
from polytask.gradients._linear_gradients import LinearGradients

__all__ = ["find_layers"]


def find_layers(
    graph: AutogradGraph, shared: Sequence[Tensor], *, by_rows: bool = False
) -> list[LayerGradients]:
    """Sort shared parameters into linear layers, embeddings and all others.

    Parameters that no loss depends on are left out. Convolutions are a form of their own where
    tasks are to be separated by rows.
    """
    reached = [parameter for parameter in shared if parameter in graph.leaves]
    layers: list[LayerGradients] = []
    assigned: set[Tensor] = set()
    candidates = set(reached)
    for weight in reached:
        if weight in assigned:
            continue
        free = candidates - assigned
        layer: LinearGradients | EmbeddingGradients | ConvolutionGradients | None
        layer = _match_linear(graph, weight, free) or _match_embedding(graph, weight)
        if layer is None and by_rows:
            layer = _match_convolution(graph, weight, free)
        if layer is not None:
            layers.append(layer)
            assigned.add(weight)
            bias = getattr(layer, "bias", None)
            if bias is not None:
                assigned.add(bias)
    rest = [parameter for parameter in reached if parameter not in assigned]
    return [*layers, DenseGradients(rest)] if rest else layers


def _match_linear(
    graph: AutogradGraph, weight: Tensor, free: set[Tensor]
) -> LinearGradients | None:
    """The layer, if every use of the weight is as right-hand side of a matrix product."""
    if weight.ndim != 2 or weight.is_complex():
        return None
    uses = [
        use
        for user in graph.users_of(weight)
        for use in _matrix_products(graph, *user, flipped=False)
    ]
    if not uses or any(use is None for use in uses):
        return None
    nodes, flips = zip(*uses, strict=True)
    if len(set(flips)) > 1 or not all(map(_is_unscaled, nodes)):
        return None
    activations = [activation for node in nodes if (activation := _activation(node)) is not None]
    if len(activations) < len(nodes) or any(a.layout != torch.strided for a in activations):
        return None
    n_outputs = weight.shape[0 if flips[0] else 1]
    bias = _match_bias(graph, nodes, free, n_outputs)
    return LinearGradients(weight, bias, nodes, activations, transposed=not flips[0])


def _matrix_products(
    graph: AutogradGraph, node: Any, position: int, *, flipped: bool
) -> list[tuple[Any, bool] | None]:
    """Matrix products that use the weight through casts and transpositions; None for others."""
    name = node.name()
    if name in CASTS or name in TRANSPOSES:
        turned = flipped != (name in TRANSPOSES)
        return [
            use
            for user in graph.users.get(node, [])
            for use in _matrix_products(graph, *user, flipped=turned)
        ]
    right = {"AddmmBackward0": 2, "MmBackward0": 1}.get(name)
    return [(node, flipped) if position == right else None]


def _is_unscaled(node: Any) -> bool:
    """Whether an addmm adds its bias and product unscaled."""
    return node.name() == "MmBackward0" or (node._saved_alpha == 1 and node._saved_beta == 1)  # noqa: SLF001


def _activation(node: Any) -> Tensor | None:
    return node._saved_self if node.name() == "MmBackward0" else node._saved_mat1  # noqa: SLF001


def _match_bias(
    graph: AutogradGraph, nodes: Sequence[Any], free: set[Tensor], size: int
) -> Tensor | None:
    """The bias that all these products add and nothing else uses."""
    if any(node.name() != "AddmmBackward0" for node in nodes):
        return None
    leaves = {_leaf_below_casts(node.next_functions[0][0]) for node in nodes}
    bias = leaves.pop()
    if leaves or bias is None or bias not in free or bias.shape != (size,):
        return None
    uses = {use for user in graph.users_of(bias) for use in _uses_past_casts(graph, *user)}
    return bias if uses == {(node, 0) for node in nodes} else None


def _leaf_below_casts(node: Any) -> Tensor | None:
    while node is not None and node.name() in CASTS:
        node = node.next_functions[0][0]
    return None if node is None else leaf_of(node)


def _uses_past_casts(graph: AutogradGraph, node: Any, position: int) -> list[tuple[Any, int]]:
    if node.name() in CASTS:
        return [use for user in graph.users.get(node, []) for use in _uses_past_casts(graph, *user)]
    return [(node, position)]


def _match_convolution(
    graph: AutogradGraph, weight: Tensor, free: set[Tensor]
) -> ConvolutionGradients | None:
    """The layer, if every use of the weight is in a convolution."""
    uses = graph.users_of(weight)
    if weight.is_complex() or any(
        node.name() != "ConvolutionBackward0" or position != 1 for node, position in uses
    ):
        return None
    nodes = [node for node, _ in uses]
    leaves = {_leaf_below_casts(node.next_functions[2][0]) for node in nodes}
    bias = leaves.pop() if len(leaves) == 1 else None
    bias_uses = set() if bias is None else set(graph.users_of(bias))
    owned = bias in free and bias_uses == {(node, 2) for node in nodes}
    return ConvolutionGradients(weight, bias if owned else None, nodes)


def _match_embedding(graph: AutogradGraph, weight: Tensor) -> EmbeddingGradients | None:
    """The table, if every use of the weight is a look-up whose gradients simply add."""
    uses = graph.users_of(weight)
    if weight.is_complex() or not all(_is_plain_lookup(node) for node, _ in uses):
        return None
    return EmbeddingGradients(weight, [node for node, _ in uses]) if uses else None


def _is_plain_lookup(node: Any) -> bool:
    return node.name() == "EmbeddingBackward0" and not node._saved_scale_grad_by_freq  # noqa: SLF001
