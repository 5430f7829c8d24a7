"""What `backward` is given, checked and as engines take it."""

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
    "check_rows",
    "check_second",
    "consumed_graphs_said",
    "distinct",
    "no_graph",
    "stacked",
]


def check(parameter: str, accepted: Constraint, value: object, owner: str = "backward") -> None:
    """Refuse a value outside a set."""
    if not accepted.accepts(value):
        raise ParameterError(message(owner, parameter, str(accepted), value))


def check_aggregator(aggregator: object) -> None:
    """Refuse classes, names and weightings, which stand in the same lists as aggregators."""
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


def stacked(
    losses: Tensor | Sequence[Tensor], parameter: str = "losses", owner: str = "backward"
) -> Tensor:
    """The losses as one tensor with an entry a task."""
    if isinstance(losses, list | tuple) and losses and all(map(_is_scalar, losses)):
        return torch.stack(list(losses))
    if isinstance(losses, Tensor) and losses.ndim == 1 and len(losses):
        return losses
    expected = "a tensor of shape (n_tasks,) or a sequence of scalar tensors"
    raise ParameterError(message(owner, parameter, expected, losses, _way_to_losses(losses)))


def _is_scalar(loss: object) -> bool:
    return isinstance(loss, Tensor) and loss.ndim == 0


def _way_to_losses(losses: object) -> str | None:
    """What to do about losses of another shape."""
    if _is_scalar(losses):
        return "Give the losses of the tasks before they are summed."
    if isinstance(losses, Tensor) and losses.ndim > 1:
        return "Reduce each task's losses to one number, such as by `.mean(dim=0)`."
    if isinstance(losses, Mapping):
        return "Give `list(losses.values())`."
    if not isinstance(losses, list | tuple) or not losses:
        return "Give one loss a task."
    index, wrong = next((k, one) for k, one in enumerate(losses) if not _is_scalar(one))
    if isinstance(wrong, Tensor):
        return f"Entry {index} has the shape {tuple(wrong.shape)}: reduce it to one number."
    if wrong is None:
        return f"Entry {index} is None: give a zero for an absent task, and `present`."
    return f"Entry {index} is no tensor: give losses with their graph, not their values."


def check_finite(losses: Tensor, rows: Tensor) -> None:
    """Refuse infinite losses of tasks that are present."""
    if math.isfinite(float(losses.sum())):
        return
    bad = [k for k in rows.tolist() if not math.isfinite(float(losses[k]))]
    if bad:
        named = ", ".join(f"{float(losses[k]):g} for task {k}" for k in bad[:5])
        sentence = (
            f"The `losses` parameter of backward must be finite. Got {named}. If the batch has no "
            "label of the task, say so by `present`; otherwise lower the learning rate, clip "
            "gradients, or look for extreme inputs and targets."
        )
        raise NonFiniteLossError(sentence)


def distinct(parameters: Iterable[Tensor], owner: str = "backward") -> list[Tensor]:
    """Parameters that need gradients, those named several times once; at least one."""
    listed = _listed(parameters, owner)
    found = list(dict.fromkeys(one for one in listed if one.requires_grad))
    inner = next((one for one in found if not one.is_leaf), None)
    if inner is not None:
        remedy = "It was computed from others: what heads start from is given as `features`."
        raise _no_parameters(inner, remedy, owner)
    if not found:
        sentence = (
            f"The `shared_parameters` parameter of {owner} must be parameters that need gradients. "
            "Got none; without shared parameters there is nothing to aggregate. Thaw them, and "
            "call `trunk.parameters()` anew each time: it can be walked through only once."
        )
        raise ParameterError(sentence)
    return found


def _listed(parameters: Any, owner: str) -> list[Tensor]:
    if isinstance(parameters, Tensor):
        return [parameters]
    if isinstance(parameters, nn.Module):
        raise _no_parameters(parameters, "Give its `.parameters()`.", owner)
    if not isinstance(parameters, Iterable):
        remedy = "Call it." if callable(parameters) else "Give those of the trunk."
        raise _no_parameters(parameters, remedy, owner)
    listed = list(parameters)
    wrong = next((one for one in listed if not isinstance(one, Tensor)), None)
    if wrong is not None:
        remedy = "Give the parameters themselves, such as by `trunk.parameters()`."
        raise _no_parameters(wrong, remedy, owner)
    return listed


def _no_parameters(got: object, remedy: str, owner: str) -> ParameterError:
    expected = "an iterable of parameters"
    return ParameterError(message(owner, "shared_parameters", expected, got, remedy))


def check_present(present: Tensor, n_tasks: int, owner: str = "backward") -> None:
    """Refuse anything but a truth value a task."""
    fits = isinstance(present, Tensor) and present.shape == (n_tasks,)
    if not fits or present.dtype != torch.bool:
        expected = f"a bool tensor of shape ({n_tasks},), as the losses"
        remedy = "True stands for a task that the batch has labels of."
        raise ParameterError(message(owner, "present", expected, present, remedy))


def check_rows(rows: Tensor, n_tasks: int, features: Sequence[Tensor] | None) -> None:
    """Refuse anything but the number of a task for every row."""
    if not _are_numbers(rows) or bool(((rows < 0) | (rows >= n_tasks)).any()):
        expected = f"a tensor of shape (n_rows,) of numbers from 0 to {n_tasks - 1}"
        raise ParameterError(message("backward", "rows", expected, rows))
    if features and all(len(one) != len(rows) for one in features):
        expected = f"one number for each of the {len(features[0])} rows that the features have"
        raise ParameterError(message("backward", "rows", expected, rows))


def _are_numbers(rows: object) -> bool:
    if not isinstance(rows, Tensor) or rows.ndim != 1:
        return False
    return not (rows.is_floating_point() or rows.dtype == torch.bool)


def check_features(features: Sequence[Tensor]) -> None:
    """Refuse anything but tensors."""
    fits = isinstance(features, list | tuple) and all(isinstance(f, Tensor) for f in features)
    if not fits:
        expected = "a tensor or a sequence of tensors"
        raise ParameterError(message("backward", "features", expected, features))


def check_second(second: Tensor, n_tasks: int) -> None:
    """Refuse other tasks' losses, and such without a graph, which would teach nothing."""
    if len(second) != n_tasks or not second.requires_grad:
        expected = f"{n_tasks} losses, as `losses`, with their graph"
        raise ParameterError(message("backward", "second", expected, second))


def check_graph(step: Step, owner: str = "backward") -> None:
    """Refuse losses that lead to no shared parameter."""
    if not step.losses.requires_grad:
        raise no_graph(owner, "shared_parameters")
    if not step.graph.leaves.keys() & set(step.shared):
        sentence = (
            f"The `losses` parameter of {owner} must depend on `shared_parameters`. No loss does: "
            "give the parameters that the losses were computed with, with their graph."
        )
        raise ParameterError(sentence)


def no_graph(owner: str, parameters: str) -> ParameterError:
    """The error about losses that were detached."""
    sentence = (
        f"The `losses` parameter of {owner} must depend on `{parameters}`. They have no "
        "graph: compute them anew, neither detached nor under torch.no_grad()."
    )
    return ParameterError(sentence)


@contextmanager
def consumed_graphs_said(owner: str = "backward") -> Iterator[None]:
    """Say whose graph a second pass found consumed: torch's own remedy is not at hand here."""
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
