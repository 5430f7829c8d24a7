"""Inputs and features of equal modules that run as one: tensors, mappings of them, states."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from polytask.encoders import MaskedStage, State, advance

__all__ = [
    "CopyInputs",
    "apply_module",
    "axes_of",
    "call_with",
    "count_first",
    "count_rows",
    "has_own_masks",
    "join_copies",
    "leaves_of",
    "map_tensors",
    "pad_rows",
    "rows_of_copy",
    "state_of",
    "tensors_in",
]

CopyInputs = Tensor | Mapping[str, Tensor] | State
"""What one module takes; of copies apart, with a leading axis over them."""


def call_with(module: nn.Module, call: Callable[[Any], Any], inputs: Any) -> Any:
    """A module's answer to leaves of its inputs, a state's being a list of values and mask."""
    if not isinstance(inputs, list):
        return call(inputs)
    state = State(*inputs)
    if isinstance(module, MaskedStage):
        return call(state)
    return State(call(state.values), state.mask)


def apply_module(module: nn.Module, inputs: CopyInputs, options: Mapping[str, Any]) -> Any:
    """Features of one module."""
    if isinstance(inputs, State):
        return advance(module, inputs)
    return module(inputs, **options)


def leaves_of(features: Any) -> Any:
    """A tensor as it is, a state as a list of the tensors in it."""
    if isinstance(features, State):
        return [part for part in features if part is not None]
    return features


def tensors_in(features: Any) -> list[Tensor]:
    """The tensors of features or of a state."""
    leaves = leaves_of(features)
    return leaves if isinstance(leaves, list) else [leaves]


def axes_of(inputs: CopyInputs, apart: bool) -> Any:
    """The axis over copies of every input."""
    axis = 0 if apart else None
    if not isinstance(inputs, State) or inputs.mask is None:
        return [axis] if isinstance(inputs, State) else axis
    return [axis, 0 if apart and has_own_masks(inputs, apart) else None]


def state_of(leaves: Sequence[Tensor], own_masks: bool) -> State:
    """A state of all copies; a mask of all copies alike without their axis."""
    if len(leaves) == 1:
        return State(leaves[0])
    values, mask = leaves
    return State(values, mask if own_masks else mask[0])


def has_own_masks(inputs: CopyInputs, apart: bool) -> bool:
    """Whether masks of sequences differ between copies."""
    if isinstance(inputs, State) and inputs.mask is not None:
        return inputs.mask.ndim == 3
    return apart


def join_copies(features: Sequence[Any], own_masks: bool) -> Any:
    """What copies gave one after another along a leading axis."""
    if isinstance(features[0], Tensor):
        return torch.stack(list(features))
    mask = features[0].mask
    if own_masks and mask is not None:
        mask = torch.stack([state.mask for state in features])
    return State(torch.stack([state.values for state in features]), mask)


def rows_of_copy(inputs: CopyInputs, position: int, size: int) -> Any:
    """The first rows of one copy's own inputs."""
    if isinstance(inputs, State) and inputs.mask is not None and inputs.mask.ndim == 2:
        return State(inputs.values[position, :size], inputs.mask[:size])
    return map_tensors(inputs, lambda part: part[position, :size])


def count_first(features: Any) -> int:
    """Rows of features of one module."""
    return len(tensors_in(features)[0])


def count_rows(inputs: CopyInputs) -> int:
    """Rows of each copy, of inputs with a leading axis over the copies."""
    first = inputs.values if isinstance(inputs, State) else inputs
    return (first if isinstance(first, Tensor) else next(iter(first.values()))).shape[1]


def pad_rows(rows: Tensor, n_more: int) -> Tensor:
    """Append rows of zeros."""
    return nn.functional.pad(rows, [0, 0] * (rows.ndim - 1) + [0, n_more])


def map_tensors(inputs: Any, function: Callable[..., Tensor]) -> Any:
    """Apply a function to every tensor of inputs or features."""
    if isinstance(inputs, Tensor):
        return function(inputs)
    if isinstance(inputs, State):
        mask = None if inputs.mask is None else function(inputs.mask)
        return State(function(inputs.values), mask)
    return {name: function(part) for name, part in inputs.items()}
