"""Figure of a search of task weights: gains of two tasks, and the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polytask.report._drawing._canvas import NARROW, Canvas, both, marker, scale
from polytask.report._figure import Figure, Key
from polytask.report._theme import color
from polytask.report._weights_view import shown_pair

__all__ = ["front_figure"]

_PARTS = {
    "kept": ("accent", "star", True),
    "equal weights": ("c0", "square", True),
    "on the front": ("c1", "diamond", True),
    "others": ("muted", "circle", False),
}


def front_figure(record: Mapping[str, Any]) -> Figure | None:
    """Draw the members' gains in two tasks; None where fewer than two gains are defined."""
    search = record["searches"][0]
    pair = shown_pair(search)
    if pair is None:
        return None
    drawings, _ = both(lambda width: _drawn(search, pair, width), "weights")
    several = len(search["objectives"]) > 2
    which = (
        f"Of {len(search['objectives'])} tasks, the two whose gains disagree most; members on the "
        "front of all tasks may look dominated here."
        if several
        else "Up and to the right is better."
    )
    kept = search["members"][search["chosen"]]
    return Figure(
        title=f"Gains of {pair[0]} and {pair[1]} under different task weights",
        alt=f"Gains over the best constant on validation rows, in percent. Kept: {pair[0]} "
        f"{100 * kept['gains'][pair[0]]:.1f}, {pair[1]} {100 * kept['gains'][pair[1]]:.1f}. The "
        "table below has the members on the front.",
        drawings=drawings,
        caption=f"{which} Gains are over the best constant, on validation rows.",
        legend=[
            Key(part, name, symbol, solid=solid) for part, (name, symbol, solid) in _PARTS.items()
        ],
    )


def _drawn(search: Mapping[str, Any], pair: tuple[str, str], width: int) -> Canvas:
    canvas = Canvas(width, 320)
    axes = canvas.axes(right=14, top=10, bottom=46)
    front = set(search["front"])
    for place, member in reversed(list(enumerate(search["members"]))):
        if member["value"] is None:
            continue
        part = _part(search, place, front)
        name, symbol, solid = _PARTS[part]
        x, y = (100 * member["gains"][task] for task in pair)
        dot = axes.scatter(
            x,
            y,
            s=130 if part == "kept" else 70,
            marker=marker(symbol),
            facecolor=color(name) if solid else "none",
            edgecolor=color("card") if solid else color(name),
            linewidth=1.2,
            zorder=2 + list(_PARTS)[::-1].index(part),
            clip_on=False,
        )
        weights = ", ".join(f"{task} {member['weights'][task]:.2f}" for task in pair)
        canvas.explain(dot, f"{part}: {pair[0]} {x:.1f} %, {pair[1]} {y:.1f} % (weights {weights})")
    axes.margins(0.06)
    scale(axes, "x", ticks=4 if width <= NARROW else 7)
    scale(axes, "y", ticks=5)
    axes.set_xlabel(f"gain of {pair[0]}, %")
    canvas.y_label(axes, f"gain of {pair[1]}, %")
    return canvas


def _part(search: Mapping[str, Any], place: int, front: set[int]) -> str:
    if place == search["chosen"]:
        return "kept"
    if place == 0:
        return "equal weights"
    return "on the front" if place in front else "others"
