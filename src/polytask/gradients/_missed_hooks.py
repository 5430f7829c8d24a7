"""Warnings about balancing methods whose required hooks are never called."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from polytask.gradients._needs import Need

__all__ = ["Hook", "HookWatch", "promise_hooks"]


@dataclass(frozen=True)
class Hook:
    """A method that the training loop must call for a balancing method to learn.

    Parameters
    ----------
    name : str
    need : Need, optional
        The hook is needed where `needs` declares it; None: where the class implements the hook.
    call : str
        How and when to call it, for the warning.
    patience : int
        How often weights may be computed before the first call is overdue.
    """

    name: str
    need: Need | None
    call: str
    patience: int


@dataclass
class _Calls:
    """Calls since the object was started."""

    count: int = 0
    depth: int = 0
    promised: bool = False
    hooks: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class HookWatch:
    """Counts how often weights are computed, and warns once about each overdue hook.

    Parameters
    ----------
    base : str
        Name of the abstract class, whose own hooks do nothing.
    counted : tuple of str
        Methods that compute weights.
    hooks : tuple of Hook
    """

    base: str
    counted: tuple[str, ...]
    hooks: tuple[Hook, ...]

    def watch(self, kind: type) -> None:
        """Wrap the methods that a new class defines itself."""
        for name in self.counted:
            if name in vars(kind):
                setattr(kind, name, self.count(vars(kind)[name]))
        for name in ("start", *(hook.name for hook in self.hooks)):
            if name in vars(kind):
                setattr(kind, name, _noted(vars(kind)[name], name))

    def count(self, method: Any) -> Any:
        """The same method, which counts its calls and warns."""

        @functools.wraps(method)
        def call(owner: Any, *args: Any, **kwargs: Any) -> Any:
            calls = _calls(owner)
            with _nested(calls):
                result = method(owner, *args, **kwargs)
            if calls.depth == 0 and not calls.promised:
                calls.count += 1
                self._warn(owner, calls)
            return result

        return call

    def _warn(self, owner: Any, calls: _Calls) -> None:
        due = [hook for hook in self.hooks if hook.patience == calls.count]
        missed = [
            hook for hook in due if hook.name not in calls.hooks and self._is_needed(owner, hook)
        ]
        if missed:
            names = " and ".join(f"`{hook.name}`" for hook in missed)
            sentence = (
                f"{type(owner).__name__} has given weights {calls.count} times, and {names} "
                f"{'have' if len(missed) > 1 else 'has'} not been called yet, without which its "
                f"weights do not learn. Call {'; and '.join(hook.call for hook in missed)}."
            )
            warnings.warn(sentence, UserWarning, stacklevel=3)

    def _is_needed(self, owner: Any, hook: Hook) -> bool:
        if hook.need is not None:
            return hook.need in owner.needs
        definer = next(kind for kind in type(owner).__mro__ if hook.name in vars(kind))
        return definer.__name__ != self.base


def promise_hooks(method: object) -> None:
    """Promise that all hooks of a balancing method will be called in time: no warnings."""
    _calls(method).promised = True


def _noted(method: Any, name: str) -> Callable[..., Any]:
    """The same method, whose call is recorded; `start` clears the record."""

    @functools.wraps(method)
    def call(owner: Any, *args: Any, **kwargs: Any) -> Any:
        calls = _calls(owner)
        if name == "start":
            calls.count = 0
            calls.hooks.clear()
        calls.hooks.add(name)
        with _nested(calls):
            return method(owner, *args, **kwargs)

    return call


def _calls(owner: Any) -> _Calls:
    """The record of an object, created on first use in its ``__dict__``."""
    calls: _Calls = owner.__dict__.setdefault("_hook_record", _Calls())
    return calls


@contextmanager
def _nested(calls: _Calls) -> Iterator[None]:
    """Keep a method's calls on its own object from being counted."""
    calls.depth += 1
    try:
        yield
    finally:
        calls.depth -= 1
