"""Equal modules that run one after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from polytask.architectures._copied_inputs import (
    CopyInputs,
    apply_module,
    count_first,
    count_rows,
    has_own_masks,
    join_copies,
    map_tensors,
    pad_rows,
    rows_of_copy,
)

__all__ = ["run_alike", "run_apart"]


def run_alike(
    modules: Iterable[nn.Module],
    inputs: CopyInputs,
    options: Mapping[str, Any],
    *,
    own_masks: bool = False,
) -> Any:
    """Features of every module for the same inputs, along a leading axis."""
    return join_copies([apply_module(module, inputs, options) for module in modules], own_masks)


def run_apart(
    modules: Sequence[nn.Module],
    inputs: CopyInputs,
    sizes: Sequence[int] | None,
    options: Mapping[str, Any],
) -> Any:
    """Features of every module for inputs of its own, along a leading axis.

    Parameters
    ----------
    modules : sequence of nn.Module
    inputs : tensor, mapping of str to tensor, or State
        With a leading axis over the modules.
    sizes : sequence of int or None
        How many rows of each module count; it does not receive the others, whose features are 0.
    options : mapping
        What the modules take beside the inputs.
    """
    n_rows = count_rows(inputs)
    counts = [n_rows] * len(modules) if sizes is None else sizes
    features: list[Any] = [None] * len(modules)
    for i, size in enumerate(counts):
        if size or not any(counts):  # without any row, for the form of the features
            own = rows_of_copy(inputs, i, size)
            rows = apply_module(modules[i], own, options)
            more = (n_rows - size) * (count_first(rows) // size if size else 1)
            features[i] = map_tensors(rows, lambda part, more=more: pad_rows(part, more))
    some = next(rows for rows in features if rows is not None)
    nothing = map_tensors(some, torch.zeros_like)
    return join_copies([nothing if r is None else r for r in features], has_own_masks(inputs, True))
