"""Heat maps of the page of relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polytask.report._drawing._canvas import both
from polytask.report._drawing._heat_map import HeatMap, heat_map
from polytask.report._figure import Figure
from polytask.report._relations_view import Clustered, clustered

__all__ = ["matrix_figure", "relations_figures"]

_ONE_DRAWING = 40  # tasks from which narrow screens get no drawing of their own
_CUT = 3


def relations_figures(record: Mapping[str, Any]) -> list[Figure]:
    """A heat map of the transfer map, if there is one, and of every affinity."""
    figures = []
    transfer = record.get("transfer")
    if transfer is not None and (gains := _gain_matrix(transfer)) is not None:
        figures.append(
            matrix_figure(
                "Gain of each task when it is trained with another",
                "gain, %",
                transfer["tasks"],
                gains,
                None,
                "+.1f",
                "transfer",
            )
        )
    for position, one in enumerate(record["affinities"]):
        values = np.array(one["values"], dtype=np.float64)
        title = f"Affinity: {one['name']}"
        figures.append(
            matrix_figure(
                title,
                one["name"],
                one["tasks"],
                values,
                record.get("groups"),
                ".2f",
                f"affinity{position}",
            )
        )
    return figures


def _gain_matrix(transfer: Mapping[str, Any]) -> np.ndarray | None:
    """Gains in percent, of pairs or of random groups; None without both."""
    known = {
        (gain["task"], next(name for name in gain["group"] if name != gain["task"])): gain["gain"]
        for gain in transfer["pairs"]
    } or {(gain["task"], gain["partner"]): gain["gain"] for gain in transfer["sampled"]}
    if not known:
        return None
    tasks = transfer["tasks"]
    found = [[known.get((i, j)) for j in tasks] for i in tasks]
    return 100 * np.array(found, dtype=np.float64)


def matrix_figure(
    title: str,
    label: str,
    tasks: Sequence[str],
    values: np.ndarray,
    groups: Sequence[Sequence[str]] | None,
    form: str,
    key: str,
    caption: str | None = None,
) -> Figure:
    """A heat map of a matrix of tasks × tasks, groups framed or in the order of a tree."""
    tree = clustered(values)
    placed, blocks = _by_groups(tasks, groups, tree)
    order = list(placed.order)
    shown = HeatMap(
        [tasks[i] for i in order],
        values[np.ix_(order, order)],
        placed.links,
        blocks,
        label,
        form,
    )
    drawings, _ = both(lambda width: heat_map(shown, width), key)
    return Figure(
        title,
        _described(shown),
        drawings[:1] if len(tasks) > _ONE_DRAWING else drawings,
        caption or _caption(framed=bool(blocks)),
        order=shown.tasks if len(tasks) > _ONE_DRAWING else (),
    )


def _caption(*, framed: bool) -> str:
    start = "Rows are the tasks that gain, columns their partners; light is more."
    if framed:
        return f"{start} Frames are the chosen groups."
    return f"{start} Tasks stand in the order of the tree above, which joins the most alike first."


def _by_groups(
    tasks: Sequence[str], groups: Sequence[Sequence[str]] | None, tree: Clustered
) -> tuple[Clustered, list[tuple[int, int]]]:
    """Tasks group by group, each in the order of the tree; the tree's own order without groups."""
    joint = [group for group in groups or () if len(group) > 1]
    if not joint or len(joint[0]) == len(tasks):
        return tree, []
    position = {task: place for place, task in enumerate(tasks[i] for i in tree.order)}
    ordered = sorted(groups or (), key=lambda group: min(position[task] for task in group))
    names: list[str] = []
    blocks: list[tuple[int, int]] = []
    for group in ordered:
        if len(group) > 1:
            blocks.append((len(names), len(group)))
        names += sorted(group, key=lambda task: position[task])
    order = [list(tasks).index(name) for name in names]
    same = order == list(tree.order)
    return Clustered(order, tree.links if same else None), blocks


def _described(shown: HeatMap) -> str:
    """The largest and the smallest values, for readers who cannot see the map."""
    values, size = shown.values, len(shown.values)
    symmetric = np.allclose(values, values.T, equal_nan=True)
    apart = ~np.tri(size, dtype=bool) if symmetric else ~np.eye(size, dtype=bool)
    known = np.argwhere(np.isfinite(values) & apart)
    if not len(known):
        return f"{shown.label}: no pair is known."
    between, kind = ("and", "pairs") if symmetric else ("with", "ordered pairs")
    ordered = sorted(known.tolist(), key=lambda pair: -values[pair[0], pair[1]])
    said = [
        f"{shown.tasks[i]} {between} {shown.tasks[j]} {values[i, j]:{shown.form}}"
        for i, j in dict.fromkeys(map(tuple, [*ordered[:_CUT], *ordered[-_CUT:]]))
    ]
    return f"{shown.label} of {len(known)} {kind}; largest and smallest: {', '.join(said)}."
