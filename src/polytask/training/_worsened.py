"""Tasks that lose what they had learned while others improve, during training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from polytask.bookkeeping import History, worsened_tasks
from polytask.training._selection import Selection

__all__ = ["in_members", "worsened_so_far"]


def worsened_so_far(history: History, selection: Selection) -> tuple[str, ...]:
    """Tasks that lose what they had learned while others improve, up to now; none where no state is kept."""
    if not selection.best_epoch:
        return ()
    return tuple(worsened_tasks(History(history.epochs, best_epoch=len(history.epochs))))


def in_members(worsened: Iterable[Iterable[str]], n_members: int) -> list[str]:
    """Tasks that worsen in some members of a population, with the number of these.

    Parameters
    ----------
    worsened : iterable of iterable of str
        Tasks of each member.
    n_members : int
        Of the whole population.

    Examples
    --------
    >>> from polytask.training._worsened import in_members
    >>> in_members([["a"], ["a", "b"]], 5)
    ['a (2 of 5 members)', 'b (1 of 5 members)']
    """
    counts = Counter(name for own in worsened for name in own)
    if n_members == 1:
        return list(counts)
    return [f"{name} ({number} of {n_members} members)" for name, number in counts.most_common()]
