"""Suspension of parameters' hooks, which are meant for updates, not for one task's gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor

__all__ = ["hooks_suspended"]


@contextmanager
def hooks_suspended(parameters: Iterable[Tensor]) -> Iterator[None]:
    """Suspend hooks of parameters while tasks' gradients are computed."""
    suspended = [
        (hooks, dict(hooks))
        for parameter in parameters
        if (hooks := parameter._backward_hooks)  # noqa: SLF001
    ]
    for hooks, _ in suspended:
        hooks.clear()
    try:
        yield
    finally:
        for hooks, saved in suspended:
            hooks.update(saved)
