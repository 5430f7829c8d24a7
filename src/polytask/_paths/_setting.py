"""One setting of a nested recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polytask._validation import Constraint
from polytask.ranges import SearchRange

__all__ = ["Setting"]


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of a nested recipe.

    Parameters
    ----------
    path : str
        From the outermost recipe on, such as ``architecture.encoder.dropout``.
    short : str
        The shortest path of the field and its owner that names it alone, ``encoder.dropout``.
    owner : str
        The class that has it, for errors.
    value : object
        As the recipe has it.
    constraint : Constraint, optional
        What its owner accepts, where that is declared.
    range : SearchRange, optional
        What is worth trying, where that is declared.
    """

    path: str
    short: str
    owner: str
    value: Any
    constraint: Constraint | None = None
    range: SearchRange | None = None
