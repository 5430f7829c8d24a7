"""The record of what a fitted model has learned of how tasks are related."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polytask._plain import from_plain, to_plain
from polytask.analysis._affinity_record import matrix_table
from polytask.analysis._gate_use import GateUse
from polytask.analysis._learned_words import words_of_learned
from polytask.analysis._shared_parts import SharedPart
from polytask.analysis._similarity import Similarity

__all__ = ["LearnedRelations"]


@dataclass(frozen=True)
class LearnedRelations:
    """What a fitted model has learned of how tasks are related.

    Make it with `polytask.analysis.learned_relations`.

    Attributes
    ----------
    tasks : tuple of str
    model : str
        The model's name.
    similarities : tuple of Similarity
        Between tasks, by part of the model; the one that clusters are made of comes first.
    experts : tuple of Similarity
        Between experts that tasks share, or that each has for itself.
    gates : GateUse or None
        How gates weigh experts; None without gates.
    parts : tuple of SharedPart
        Which tasks share which parameters: a tree where they are nested.
    own : mapping of task to float
        Linear CKA between the features that the joint model has for a task and those of the task's
        own network; empty if none was given.
    own_chance : float or None
        Its value for rows in another order.
    clusters : tuple of tuple of str
        Tasks that the first similarity joins; one cluster if it shows none.
    separation : float or None
        Mean silhouette of the clusters, from −1 to 1; None without clusters.
    n_rows : int
        Rows that features, gates and experts were measured on.
    notes : tuple of str
    """

    tasks: tuple[str, ...]
    model: str
    similarities: tuple[Similarity, ...]
    experts: tuple[Similarity, ...]
    gates: GateUse | None
    parts: tuple[SharedPart, ...]
    own: Mapping[str, float]
    own_chance: float | None
    clusters: tuple[tuple[str, ...], ...]
    separation: float | None
    n_rows: int
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """One paragraph on what was found."""
        return words_of_learned(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LearnedRelations:
        """Read what `to_dict` wrote."""
        return from_plain(cls, plain)

    def __str__(self) -> str:
        tables = [
            matrix_table(f"{one.name}, {one.quantity}", one.labels, one.values, ".2f")
            for one in (*self.similarities, *self.experts)
        ]
        return "\n\n".join([*tables, *([str(self.gates)] if self.gates else []), self.words])
