"""Check that declared search ranges hold values that their class accepts."""

from __future__ import annotations

import inspect
from typing import Any

from polytask._validation import describe
from polytask.exceptions import PolytaskError
from polytask.ranges import SearchRange
from polytask.testing._class_of import class_of
from polytask.testing._require import require

__all__ = ["check_search_ranges"]


def check_search_ranges(recipe: Any, /, **required: Any) -> None:
    """Check that every declared range has its parameter's default, and values that are accepted.

    Parameters
    ----------
    recipe : dataclass, or instance of one
        Its class has `search_ranges`.
    **required
        Good values of the arguments that have no default.

    Raises
    ------
    AssertionError
        If a range is declared for no constructor argument, its default is not that of the
        argument, or the class refuses an end of it or one of its values.

    Examples
    --------
    >>> from polytask.learners import GradientBoosting
    >>> from polytask.testing import check_search_ranges
    >>> check_search_ranges(GradientBoosting)
    """
    cls, required = class_of(recipe, required)
    name = cls.__name__
    ranges = getattr(cls, "search_ranges", None)
    require(ranges is not None, f"{name} declares no `search_ranges`.")
    arguments = inspect.signature(cls).parameters
    usual = cls(**required)
    for parameter, declared in (ranges or {}).items():
        where = f"The search range of `{parameter}` of {name}"
        require(parameter in arguments, f"{where} is for no constructor argument.")
        require(isinstance(declared, SearchRange), f"{where} is no Range or Choices.")
        own = getattr(usual, parameter)
        sentence = f"{where} has the default {declared.default!r}, but the parameter has {own!r}."
        require(declared.default == own, sentence)
        for value in (*declared.grid(), *declared.examples()):
            _check_accepted(cls, {**required, parameter: value}, where, value)


def _check_accepted(cls: type, arguments: dict[str, Any], where: str, value: object) -> None:
    try:
        cls(**arguments)
    except PolytaskError as error:
        raise AssertionError(
            f"{where} holds {describe(value)}, which is refused: {error}"
        ) from error
