"""The record of a network structure that a search found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polytask._plain import from_plain, to_plain
from polytask.search._structure_drawing import drawing
from polytask.search._structure_words import words_of_structure

__all__ = ["FoundStructure", "Groups", "TrainedStructure"]

Groups = tuple[tuple[tuple[str, ...], ...], ...]
"""For each stage of an encoder, the groups of tasks that share a copy of it."""


@dataclass(frozen=True)
class TrainedStructure:
    """A structure that was trained while searching.

    Attributes
    ----------
    groups : tuple of tuple of tuple of str
        As in `FoundStructure`.
    skips : tuple of tuple of str
    share : float
    loss : float
        Mean of the primary tasks' losses on the rows that judge, over the better half of the starts, each
        at the best of four steps. The unit of a task is its mean loss after the last step of the first networks
        in which all tasks are apart.
    worse : float
        How much larger the loss is than that of the best structure.
    error : float
        Standard error of this difference, over rows and starts.
    starts : int
        Networks that were trained.
    """

    groups: Groups
    skips: tuple[tuple[str, ...], ...]
    share: float
    loss: float
    worse: float
    error: float
    starts: int


@dataclass(frozen=True)
class FoundStructure:
    """Which tasks share, copy or skip each stage of an encoder, found by a search.

    Attributes
    ----------
    tasks : tuple of str
    groups : tuple of tuple of tuple of str
        As `polytask.architectures.Branching` takes them: per stage, from the inputs up.
    skips : tuple of tuple of str
        Per stage, the tasks that skip it.
    learner : str
        What searched.
    share : float
        Parameters of the stages, relative to a network per task; 1 if all tasks are apart.
    loss : float
        Of the networks of this structure, as in `TrainedStructure`.
    together : float
        The same of networks in which all tasks share everything.
    apart : float
        The same of networks in which they share nothing; mostly somewhat below 1.
    proposed : tuple of tuple of tuple of str
        The groups of the likeliest choices in the network of all structures.
    alpha : float
        Level of the tests by which a structure must be better than all tasks apart, and a larger one than
        a smaller.
    trained : tuple of TrainedStructure
        All structures that were trained, the best first.
    steps : int
        Optimiser steps of the search, of all its networks.
    policy_rows : int
        Training rows that judged, and from which choices were learned.
    weight_rows : int
        Training rows from which weights were learned while searching.
    seconds : float
        Of the search.

    Examples
    --------
    >>> from polytask.search import FoundStructure
    >>> groups = ((("a", "b", "c"),), (("a", "b"), ("c",)))
    >>> found = FoundStructure(
    ...     ("a", "b", "c"),
    ...     groups,
    ...     ((), ()),
    ...     "x",
    ...     0.5,
    ...     0.9,
    ...     1.1,
    ...     1.0,
    ...     groups,
    ...     0.05,
    ...     (),
    ...     40,
    ...     20,
    ...     80,
    ...     1.0,
    ... )
    >>> print(found.drawing)
    stage 1  stage 2
    A        A        a
    │        │        b
    │        B        c
    """

    tasks: tuple[str, ...]
    groups: Groups
    skips: tuple[tuple[str, ...], ...]
    learner: str
    share: float
    loss: float
    together: float
    apart: float
    proposed: Groups
    alpha: float
    trained: tuple[TrainedStructure, ...]
    steps: int
    policy_rows: int
    weight_rows: int
    seconds: float

    @property
    def all_apart(self) -> bool:
        """Whether every task has every stage to itself, so that nothing is shared."""
        alone = all(len(group) == 1 for stage in self.groups for group in stage)
        return alone and not any(self.skips)

    @property
    def n_networks(self) -> int:
        """Networks that were trained while searching, beside that of all structures."""
        return sum(one.starts for one in self.trained)

    @property
    def words(self) -> str:
        """One paragraph: who shares what, by which losses, and what the search took."""
        return words_of_structure(self)

    @property
    def drawing(self) -> str:
        """The structure as text, one line per task."""
        return drawing(self.tasks, self.groups, self.skips)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> FoundStructure:
        """Read what `to_dict` wrote.

        Raises
        ------
        ValueError
            Naming the first field that is missing, unknown or holds something else.
        """
        return from_plain(cls, plain)

    def __str__(self) -> str:
        return f"{self.drawing}\n\n{self.words}"
