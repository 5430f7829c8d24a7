"""Names that are joined by pluses."""

from __future__ import annotations

__all__ = ["plus_parts"]


def plus_parts(name: str) -> list[str]:
    """Split a name at pluses outside brackets.

    Examples
    --------
    >>> from polytask._naming import plus_parts
    >>> plus_parts("separate(mmoe+famo)+mgda")
    ['separate(mmoe+famo)', 'mgda']
    """
    depth, cuts = 0, [-1]
    for position, letter in enumerate(name):
        depth += (letter == "(") - (letter == ")")
        if letter == "+" and depth <= 0:
            cuts.append(position)
    ends = [*cuts[1:], len(name)]
    return [name[start + 1 : end] for start, end in zip(cuts, ends, strict=True)]
