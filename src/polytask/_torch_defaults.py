"""Torch's own defaults, independent of the surrounding program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

__all__ = ["full_precision", "graphs_on", "torch_defaults"]

_AUTOCAST = ("cpu", "cuda")


@contextmanager
def torch_defaults() -> Iterator[None]:
    """Work in float32 on the CPU with gradients and without autocast; then restore all.

    What names a device or a dtype of its own keeps it. Deterministic algorithms stay as they are.

    Examples
    --------
    >>> import torch
    >>> from polytask._torch_defaults import torch_defaults
    >>> with torch.no_grad(), torch_defaults():
    ...     torch.is_grad_enabled()
    True
    """
    with ExitStack() as stack:
        stack.enter_context(graphs_on())
        stack.enter_context(full_precision())
        dtype = torch.get_default_dtype()
        if dtype != torch.float32:
            torch.set_default_dtype(torch.float32)
            stack.callback(torch.set_default_dtype, dtype)
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield


@contextmanager
def full_precision() -> Iterator[None]:
    """Without autocast, where parts of a network need more than half precision."""
    with ExitStack() as stack:
        for device_type in _AUTOCAST:
            if torch.is_autocast_enabled(device_type):
                stack.enter_context(torch.autocast(device_type, enabled=False))
        yield


@contextmanager
def graphs_on() -> Iterator[None]:
    """Record autograd graphs, also under ``torch.no_grad`` and ``torch.inference_mode``."""
    if torch.is_inference_mode_enabled():
        with torch.inference_mode(False), torch.enable_grad():
            yield
        return
    with torch.enable_grad():
        yield
