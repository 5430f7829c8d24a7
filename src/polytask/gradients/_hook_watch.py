"""Objects that give weights while a hook that they need is never called."""

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
    """A method that must be called for an object to learn.

    Parameters
    ----------
    name : str
    need : Need, optional
        The hook is needed where `needs` declares it; None means, where its class implements it.
    call : str
        How and when to call it, for the warning.
    patience : int
        How often weights may be given before the first call is overdue.
    """

    name: str
    need: Need | None
    call: str
    patience: int


@dataclass
class _Record:
    """What was called since the object was started."""

    count: int = 0
    depth: int = 0
    promised: bool = False
    called: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class HookWatch:
    """Counts how often weights are given, and warns once of each hook that is overdue.

    Parameters
    ----------
    base : str
        Name of the contract, whose own hooks do nothing.
    asks : tuple of str
        Methods that give weights.
    hooks : tuple of Hook
    """

    base: str
    asks: tuple[str, ...]
    hooks: tuple[Hook, ...]

    def watch(self, kind: type) -> None:
        """Let the methods that a fresh class defines itself be counted."""
        for name in self.asks:
            if name in vars(kind):
                setattr(kind, name, self.counted(vars(kind)[name]))
        for name in ("start", *(hook.name for hook in self.hooks)):
            if name in vars(kind):
                setattr(kind, name, _noted(vars(kind)[name], name))

    def counted(self, method: Any) -> Any:
        """The same method, which counts and warns."""

        @functools.wraps(method)
        def call(one: Any, *args: Any, **kwargs: Any) -> Any:
            record = _record(one)
            with _inside(record):
                answer = method(one, *args, **kwargs)
            if record.depth == 0 and not record.promised:
                record.count += 1
                self._warn(one, record)
            return answer

        return call

    def _warn(self, one: Any, record: _Record) -> None:
        due = [hook for hook in self.hooks if hook.patience == record.count]
        missed = [
            hook for hook in due if hook.name not in record.called and self._needed(one, hook)
        ]
        if missed:
            names = " and ".join(f"`{hook.name}`" for hook in missed)
            sentence = (
                f"{type(one).__name__} has given weights {record.count} times, and {names} "
                f"{'have' if len(missed) > 1 else 'has'} not been called yet, without which its "
                f"weights do not learn. Call {'; and '.join(hook.call for hook in missed)}."
            )
            warnings.warn(sentence, UserWarning, stacklevel=3)

    def _needed(self, one: Any, hook: Hook) -> bool:
        if hook.need is not None:
            return hook.need in one.needs
        owner = next(kind for kind in type(one).__mro__ if hook.name in vars(kind))
        return owner.__name__ != self.base


def promise_hooks(method: object) -> None:
    """Say that all hooks of a balancing method will be called in time."""
    _record(method).promised = True


def _noted(method: Any, name: str) -> Callable[..., Any]:
    """The same method, whose call is remembered; `start` forgets all calls."""

    @functools.wraps(method)
    def call(one: Any, *args: Any, **kwargs: Any) -> Any:
        record = _record(one)
        if name == "start":
            record.count = 0
            record.called.clear()
        record.called.add(name)
        with _inside(record):
            return method(one, *args, **kwargs)

    return call


def _record(one: Any) -> _Record:
    """The object's record, kept beside its attributes and no part of them."""
    found: _Record = one.__dict__.setdefault("_hook_record", _Record())
    return found


@contextmanager
def _inside(record: _Record) -> Iterator[None]:
    """What a method calls of its own object counts for nothing."""
    record.depth += 1
    try:
        yield
    finally:
        record.depth -= 1
