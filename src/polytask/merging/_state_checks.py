"""Checks of networks to merge, of one start with equal shapes and types, and of what they give."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from polytask._listing import enumerated
from polytask._naming import suggestion
from polytask._validation import describe, message
from polytask.exceptions import ParameterError

__all__ = ["check_merged", "check_states"]

_REMEDY = "Merge networks of one architecture, fine-tuned from one start, or leave the tensor out."


def check_states(
    owner: str,
    start: Mapping[str, Tensor],
    tuned: Mapping[str, Mapping[str, Tensor]],
    buffers: Collection[str],
) -> None:
    """Raise unless the fine-tuned states fit the start.

    Parameters
    ----------
    owner : str
        Name of the method, for errors.
    start, tuned, buffers
        As `polytask.merging.Merging.merge` takes them.

    Raises
    ------
    ParameterError
    """
    _check_state(owner, "start", start, "a mapping of name to tensor")
    if not isinstance(tuned, Mapping) or not tuned:
        expected = "a mapping of at least one task to its network's tensors"
        raise ParameterError(message(f"{owner}.merge", "tuned", expected, tuned))
    for task, state in tuned.items():
        _check_state(owner, "tuned", state, f"mappings of name to tensor, also for {task!r}")
        for name in state:
            if name not in start:
                sentence = (
                    f"The network of {task!r} has a tensor {name!r} that the start has not. "
                    f"{suggestion(name, start)} {_REMEDY}"
                )
                raise ParameterError(sentence)
    for name, tensor in start.items():
        own = {task: state[name] for task, state in tuned.items() if name in state}
        _check_shapes(name, tensor, own)
        _check_types(name, tensor, own)
        if name not in buffers:
            _check_finite(name, {"the start": tensor, **_named(own)})
    unknown = next((name for name in buffers if name not in start), None)
    if unknown is not None:
        expected = "names of tensors of the start"
        remedy = suggestion(unknown, start)
        raise ParameterError(message(f"{owner}.merge", "buffers", expected, unknown, remedy))


def check_merged(owner: str, merged: Mapping[str, Tensor]) -> None:
    """Raise unless merged tensors are finite, which sums of finite ones in half precision may not be.

    Raises
    ------
    ParameterError
    """
    for name, tensor in merged.items():
        if not bool(torch.isfinite(tensor).all()):
            dtype = str(tensor.dtype).removeprefix("torch.")
            sentence = (
                f"{owner} merges the tensor {name!r} into values that are not finite in {dtype}. "
                "Add less of every network, such as by a smaller `scale`, or give `start` and "
                "`tuned` in a wider type, such as float32."
            )
            raise ParameterError(sentence)


def _check_state(owner: str, parameter: str, state: object, expected: str) -> None:
    """Refuse what is no mapping of tensors, such as a module."""
    where = f"{owner}.merge"
    if isinstance(state, torch.nn.Module):
        remedy = "Give its tensors: network.state_dict()."
        raise ParameterError(message(where, parameter, expected, state, remedy))
    if not isinstance(state, Mapping):
        raise ParameterError(message(where, parameter, expected, state))
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            sentence = (
                f"The `{parameter}` parameter of {where} must be {expected}. Got "
                f"{describe(tensor)} for {name!r} instead."
            )
            raise ParameterError(sentence)


def _check_shapes(name: str, tensor: Tensor, own: Mapping[str, Tensor]) -> None:
    """Refuse networks of different shapes, and name them all."""
    by_shape: dict[tuple[int, ...], list[str]] = {}
    for task, other in own.items():
        if other.shape != tensor.shape:
            by_shape.setdefault(tuple(other.shape), []).append(repr(task))
    if by_shape:
        others = [f"{shape} in {_of(tasks)}" for shape, tasks in by_shape.items()]
        sentence = (
            f"Networks of different shapes cannot be merged: the tensor {name!r} has shape "
            f"{tuple(tensor.shape)} in the start, but {enumerated(others)}. {_REMEDY}"
        )
        raise ParameterError(sentence)


def _check_types(name: str, tensor: Tensor, own: Mapping[str, Tensor]) -> None:
    """Refuse a tensor that is of floating point here and not there, or complex."""
    for task, other in own.items():
        alike = other.is_floating_point() == tensor.is_floating_point()
        if not alike or other.is_complex() or tensor.is_complex():
            types = [str(t.dtype).removeprefix("torch.") for t in (tensor, other)]
            sentence = (
                f"The tensor {name!r} is of {types[0]} in the start and of {types[1]} in the network "
                f"of {task!r}; only numbers of floating point are merged. {_REMEDY}"
            )
            raise ParameterError(sentence)


def _check_finite(name: str, tensors: Mapping[str, Tensor]) -> None:
    for network, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            sentence = (
                f"The tensor {name!r} of {network} holds values that are not finite: its training "
                "diverged. Lower the learning rate; a tensor that is not learned may be left out, or "
                "named in `buffers`."
            )
            raise ParameterError(sentence)


def _named(own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"the network of {task!r}": tensor for task, tensor in own.items()}


def _of(tasks: list[str]) -> str:
    return f"the network{'s' * (len(tasks) > 1)} of {enumerated(tasks)}"
