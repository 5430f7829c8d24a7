"""Options of the command line that take an encoder, a weighting or an aggregation."""

from __future__ import annotations

from polytask.exceptions import UnknownNameError
from polytask.learners.names import slot_of

__all__ = ["check_slot"]

_A = {"encoder": "an encoder", "weighting": "a weighting", "aggregation": "an aggregator"}


def check_slot(option: str, name: str) -> None:
    """Refuse a method given to the option of another room, and name the right option.

    Raises
    ------
    UnknownNameError
    """
    try:
        slot = slot_of(name)
    except UnknownNameError:
        return  # whoever takes the name says so
    if slot != option:
        sentence = f"There is no {option} named {name!r}: it is {_A[slot]}. Give --{slot} {name}."
        raise UnknownNameError(sentence)
