"""All classes that extend a class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["subclasses"]


def subclasses(base: type[Any]) -> Iterator[type[Any]]:
    """Classes that extend `base`, directly or not, as far as they are loaded.

    Examples
    --------
    >>> from polytask._naming import subclasses
    >>> from polytask.tasks import Kind, Regression
    >>> Regression in subclasses(Kind)
    True
    """
    for cls in base.__subclasses__():
        yield cls
        yield from subclasses(cls)
