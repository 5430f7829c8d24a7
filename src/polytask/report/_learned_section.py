"""Section *What the network has learned of relations*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polytask._listing import first_names
from polytask.report._drawing._canvas import both
from polytask.report._drawing._task_graph import TaskGraph, task_graph
from polytask.report._figure import Figure
from polytask.report._format import plural
from polytask.report._relations_figures import matrix_figure
from polytask.report._relations_view import clustered
from polytask.report._section import Section, SectionTable

__all__ = ["learned_section"]

_ONE_DRAWING = 40  # labels from which narrow screens get no drawing of their own
_MOST_ROWS, _MOST_EXPERTS, _MOST_MAPS = 60, 12, 8
_EDGES_PER_TASK = 2
_LEAST = 0.2


def learned_section(record: Mapping[str, Any]) -> Section:
    """Maps of similarities, the graph of the first, gates, parts and likeness to single tasks.

    Parameters
    ----------
    record : mapping
        Of `polytask.analysis.LearnedRelations.to_dict()`.
    """
    of_tasks, of_experts = record["similarities"], record["experts"]
    figures = [_map(one, f"learned{place}") for place, one in enumerate(of_tasks[:_MOST_MAPS])]
    figures += [
        _map(one, f"experts{place}", "experts")
        for place, one in enumerate(of_experts[: _MOST_MAPS // 2])
    ]
    left_out = len(of_tasks) + len(of_experts) - len(figures)
    if of_tasks and (graph := _graph(of_tasks[0], record["clusters"])) is not None:
        figures.insert(1, graph)
    return Section(
        key="learned",
        title="What the network has learned of relations",
        words=record["words"],
        figures=figures,
        tables=[*_gates(record["gates"]), *_parts(record["parts"]), *_own(record)],
        notes=[
            *record["notes"],
            *([f"relations.json has {plural(left_out, 'further map')}"] if left_out else []),
        ],
    )


def _map(similarity: Mapping[str, Any], key: str, what: str = "tasks") -> Figure:
    chance = similarity["chance"]
    by_chance = "" if chance is None else f" Unrelated ones would have about {chance:.2f}."
    return matrix_figure(
        f"{similarity['name'][:1].upper()}{similarity['name'][1:]}: {similarity['quantity']}",
        similarity["quantity"],
        similarity["labels"],
        _matrix(similarity),
        None,
        ".2f",
        key,
        f"{what.capitalize()} stand in the order of the tree above, which joins the most alike first; light is "
        f"more.{by_chance}",
    )


def _graph(similarity: Mapping[str, Any], clusters: Sequence[Sequence[str]]) -> Figure | None:
    """The strongest edges of every task; None where too few tasks are known."""
    values = _matrix(similarity)
    size = len(values)
    if size < 3:
        return None
    order = list(clustered(np.abs(values)).order)
    strength = np.abs(values + values.T)[np.ix_(order, order)] / 2
    strength[~np.isfinite(strength)] = 0.0
    signed = ((values + values.T) / 2)[np.ix_(order, order)]
    pairs = {
        (min(i, j), max(i, j))
        for i in range(size)
        for j in np.argsort(-strength[i])[:_EDGES_PER_TASK].tolist()
        if strength[i, j] >= _LEAST
    }
    tasks = [similarity["labels"][i] for i in order]
    cluster_of = {name: place for place, names in enumerate(clusters) for name in names}
    shown = TaskGraph(
        tasks,
        [(i, j, float(signed[i, j])) for i, j in sorted(pairs)],
        [cluster_of.get(name, 0) for name in tasks],
        similarity["quantity"],
    )
    drawings, _ = both(lambda width: task_graph(shown, width), "graph")
    return Figure(
        f"Graph of tasks by {similarity['name']}",
        f"{size} tasks with {len(pairs)} edges; clusters: "
        + "; ".join(", ".join(names[:6]) for names in clusters[:6]),
        drawings[:1] if size > _ONE_DRAWING else drawings,
        f"Each task is joined with the {_EDGES_PER_TASK} that it is most like, from {_LEAST} on; thicker is more, "
        "dashed is opposite. Symbols are clusters.",
    )


def _gates(gates: Mapping[str, Any] | None) -> list[SectionTable]:
    if gates is None:
        return []
    experts = gates["experts"][:_MOST_EXPERTS]
    rows = [
        [task, *(f"{weight:.2f}" for weight in weights[:_MOST_EXPERTS]), f"{entropy:.2f}"]
        for task, weights, entropy in zip(
            gates["tasks"], gates["weights"], gates["entropy"], strict=True
        )
    ]
    more_experts = len(gates["experts"]) - len(experts)
    more = [plural(more_experts, "further expert")] if more_experts else []
    return [_table("Mean weights of experts", ["task", *experts, "entropy"], rows, further=more)]


def _parts(parts: Sequence[Mapping[str, Any]]) -> list[SectionTable]:
    several = [part for part in parts if len(part["tasks"]) > 1]
    own = [part for part in parts if len(part["tasks"]) == 1]
    rows = [
        [first_names(part["tasks"], 12), str(len(part["tasks"])), f"{part['n_parameters']:,}"]
        for part in several
    ]
    rows += (
        [["one task each", "1", f"{sum(part['n_parameters'] for part in own):,}"]] if own else []
    )
    head = ["shared by", "tasks", "parameters"]
    return [_table("Which tasks share which parameters", head, rows)] if rows else []


def _own(record: Mapping[str, Any]) -> list[SectionTable]:
    rows = [
        [task, f"{value:.2f}"]
        for task, value in sorted(record["own"].items(), key=lambda pair: -pair[1])
    ]
    title = "Likeness of the joint features to those of the task's own network (CKA)"
    return [_table(title, ["task", "CKA"], rows)] if rows else []


def _table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    further: Sequence[str] = (),
) -> SectionTable:
    left_out = len(rows) - _MOST_ROWS
    more = [*further, *([plural(left_out, "further row")] if left_out > 0 else [])]
    sentence = f"… and {' and '.join(more)}; relations.json has all." if more else ""
    return SectionTable(title, head, rows[:_MOST_ROWS], sentence)


def _matrix(similarity: Mapping[str, Any]) -> np.ndarray:
    return np.array(similarity["values"], dtype=np.float64)
