"""Errors on names that mean nothing public."""

from __future__ import annotations

from collections.abc import Iterable

from polytask._naming._spelling import fold, snake_case
from polytask._naming._suggestion import suggestion
from polytask.exceptions import UnknownNameError

__all__ = ["spelt", "unknown"]


def spelt(class_name: str, own: object) -> str:
    """The name that users write: a class's own `name` if it means the class, as ``roc_auc``."""
    if isinstance(own, str) and fold(own) == fold(class_name):
        return own
    return snake_case(class_name)


def unknown(
    name: str, what: str, known: Iterable[str], *, imports: bool = True
) -> UnknownNameError:
    """The error on a name; `known` are those that could be meant."""
    nearest_name = suggestion(name, known)
    own = " One of your own is written module:Class." if imports else ""
    return UnknownNameError(f"There is no {what} named {name!r}. {nearest_name}{own}")
