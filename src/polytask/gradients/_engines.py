"""Engines: ways to compute the gradients of all tasks on shared parameters."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from polytask._validation import Choice, message
from polytask.exceptions import ParameterError
from polytask.gradients._autograd_graph import AutogradGraph
from polytask.gradients._dense_gradients import DenseGradients
from polytask.gradients._layer_gradients import LayerGradients
from polytask.gradients._layer_search import find_layers
from polytask.gradients._linear_heads import factor_linear_heads
from polytask.gradients._step import Step
from polytask.gradients._task_gradients import GradientRounds, SurrogateGradients, TaskGradients

__all__ = ["ENGINES", "compute_jacobian", "compute_task_gradients"]

_logger = logging.getLogger("polytask.gradients")

ENGINES = Choice(("auto", "layerwise", "batched", "per_task", "last_layer", "features"))


def compute_task_gradients(
    engine: str, step: Step
) -> TaskGradients | GradientRounds | SurrogateGradients:
    """Gradients of the tasks present, as the engine measures them."""
    if not ENGINES.accepts(engine):
        raise ParameterError(message("backward", "engine", str(ENGINES), engine))
    layers = _layers(engine, step)
    factored = factor_linear_heads(step) if engine == "features" else None
    if factored is not None:
        return SurrogateGradients(factored)
    _log_engine(engine, tuple(layer.describe() for layer in layers))
    groups = _split_by_memory(layers, step)
    if len(groups) > 1:
        return GradientRounds([partial(_run_passes, engine, step, group) for group in groups])
    gradients = _run_passes(engine, step, layers)
    gradients.complete = engine not in {"last_layer", "features"}
    return gradients


def compute_jacobian(step: Step) -> Float[Tensor, "k p"]:
    """The gradients of the tasks present in one buffer, with a column per shared number."""
    dense = DenseGradients(step.shared)
    TaskGradients.by_tasks(step.roots(), len(step.indices), [dense])
    return dense.jacobian()


def _run_passes(engine: str, step: Step, layers: list[LayerGradients]) -> TaskGradients:
    """Backward passes by rows, batched or per task, whichever is possible and cheapest."""
    if not layers:
        return TaskGradients(layers, len(step.indices))
    if step.task_of_row is not None and len(step.task_of_row) and _are_separable(step, layers):
        numbers = torch.cumsum(step.served.present, dim=0) - 1  # absent tasks' signals are zero
        task_of_row = numbers.clamp(min=0)[step.task_of_row]
        return TaskGradients.by_rows(step.present_losses, layers, task_of_row)
    if engine == "batched" or (engine == "auto" and step.losses.is_cuda):
        gradients = TaskGradients.batched(step.present_losses, layers)
        if gradients is not None:
            return gradients
    return TaskGradients.by_tasks(step.roots(), len(step.indices), layers)


def _split_by_memory(layers: list[LayerGradients], step: Step) -> list[list[LayerGradients]]:
    """Groups of layers whose gradients fit into memory together."""
    groups: list[list[LayerGradients]] = []
    remaining = 0
    for layer in layers:
        size = layer.n_stored() * len(step.indices) * step.losses.element_size()
        if not groups or size > remaining:
            groups.append([])
            remaining = step.memory_limit
        groups[-1].append(layer)
        remaining -= size
    return groups


@lru_cache
def _log_engine(engine: str, forms: tuple[str, ...]) -> None:
    """Log how gradients are computed, once per kind of network."""
    _logger.info("gradients by engine %r: %s", engine, ", ".join(forms))


def _are_separable(step: Step, layers: list[LayerGradients]) -> bool:
    """Whether every layer can be separated by rows and no batch statistics mix them."""
    return all(layer.separable for layer in layers) and not any(
        map(_may_mix_rows, step.graph.nodes)
    )


def _may_mix_rows(node: Any) -> bool:
    """Whether an operation uses batch statistics, or may hide such a use."""
    if "CompiledFunction" in node.name():
        return True
    return "BatchNorm" in node.name() and getattr(node, "_saved_training", True)


def _layers(engine: str, step: Step) -> list[LayerGradients]:
    """The layers whose gradients the engine computes, each in its form."""
    if engine == "features":
        if not step.features:
            sentence = (
                "The engine 'features' of backward works on what all heads start from. "
                "Give it as `features`, or choose the engine 'last_layer'."
            )
            raise ParameterError(sentence)
        _check_features(step, step.features)
        return [DenseGradients(list(step.features))]
    graph = step.graph
    if engine == "last_layer":
        return find_layers(graph, _last_shared(graph, step))
    if engine == "per_task":
        return [DenseGradients(step.shared)]
    return find_layers(graph, step.shared, by_rows=step.task_of_row is not None)


def _check_features(step: Step, features: Sequence[Tensor]) -> None:
    graph = step.graph
    if not any(f.grad_fn in graph.nodes or f in graph.leaves for f in features):
        expected = "tensors that the losses were computed from, and not copies or views of them"
        raise ParameterError(message("backward", "features", expected, features))


def _last_shared(graph: AutogradGraph, step: Step) -> list[Tensor]:
    """Shared parameters with no other shared matrix between them and the losses."""
    matrices = {node for p in step.shared if p.ndim > 1 for node in graph.consumers(p)}
    todo: list[Any] = [step.losses.grad_fn]
    seen: set[Any] = set()
    last: set[Any] = set()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node in matrices:
            last.add(node)
        else:
            todo.extend(below for below, _ in node.next_functions)
    return [p for p in step.shared if last.intersection(graph.consumers(p))]
