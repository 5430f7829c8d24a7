"""The observers of a trainer: names to objects, and what is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from polytask._naming import made
from polytask._validation import Each, InstanceOf, check, message
from polytask.exceptions import ParameterError
from polytask.observers import Observer

__all__ = ["OBSERVERS", "resolved_observers"]

OBSERVERS = Each(InstanceOf((Observer, str)))


def resolved_observers(given: Sequence[Observer | str], owner: str) -> tuple[Observer, ...]:
    """The observers that a trainer is given, names resolved.

    Parameters
    ----------
    given : sequence of Observer or str
        A name in any spelling, maybe with a number for its first setting, or ``"module:Class"``.
    owner : str
        Whose argument it is, for errors.

    Raises
    ------
    ParameterError
        If it is no sequence of observers, or two of them have one name.
    """
    check(owner, "observers", given, OBSERVERS, _remedy(given))
    observers = tuple(
        made(observer, "polytask.observers", "observer", Observer, imports=True, value=True)
        if isinstance(observer, str)
        else observer
        for observer in given
    )
    for name, count in Counter(observer.name for observer in observers).items():
        if count > 1:
            expected = "observers of different names, under which records keep what they return"
            remedy = f"Leave one {name!r} out, or give a subclass with a `name` of its own."
            raise ParameterError(message(owner, "observers", expected, given, remedy))
    return observers


def _remedy(given: object) -> str | None:
    """The remedy for a single observer and for a class; None for anything else."""
    if isinstance(given, str | Observer):
        return "Give one observer as a tuple, too: (observer,)."
    listed = given if isinstance(given, tuple | list) else [given]
    classes = [item for item in listed if isinstance(item, type)]
    return f"Make an object of the class: {classes[0].__name__}()." if classes else None
