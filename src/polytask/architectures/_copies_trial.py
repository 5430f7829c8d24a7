"""Checks of whether modules can be stacked: tensors under several names, equal outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["all_close", "evaluating", "ties_tensors"]


def ties_tensors(module: nn.Module) -> bool:
    """Whether two layers of a module, or two names in one, hold the same parameter or buffer.

    A whole layer that stands in several places is none.

    Examples
    --------
    >>> from torch import nn
    >>> from polytask.architectures._copies_trial import ties_tensors
    >>> first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    >>> ties_tensors(nn.Sequential(first, second))
    False
    >>> second.weight = first.weight
    >>> ties_tensors(nn.Sequential(first, second))
    True
    """
    tensors = [
        id(tensor)
        for layer in module.modules()
        for named in (layer.named_parameters, layer.named_buffers)
        for _, tensor in named(recurse=False, remove_duplicate=False)
    ]
    return len(set(tensors)) < len(tensors)


@contextmanager
def evaluating(modules: Sequence[nn.Module]) -> Iterator[None]:
    """Run in evaluation mode, and restore the mode of every layer."""
    layers = [layer for module in modules for layer in module.modules()]
    modes = [layer.training for layer in layers]
    for module in modules:
        module.eval()
    try:
        yield
    finally:
        for layer, mode in zip(layers, modes, strict=True):
            layer.training = mode


def all_close(left: Sequence[Tensor], right: Sequence[Tensor]) -> bool:
    """Whether tensors are equal up to rounding, one by one."""
    return len(left) == len(right) and all(map(_close, left, right))


def _close(left: Tensor, right: Tensor) -> bool:
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    if not left.is_floating_point() or not left.numel():
        return torch.equal(left, right)
    tolerance = torch.finfo(left.dtype).eps ** 0.5
    size = float(right.abs().nan_to_num(posinf=0.0).max())
    return torch.allclose(left, right, rtol=tolerance, atol=tolerance * size, equal_nan=True)
