"""Checks of the arguments of `backward` and `gramian`, and their conversion for the engines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from polytask._validation import Constraint, message
from polytask.exceptions import NonFiniteLossError, ParameterError
from polytask.gradients._step import Step

__all__ = [
    "check",
    "check_aggregator",
    "check_features",
    "check_finite",
    "check_graph",
    "check_present",
    "check_second",
    "check_task_of_row",
    "consumed_graphs_explained",
    "no_graph_error",
    "no_shared_parameter_error",
    "stack_losses",
    "unique_parameters",
]


def check(parameter: str, accepted: Constraint, value: object, owner: str = "backward") -> None:
    """Refuse a value that a constraint does not accept."""
    if not accepted.accepts(value):
        raise ParameterError(message(owner, parameter, str(accepted), value))


def check_aggregator(aggregator: object) -> None:
    """Refuse classes, names and weightings, which are easily taken for aggregators."""
    if isinstance(aggregator, type):
        remedy = f"Make an object of the class: {aggregator.__name__}()."
    elif isinstance(aggregator, str):
        remedy = "Names are for the trainer; here give an object of polytask.aggregation."
    elif hasattr(aggregator, "scalarize"):
        remedy = "It is a weighting: give `weights * losses` with its weights as the losses."
    else:
        return
    expected = "an aggregator, or a callable on a matrix such as TorchJD's aggregators"
    raise ParameterError(message("backward", "aggregator", expected, aggregator, remedy))


def stack_losses(
    losses: Tensor | Sequence[Tensor], parameter: str = "losses", owner: str = "backward"
) -> Tensor:
    """The losses as one tensor with one entry per task."""
    if isinstance(losses, list | tuple) and losses and all(map(_is_scalar, losses)):
        return torch.stack(list(losses))
    if isinstance(losses, Tensor) and losses.ndim == 1 and len(losses):
        return losses
    expected = "a tensor of shape (n_tasks,) or a sequence of scalar tensors"
    raise ParameterError(message(owner, parameter, expected, losses, _remedy_for_losses(losses)))


def _is_scalar(loss: object) -> bool:
    return isinstance(loss, Tensor) and loss.ndim == 0


def _remedy_for_losses(losses: object) -> str | None:
    """How to get a vector of losses from what was given."""
    if _is_scalar(losses):
        return "Give the losses of the tasks before they are summed."
    if isinstance(losses, Tensor) and losses.ndim > 1:
        return "Reduce each task's losses to one number, such as by `.mean(dim=0)`."
    if isinstance(losses, Mapping):
        return "Give `list(losses.values())`."
    if not isinstance(losses, list | tuple) or not losses:
        return "Give one loss per task."
    index, wrong = next((k, loss) for k, loss in enumerate(losses) if not _is_scalar(loss))
    if isinstance(wrong, Tensor):
        return f"Entry {index} has the shape {tuple(wrong.shape)}: reduce it to one number."
    if wrong is None:
        return f"Entry {index} is None: give a zero for an absent task, and `present`."
    return f"Entry {index} is no tensor: give losses with their graph, not their values."


def check_finite(losses: Tensor, indices: Tensor) -> None:
    """Refuse losses of tasks present that are infinite or not a number."""
    if math.isfinite(float(losses.sum())):
        return
    tasks = [k for k in indices.tolist() if not math.isfinite(float(losses[k]))]
    if tasks:
        values = ", ".join(f"{float(losses[k]):g} for task {k}" for k in tasks[:5])
        sentence = (
            f"The `losses` parameter of backward must be finite. Got {values}. If the batch has no "
            "label of the task, say so by `present`; otherwise lower the learning rate, clip "
            "gradients, or look for extreme inputs and targets."
        )
        raise NonFiniteLossError(sentence)


def unique_parameters(parameters: Iterable[Tensor], owner: str = "backward") -> list[Tensor]:
    """The parameters that need gradients, each once; at least one."""
    listed = _listed(parameters, owner)
    unique = list(dict.fromkeys(p for p in listed if p.requires_grad))
    computed = next((p for p in unique if not p.is_leaf), None)
    if computed is not None:
        remedy = "It was computed from others: what heads start from is given as `features`."
        raise _parameters_error(computed, remedy, owner)
    if not unique:
        sentence = (
            f"The `shared_parameters` parameter of {owner} must be parameters that need gradients. "
            "Got none; without shared parameters there is nothing to aggregate. Thaw them, and "
            "call `trunk.parameters()` anew each time: it can be walked through only once."
        )
        raise ParameterError(sentence)
    return unique


def _listed(parameters: Any, owner: str) -> list[Tensor]:
    if isinstance(parameters, Tensor):
        return [parameters]
    if isinstance(parameters, nn.Module):
        raise _parameters_error(parameters, "Give its `.parameters()`.", owner)
    if not isinstance(parameters, Iterable):
        remedy = "Call it." if callable(parameters) else "Give those of the trunk."
        raise _parameters_error(parameters, remedy, owner)
    listed = list(parameters)
    wrong = next((item for item in listed if not isinstance(item, Tensor)), None)
    if wrong is not None:
        remedy = "Give the parameters themselves, such as by `trunk.parameters()`."
        raise _parameters_error(wrong, remedy, owner)
    return listed


def _parameters_error(value: object, remedy: str, owner: str) -> ParameterError:
    expected = "an iterable of parameters"
    return ParameterError(message(owner, "shared_parameters", expected, value, remedy))


def check_present(present: Tensor, n_tasks: int, owner: str = "backward") -> None:
    """Refuse anything but one bool per task."""
    fits = isinstance(present, Tensor) and present.shape == (n_tasks,)
    if not fits or present.dtype != torch.bool:
        expected = f"a bool tensor of shape ({n_tasks},), as the losses"
        remedy = "True stands for a task that the batch has labels of."
        raise ParameterError(message(owner, "present", expected, present, remedy))


def check_task_of_row(task_of_row: Tensor, n_tasks: int, features: Sequence[Tensor] | None) -> None:
    """Refuse anything but the index of a task per row."""
    if not _is_index(task_of_row, n_tasks):
        expected = f"a tensor of shape (n_rows,) of numbers from 0 to {n_tasks - 1}"
        raise ParameterError(message("backward", "task_of_row", expected, task_of_row))
    if features and all(len(feature) != len(task_of_row) for feature in features):
        expected = f"one number for each of the {len(features[0])} rows that the features have"
        raise ParameterError(message("backward", "task_of_row", expected, task_of_row))


def _is_index(task_of_row: object, n_tasks: int) -> bool:
    if not isinstance(task_of_row, Tensor) or task_of_row.ndim != 1:
        return False
    if task_of_row.is_floating_point() or task_of_row.dtype == torch.bool:
        return False
    return not bool(((task_of_row < 0) | (task_of_row >= n_tasks)).any())


def check_features(features: Sequence[Tensor]) -> None:
    """Refuse anything but tensors."""
    fits = isinstance(features, list | tuple) and all(isinstance(f, Tensor) for f in features)
    if not fits:
        expected = "a tensor or a sequence of tensors"
        raise ParameterError(message("backward", "features", expected, features))


def check_second(second: Tensor, n_tasks: int, *, graph: bool) -> None:
    """Refuse losses of another number of tasks, and losses without a graph."""
    if len(second) != n_tasks or (graph and not second.requires_grad):
        expected = f"{n_tasks} losses, as `losses`, with their graph"
        raise ParameterError(message("backward", "second", expected, second))


def check_graph(step: Step, owner: str = "backward") -> None:
    """Refuse losses that lead to no shared parameter."""
    if not step.losses.requires_grad:
        raise no_graph_error(owner, "shared_parameters")
    if not step.graph.leaves.keys() & set(step.shared):
        raise no_shared_parameter_error(owner)


def no_shared_parameter_error(owner: str = "backward") -> ParameterError:
    """The error about losses that lead to no shared parameter."""
    sentence = (
        f"The `losses` parameter of {owner} must depend on `shared_parameters`. No loss does: "
        "give the parameters that the losses were computed with, with their graph."
    )
    return ParameterError(sentence)


def no_graph_error(owner: str, parameters: str) -> ParameterError:
    """The error about losses without a graph."""
    sentence = (
        f"The `losses` parameter of {owner} must depend on `{parameters}`. They have no "
        "graph: compute them anew, neither detached nor under torch.no_grad()."
    )
    return ParameterError(sentence)


@contextmanager
def consumed_graphs_explained(owner: str = "backward") -> Iterator[None]:
    """Explain a consumed graph in our terms: torch's own remedy is not available here."""
    try:
        yield
    except RuntimeError as error:
        if "through the graph a second time" not in str(error):
            raise
        sentence = (
            f"The `losses` parameter of {owner} must have their whole graph. An earlier backward "
            "pass consumed some of it: compute the losses anew in every step, and detach what is "
            "carried from one step to the next."
        )
        raise ParameterError(sentence) from error
