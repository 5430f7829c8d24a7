"""Records of analyses and groupings as the page of relations shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from polytask._listing import first_and_more
from polytask._validation import message
from polytask.exceptions import ParameterError
from polytask.report._format import duration, percent

__all__ = ["Clustered", "RelationsView", "clustered", "relations_record", "relations_view"]

_MOST_ROWS = 60
_MOST_NAMED = 12
_EXPECTED = "an Analysis, a TransferMap or a Grouping, or the mapping of its `to_dict()`"


@dataclass(frozen=True, eq=False)
class Clustered:
    """Tasks in the order of a hierarchical clustering of an affinity.

    Attributes
    ----------
    order : sequence of int
    links : array of shape (k − 1, 4) or None
        In the new order; None for groups, whose order is that of the groups.
    """

    order: Sequence[int]
    links: np.ndarray | None


@dataclass(frozen=True)
class RelationsView:
    """Content of the page, but for its figures."""

    title: str
    headline: str
    words: str
    groups: Sequence[tuple[str, str]]
    partitions: Sequence[Mapping[str, str]]
    gains: Sequence[Mapping[str, str]]
    more_gains: int
    costs: Sequence[Mapping[str, str]]
    notes: Sequence[str]


def relations_record(record: object) -> Mapping[str, Any]:
    """Accept a record or the result of its `to_dict`; refuse anything else."""
    plain = record.to_dict() if hasattr(record, "to_dict") else record
    if isinstance(plain, Mapping):
        words = {"words": record.words} if hasattr(record, "words") else {}
        if {"transfer", "affinities"} <= set(plain) or {"answer", "candidates"} <= set(plain):
            return {**plain, **words}
        if {"pairs", "together"} <= set(plain):
            return {"transfer": plain, "affinities": [], "agreement": {}, **words}
    raise ParameterError(message("write_relations", "record", _EXPECTED, record))


def clustered(values: np.ndarray) -> Clustered:
    """Order tasks by average linkage of the symmetric affinity; unknown pairs are far apart.

    Parameters
    ----------
    values : array of shape (k, k)
    """
    size = len(values)
    if size < 2:
        return Clustered(range(size), None)
    known = values[np.isfinite(values) & ~np.eye(size, dtype=bool)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    filled = np.where(np.isfinite(values), values, low)
    far = high - (filled + filled.T) / 2
    np.fill_diagonal(far, 0.0)
    links = linkage(squareform(np.maximum(far, 0.0), checks=False), "average")
    order = leaves_list(links).tolist()
    place = {leaf: position for position, leaf in enumerate(order)}
    renumbered = links.copy()
    for row in renumbered:
        row[:2] = [place.get(int(node), node) for node in row[:2]]
    return Clustered(order, renumbered)


def relations_view(record: Mapping[str, Any]) -> RelationsView:
    """Tables and sentences of a record."""
    grouping = record if "answer" in record else None
    transfer = record.get("transfer")
    gains = _gains(transfer)
    return RelationsView(
        title="groups of tasks" if grouping else "relations of tasks",
        headline=_headline(grouping),
        words=str(record.get("words", "")),
        groups=_groups(grouping),
        partitions=_partitions(grouping),
        gains=gains[:_MOST_ROWS],
        more_gains=max(0, len(gains) - _MOST_ROWS),
        costs=_costs(record),
        notes=_unsaid(record, transfer),
    )


def _unsaid(record: Mapping[str, Any], transfer: Mapping[str, Any] | None) -> list[str]:
    """Notes that the paragraph does not hold, each once."""
    notes = [*(record.get("notes") or ()), *((transfer or {}).get("notes") or ())]
    said = str(record.get("words") or "").casefold()
    return [note for note in dict.fromkeys(notes) if note.casefold() not in said]


def _headline(grouping: Mapping[str, Any] | None) -> str:
    if grouping is None:
        return "Who gains from whom"
    answers = {"apart": "Train the tasks apart", "together": "Train all tasks together"}
    n_joint = sum(len(group) > 1 for group in grouping["groups"])
    several = f"Train {n_joint} group{'s' * (n_joint != 1)} of tasks"
    return answers.get(grouping["answer"], several)


def _groups(grouping: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Each group with its tasks; those alone in one row."""
    if grouping is None:
        return []
    joint = [group for group in grouping["groups"] if len(group) > 1]
    alone = [group[0] for group in grouping["groups"] if len(group) == 1]
    rows = [(f"group {number}", ", ".join(group)) for number, group in enumerate(joint, 1)]
    return [*rows, *([("alone", ", ".join(alone))] if alone else [])]


def _partitions(grouping: Mapping[str, Any] | None) -> list[Mapping[str, str]]:
    if grouping is None:
        return []
    return [
        {
            "name": one["name"],
            "sizes": " + ".join(map(str, sorted(map(len, one["groups"]), reverse=True))),
            "groups": _named(one["groups"]),
            "gain": _percent(one["gain"]),
            "interval": _interval(one["interval"]),
            "p": _p(one["p_corrected"]),
        }
        for one in (*grouping["candidates"], *grouping["random"])
    ]


def _named(groups: Sequence[Sequence[str]]) -> str:
    """The tasks of each joint group, cut short; of one network for all, just that."""
    if len(groups) == 1:
        return "all tasks"
    return " ".join(
        f"{{{first_and_more(group, _MOST_NAMED)}}}" for group in groups if len(group) > 1
    )


def _gains(transfer: Mapping[str, Any] | None) -> list[Mapping[str, str]]:
    """Measured gains: those of the joint network, then of pairs from the largest."""
    if transfer is None:
        return []
    pairs = sorted(transfer["pairs"], key=lambda gain: -abs(gain["gain"] or 0.0))
    return [
        {
            "task": gain["task"],
            "partners": "all tasks"
            if len(gain["group"]) == len(transfer["tasks"]) and gain in transfer["together"]
            else ", ".join(name for name in gain["group"] if name != gain["task"]),
            "gain": _percent(gain["gain"]),
            "interval": _interval(gain["interval"]),
            "p": _p(gain["p_corrected"]),
        }
        for gain in (*transfer["together"], *pairs)
    ]


def _costs(record: Mapping[str, Any]) -> list[Mapping[str, str]]:
    agreement = record.get("agreement") or {}
    return [
        {
            "name": one["name"],
            "agreement": "–"
            if agreement.get(one["name"]) is None
            else f"{agreement[one['name']]:+.2f}".replace("-", "−"),
            "networks": f"{one['n_networks']:,}",
            "seconds": duration(one["seconds"]),
        }
        for one in record["affinities"]
    ]


def _percent(value: float | None) -> str:
    return "undefined" if value is None else percent(value, 2, signed=True)


def _interval(bounds: Sequence[float] | None) -> str:
    return "–" if not bounds else " … ".join(percent(end, 2, signed=True) for end in bounds)


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"
