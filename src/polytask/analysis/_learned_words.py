"""A paragraph on learned relations in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polytask._listing import count, enumerated, first_and_more
from polytask.analysis._gate_use import GateUse
from polytask.analysis._similarity import Similarity

if TYPE_CHECKING:
    from polytask.analysis._learned_relations import LearnedRelations

__all__ = ["words_of_learned"]

_MOST = 4


def words_of_learned(record: LearnedRelations) -> str:
    """What is shared, how alike tasks are, what gates do, and how far the joint features are their own."""
    parts = [
        _of_parts(record),
        _of_clusters(record),
        _of_gates(record.gates),
        _of_own(record),
        _of_stages(record),
    ]
    return " ".join(
        [*filter(None, parts), *(f"{note[0].upper()}{note[1:]}." for note in record.notes)]
    )


def _of_parts(record: LearnedRelations) -> str:
    total = sum(part.n_parameters for part in record.parts)
    if not total:
        return ""
    size = len(record.tasks)
    of_all = sum(part.n_parameters for part in record.parts if len(part.tasks) == size)
    of_some = [part for part in record.parts if 1 < len(part.tasks) < size]
    of_one = sum(part.n_parameters for part in record.parts if len(part.tasks) == 1)
    shares = [f"{100 * of_all / total:.0f} % of {count(total, 'parameter')} serve all tasks"]
    if of_some:
        some = sum(part.n_parameters for part in of_some)
        groups = len({part.tasks for part in of_some})
        of_groups = "a group of tasks" if groups == 1 else f"one of {groups:,} groups of tasks"
        shares.append(f"{100 * some / total:.0f} % {of_groups}")
    shares.append(f"{100 * of_one / total:.0f} % a single task")
    return f"In {record.model or 'the model'}, {enumerated(shares)}."


def _of_clusters(record: LearnedRelations) -> str:
    if not record.similarities:
        return "Nothing in it compares tasks with each other."
    first = record.similarities[0]
    what = f"{first.name} ({first.quantity})"
    if set(first.labels) != set(record.tasks):
        alike = _largest(first, ",")
        some = f"; by {what}{alike}" if alike else ""
        return f"No part of it compares all tasks, so that there are no clusters{some}."
    if record.separation is None:
        return f"By {what}, tasks form no clusters{_largest(first)}."
    joint = [cluster for cluster in record.clusters if len(cluster) > 1]
    alone = len(record.clusters) - len(joint)
    listed = [first_and_more(cluster) for cluster in joint[:_MOST]]
    more = f"; and {len(joint) - _MOST} more" if len(joint) > _MOST else ""
    apart = f"; {count(alone, 'task')} by itself" if alone == 1 else ""
    apart = f"; {count(alone, 'task')} by themselves" if alone > 1 else apart
    return (
        f"By {what}, tasks form {count(len(record.clusters), 'cluster')} (mean silhouette "
        f"{record.separation:.2f}): {'; '.join(listed)}{more}{apart}."
    )


def _largest(similarity: Similarity, start: str = ";") -> str:
    matrix = np.abs(similarity.matrix)
    if not np.isfinite(matrix).any():
        return ""
    i, j = np.unravel_index(np.nanargmax(matrix), matrix.shape)
    value = similarity.matrix[i, j]
    chance = "" if similarity.chance is None else f", by chance {similarity.chance:.2f}"
    pair = f"{similarity.labels[i]} and {similarity.labels[j]} ({value:.2f}{chance})"
    if value < 0:
        return f"{start} the most related are {pair}, in opposite directions"
    return f"{start} the most alike are {pair}"


def _of_gates(gates: GateUse | None) -> str:
    if gates is None:
        return ""
    n_experts = len(gates.experts)
    even = np.log(n_experts) if n_experts > 1 else 1.0
    evenness = float(np.mean(gates.entropy)) / even
    how = "choose few experts" if evenness < 0.5 else "weigh experts unevenly"
    how = "weigh all experts much alike" if evenness > 0.9 else how
    matrix = gates.matrix
    unused = [
        name
        for name, weight in zip(gates.experts, matrix.max(axis=0), strict=True)
        if weight < 0.1 / n_experts
    ]
    idle = (
        f"; {enumerated(unused)} {'is' if len(unused) == 1 else 'are'} hardly used"
        if unused
        else ""
    )
    own = sum(name.startswith("own") for name in gates.experts)
    kept = (
        f", and give {100 * matrix[:, :own].sum(axis=1).mean():.0f} % to the task's own"
        if own
        else ""
    )
    return f"Gates {how} (entropy {100 * evenness:.0f} % of the largest){kept}{idle}."


def _of_own(record: LearnedRelations) -> str:
    if not record.own:
        return ""
    ordered = sorted(record.own.items(), key=lambda pair: pair[1])
    (least, low), (most, high) = ordered[0], ordered[-1]
    chance = "" if record.own_chance is None else f"; {record.own_chance:.2f} by chance"
    return (
        f"Its features are most like those of the own network of {most} (CKA {high:.2f}), and least like "
        f"those of {least} ({low:.2f}{chance})."
    )


def _of_stages(record: LearnedRelations) -> str:
    """How alike the tasks' own networks are after each stage."""
    alone = [one for one in record.similarities if one.name.endswith(" of single tasks")]
    means = {
        one.name.removesuffix(" of single tasks"): float(np.nanmean(one.matrix))
        for one in alone
        if np.isfinite(one.matrix).any()
    }
    last = means.pop("features", None)
    if last is None or not means:
        return ""
    stages = enumerated([f"{value:.2f} after {name}" for name, value in means.items()])
    return (
        f"The tasks' own networks are alike (mean CKA) by {stages}, and {last:.2f} in their last features: "
        "where this falls, a joint network may branch."
    )
