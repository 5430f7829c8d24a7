"""Every public balancing method, by walking the rooms."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator

from polytask import aggregation, weighting
from polytask.aggregation import Aggregator
from polytask.weighting import Weighting

__all__ = ["combinators", "public_methods"]

# Arguments of methods that cannot be made without any.
_ARGUMENTS = {"Static": {"task_weights": (2.0, 1.0)}}


def public_methods(only: Collection[str] = ()) -> list[Aggregator | Weighting]:
    """One of each with its default settings, aggregators first; for two tasks."""
    wanted = {name.lower() for name in only}
    return [
        cls(**_ARGUMENTS.get(cls.__name__, {}))
        for cls in _classes()
        if _makeable(cls) and (not wanted or cls.__name__.lower() in wanted)
    ]


def combinators() -> list[str]:
    """Names of those that are made of other methods."""
    return [cls.__name__ for cls in _classes() if not _makeable(cls)]


def _classes() -> Iterator[type]:
    for room, base in ((aggregation, Aggregator), (weighting, Weighting)):
        for name in sorted(room.__all__, key=str.lower):
            thing = getattr(room, name)
            if inspect.isclass(thing) and issubclass(thing, base) and not inspect.isabstract(thing):
                yield thing


def _makeable(cls: type) -> bool:
    given = _ARGUMENTS.get(cls.__name__, {})
    needed = inspect.signature(cls).parameters.values()
    return all(p.default is not p.empty or p.name in given for p in needed)
