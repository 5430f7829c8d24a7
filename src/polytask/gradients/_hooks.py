"""Hooks on parameters, which are meant for updates and not for single tasks' gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor

__all__ = ["hooks_held"]


@contextmanager
def hooks_held(parameters: Iterable[Tensor]) -> Iterator[None]:
    """Keep hooks of parameters from being called while tasks' gradients are found."""
    held = [(hooks, dict(hooks)) for one in parameters if (hooks := one._backward_hooks)]  # noqa: SLF001
    for hooks, _ in held:
        hooks.clear()
    try:
        yield
    finally:
        for hooks, kept in held:
            hooks.update(kept)
