"""Groups of tasks, with their value by an affinity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polytask._plain import from_plain, to_plain

__all__ = ["Partition"]


@dataclass(frozen=True)
class Partition:
    """Groups of tasks, each of which is to be trained as one network.

    Attributes
    ----------
    groups : tuple of tuple of str
        The largest first; in a partition every task is in one of them.
    value : float
        Value by the affinity: the sum of what `polytask.search.best_partition` counts, in its units.
    exact : bool
        Whether no other choice has a larger value.
    note : str
        How the groups were found, in words.
    served_by : mapping of task to int
        Position of the group that answers each task; groups of a budget may overlap.

    Examples
    --------
    >>> from polytask.search import best_partition
    >>> partition = best_partition([[0, 2, -1], [2, 0, -1], [-1, -1, 0]], tasks=["a", "b", "c"])
    >>> partition.groups, partition.value
    ((('a', 'b'), ('c',)), 4.0)
    >>> print(partition)
    {a, b}, {c}
    """

    groups: tuple[tuple[str, ...], ...]
    value: float
    exact: bool
    note: str
    served_by: Mapping[str, int]

    def __str__(self) -> str:
        return ", ".join(f"{{{', '.join(group)}}}" for group in self.groups)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Partition:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)
