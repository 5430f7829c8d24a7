"""Which form of the tasks' gradients an engine computes."""

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
from polytask.gradients._direct import DirectPart
from polytask.gradients._graph import Graph
from polytask.gradients._layers import find_parts
from polytask.gradients._linear_heads import rows_of_linear_heads
from polytask.gradients._parts import Part
from polytask.gradients._step import Step
from polytask.gradients._task_gradients import OnlyGramian, Sweeps, TaskGradients

__all__ = ["ENGINES", "explicit_jacobian", "task_gradients"]

_logger = logging.getLogger("polytask.gradients")

ENGINES = Choice(("auto", "layerwise", "batched", "per_task", "last_layer", "features"))


def task_gradients(engine: str, step: Step) -> TaskGradients | Sweeps | OnlyGramian:
    """Gradients of the tasks present, as the engine measures them."""
    if not ENGINES.accepts(engine):
        raise ParameterError(message("backward", "engine", str(ENGINES), engine))
    parts = _parts(engine, step)
    known = rows_of_linear_heads(step) if engine == "features" else None
    if known is not None:
        return OnlyGramian(known)
    _say(engine, tuple(part.describe() for part in parts))
    groups = _groups(parts, step)
    if len(groups) > 1:
        return Sweeps([partial(_gradients, engine, step, group) for group in groups])
    found = _gradients(engine, step, parts)
    found.complete = engine not in {"last_layer", "features"}
    return found


def _gradients(engine: str, step: Step, parts: list[Part]) -> TaskGradients:
    if not parts:
        return TaskGradients(parts, len(step.rows))
    if step.task_of_row is not None and len(step.task_of_row) and _rows_stay_apart(step, parts):
        numbers = torch.cumsum(step.served.present, dim=0) - 1  # absent tasks' signals are zero
        owner = numbers.clamp(min=0)[step.task_of_row]
        return TaskGradients.by_rows(step.present_losses, parts, owner)
    if engine == "batched" or (engine == "auto" and step.losses.is_cuda):
        found = TaskGradients.batched(step.present_losses, parts)
        if found is not None:
            return found
    return TaskGradients.by_tasks(step.starts(), len(step.rows), parts)


def _groups(parts: list[Part], step: Step) -> list[list[Part]]:
    """Parts that fit into memory together."""
    groups: list[list[Part]] = []
    room = 0
    for part in parts:
        size = part.entries() * len(step.rows) * step.losses.element_size()
        if not groups or size > room:
            groups.append([])
            room = step.memory_limit
        groups[-1].append(part)
        room -= size
    return groups


@lru_cache
def _say(engine: str, parts: tuple[str, ...]) -> None:
    """Log how gradients are found, once for every kind of network."""
    _logger.info("gradients by engine %r: %s", engine, ", ".join(parts))


def explicit_jacobian(step: Step) -> Float[Tensor, "k p"]:
    """The gradients of the tasks present in one buffer, a column for every shared parameter."""
    part = DirectPart(step.shared)
    TaskGradients.by_tasks(step.starts(), len(step.rows), [part])
    return part.jacobian()


def _rows_stay_apart(step: Step, parts: list[Part]) -> bool:
    """Whether every part can be parted by rows and no batch statistics mix them."""
    return all(part.separable for part in parts) and not any(map(_may_mix, step.graph.nodes))


def _may_mix(node: Any) -> bool:
    """Whether batch statistics are, or may be hidden, in an operation."""
    if "CompiledFunction" in node.name():
        return True
    return "BatchNorm" in node.name() and getattr(node, "_saved_training", True)


def _parts(engine: str, step: Step) -> list[Part]:
    if engine == "features":
        if not step.features:
            sentence = (
                "The engine 'features' of backward works on what all heads start from. "
                "Give it as `features`, or choose the engine 'last_layer'."
            )
            raise ParameterError(sentence)
        _check_features(step, step.features)
        return [DirectPart(list(step.features))]
    graph = step.graph
    if engine == "last_layer":
        return find_parts(graph, _last_shared(graph, step))
    if engine == "per_task":
        return [DirectPart(step.shared)]
    return find_parts(graph, step.shared, by_rows=step.task_of_row is not None)


def _check_features(step: Step, features: Sequence[Tensor]) -> None:
    if not any(one.grad_fn in step.graph.nodes or one in step.graph.leaves for one in features):
        expected = "tensors that the losses were computed from, and not copies or views of them"
        raise ParameterError(message("backward", "features", expected, features))


def _last_shared(graph: Graph, step: Step) -> list[Tensor]:
    """Shared parameters that no other shared matrix stands between and the losses."""
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
