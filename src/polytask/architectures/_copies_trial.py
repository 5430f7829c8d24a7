"""Checks of whether modules can be stacked: tensors under several names, equal outputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from polytask.architectures._copied_inputs import tensors_in

__all__ = ["all_close", "same_features", "ties_tensors"]


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


def same_features(
    batched: Callable[[], Any],
    one_by_one: Callable[[], Any],
    modules: Sequence[nn.Module],
    buffers: Mapping[str, Tensor],
) -> Any:
    """Features of several modules, if one batched pass gives them too and leaves buffers; else None.

    Parameters
    ----------
    batched, one_by_one : callable
        Give the features.
    modules : sequence of nn.Module
        Those that run, and those that hold them: all are in evaluation mode when features are
        compared, in which dropout draws nothing.
    buffers : mapping of str to tensor
        What the batched pass must not change.
    """
    before = {name: buffer.clone() for name, buffer in buffers.items()}
    with torch.random.fork_rng(devices=[]), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of operations without a batched form
        try:
            batched()
            if not all(torch.equal(before[name], buffers[name]) for name in before):
                return None
            with _evaluating(modules):
                features = one_by_one()
                return features if all_close(tensors_in(batched()), tensors_in(features)) else None
        except (RuntimeError, ValueError, NotImplementedError):
            return None


@contextmanager
def _evaluating(modules: Sequence[nn.Module]) -> Iterator[None]:
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
