"""Records of a search of task weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from polytask.search._study_record import StudyRecord

__all__ = ["WeightMember", "WeightSearch", "WeightTuning"]


@dataclass(frozen=True)
class WeightMember:
    """One network with task weights of its own.

    Attributes
    ----------
    number : int
        Member 0 has equal weights at first.
    round : int
        Of a population; 0 otherwise.
    weights : mapping of task to float
        They sum to the number of tasks.
    metrics : mapping of task to float or None
        Headline metrics on validation rows.
    gains : mapping of task to float or None
        Relative gain of primary tasks over the best constant, on validation rows; 1 is perfect for
        errors and areas.
    value : float or None
        Mean gain of primary tasks over the first member, each relative to the mean of both; None if
        there is no model.
    seconds : float
    failure : str
    parent : int or None
        The member of the round before whose weights and network it took over.
    """

    number: int
    round: int
    weights: Mapping[str, float]
    metrics: Mapping[str, float | None]
    gains: Mapping[str, float | None]
    value: float | None
    seconds: float = 0.0
    failure: str = ""
    parent: int | None = None


@dataclass(frozen=True)
class WeightSearch:
    """The members of one search, on one split.

    Attributes
    ----------
    learner : str
    fold : int
    metrics : mapping of task to str
        Headline metric of every primary task.
    constant : mapping of task to float or None
        Their values of the best constant on the validation rows.
    members : tuple of WeightMember
    chosen : int
        Position of the member whose weights are kept: the highest value of the last round.
    front : tuple of int
        Positions of the members that no other member dominates, by `WeightMember.gains`.
    objectives : tuple of str
        The primary tasks whose gains are defined for every member, which make the front.
    hypervolume, hypervolume_equal : float or None
        Volume between the constant and the front, and that of the first member, of equal weights,
        alone; None if it gave no model.
    """

    learner: str
    fold: int
    metrics: Mapping[str, str]
    constant: Mapping[str, float | None]
    members: tuple[WeightMember, ...]
    chosen: int
    front: tuple[int, ...] = ()
    objectives: tuple[str, ...] = ()
    hypervolume: float | None = None
    hypervolume_equal: float | None = None


@dataclass(frozen=True)
class WeightTuning(StudyRecord):
    """The result of a search of task weights, and the comparison of what was kept.

    Attributes
    ----------
    method : {"random", "tpe", "population"}
    members, steps : int
        Networks that were trained on every split, and optimiser steps of each.
    rounds : int
        Of a population; 1 otherwise.
    seed : int
    searches : tuple of WeightSearch
        One per learner and split.
    comparison : Comparison or None
        The learner with the kept weights, as given, and its single-task self, on test rows; it lies
        beside this record, as ``comparison.json``.
    """

    file_name: ClassVar[str] = "weights.json"
    what: ClassVar[str] = "search of weights"

    method: str
    members: int
    steps: int
    rounds: int
    seed: int
    searches: tuple[WeightSearch, ...]

    def __str__(self) -> str:
        return "\n".join([*map(_sentence, self.searches), "", str(self._judged)])


def _sentence(search: WeightSearch) -> str:
    """The weights that were kept, and how many members are on the front."""
    kept = search.members[search.chosen]
    weights = ", ".join(f"{task} {weight:.2f}" for task, weight in kept.weights.items())
    front = f"{len(search.front)} of {len(search.members)} members on the Pareto front"
    return f"{search.learner}: member {kept.number}: {weights}; {front}"
