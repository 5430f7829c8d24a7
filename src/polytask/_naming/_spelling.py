"""Spellings of names."""

from __future__ import annotations

import re

__all__ = ["fold", "snake_case"]

_ACRONYM = re.compile(r"[A-Z]+(?:[a-z][A-Z]+)+[a-z]?(?![a-z])")
"""Capitals with single small letters between them, such as MMoE, LoRA or MoCo."""


def fold(name: str) -> str:
    """Drop case and everything that is neither letter nor digit."""
    return "".join(character for character in name.casefold() if character.isalnum())


def snake_case(name: str) -> str:
    """Write a class name in snake case, as on the command line.

    Examples
    --------
    >>> from polytask._naming import snake_case
    >>> snake_case("HardSharing"), snake_case("PCGrad"), snake_case("MMoE")
    ('hard_sharing', 'pc_grad', 'mmoe')
    """
    name = _ACRONYM.sub(lambda match: match.group().capitalize(), name)
    pieces: list[str] = []
    for index, character in enumerate(name):
        previous_lower = index > 0 and not name[index - 1].isupper()
        next_lower = index + 1 < len(name) and name[index + 1].islower()
        if index and character.isupper() and (previous_lower or next_lower):
            pieces.append("_")
        pieces.append(character.casefold())
    return "".join(pieces)
