"""Figures of gains over single-task: every task while they are few, else in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polytask.report._figure import Figure, axis, layout, safe, short
from polytask.report._format import percent, plural
from polytask.report._gains import Contest, Gain
from polytask.report._study import Study
from polytask.report._verdict import Answer

__all__ = ["few_figure", "many_figure"]


def few_figure(study: Study, found: Sequence[Contest]) -> Figure | None:
    """A dot with its interval for every task and joint learner."""
    tasks = [
        task["name"]
        for task in study.tasks
        if any(
            gain.task == task["name"] and gain.gain is not None for c in found for gain in c.gains
        )
    ]
    if not tasks:
        return None
    data = [
        _dots(contest, tasks, study, offset=(i + 1) / (len(found) + 1) - 0.5)
        for i, contest in enumerate(found)
    ]
    rows = list(range(len(tasks)))
    return Figure(
        key="gains",
        title="Relative gain over single-task, by task",
        alt=_alt(found),
        data=data,
        layout=layout(
            xaxis=axis(_AXIS, ticksuffix=" %", rangemode="tozero", zerolinewidth=1.5),
            yaxis=axis(
                tickvals=rows,
                ticktext=[f"{short(task)} " for task in tasks],
                range=[len(tasks) - 0.5, -0.5],
                showgrid=False,
                zeroline=False,
            ),
            showlegend=len(found) > 1,
        ),
        height=110 + len(tasks) * max(34, 18 * len(found)),
        caption=f"{_CAPTION} Filled: a difference was shown; hollow: none was.",
    )


_AXIS = "relative gain over single-task (right is better)"
_CAPTION = (
    "Dots are gains on the test rows, relative to the single-task value and signed so that "
    "positive is better; whiskers are 95 % intervals."
)


def _dots(contest: Contest, tasks: Sequence[str], study: Study, offset: float) -> dict[str, Any]:
    style = study.styles[contest.learner]
    gains = [gain for gain in contest.gains if gain.gain is not None]
    shown = [gain.answer.words in {"helped", "hurt"} for gain in gains]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": safe(contest.learner),
        "x": [round(100 * (gain.gain or 0.0), 5) for gain in gains],
        "y": [round(tasks.index(gain.task) + offset, 3) for gain in gains],
        "error_x": _whiskers(gains, style.color, 2),
        "marker": {
            "color": style.color,
            "size": 11,
            "symbol": [style.symbol if solid else f"{style.symbol}-open" for solid in shown],
            "line": {"width": 2, "color": style.color},
        },
        **_hover(gains),
    }


def many_figure(contest: Contest, index: int) -> Figure | None:
    """All gains in order, coloured by answer, with their distribution at the side."""
    ranked = contest.ranked[::-1]
    if not ranked:
        return None
    answers = dict.fromkeys(gain.answer for gain in ranked)
    return Figure(
        key=f"gains-{index}",
        title=f"{contest.learner}: gains of {plural(len(ranked), 'task')}, in order",
        alt=_alt([contest]),
        data=[*(_ranked(ranked, answer) for answer in answers), _histogram(ranked)],
        layout=layout(
            xaxis=axis("tasks, from the largest loss to the largest gain", domain=[0, 0.84])
            | {"showgrid": False, "zeroline": False},
            xaxis2=axis("tasks", domain=[0.87, 1], showgrid=False, nticks=3),
            yaxis=axis("relative gain", ticksuffix=" %", rangemode="tozero", zerolinewidth=1.5),
            bargap=0.08,
        ),
        height=400,
        caption=f"{_CAPTION} At the right, how many tasks have which gain.",
    )


def _ranked(ranked: Sequence[Gain], answer: Answer) -> dict[str, Any]:
    chosen = [(rank, gain) for rank, gain in enumerate(ranked, 1) if gain.answer is answer]
    gains = [gain for _, gain in chosen]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{answer.words} ({len(gains)})",
        "x": [rank for rank, _ in chosen],
        "y": [round(100 * (gain.gain or 0.0), 4) for gain in gains],
        "error_y": _whiskers(gains, f"{answer.color}-soft", 1),
        "marker": {"color": answer.color, "size": 6, "symbol": answer.symbol},
        **_hover(gains),
    }


def _histogram(ranked: Sequence[Gain]) -> dict[str, Any]:
    return {
        "type": "histogram",
        "y": [round(100 * (gain.gain or 0.0), 4) for gain in ranked],
        "nbinsy": 30,
        "xaxis": "x2",
        "marker": {"color": "muted-soft"},
        "showlegend": False,
        "hovertemplate": "%{y}: %{x} tasks<extra></extra>",
    }


def _whiskers(gains: Sequence[Gain], color: str, thickness: float) -> dict[str, Any]:
    ends = [(gain.gain or 0.0, *(gain.bounds or (gain.gain or 0.0,) * 2)) for gain in gains]
    return {
        "type": "data",
        "symmetric": False,
        "array": [round(100 * max(high - value, 0.0), 5) for value, _, high in ends],
        "arrayminus": [round(100 * max(value - low, 0.0), 5) for value, low, _ in ends],
        "color": color,
        "thickness": thickness,
        "width": 0,
    }


def _hover(gains: Sequence[Gain]) -> dict[str, Any]:
    """Names travel as data: inside a template plotly would read them as part of it."""
    return {
        "customdata": [
            [
                safe(gain.task),
                safe(f"{gain.metric} {gain.difference} {gain.interval}"),
                gain.gain_text,
                gain.answer.words,
            ]
            for gain in gains
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>gain %{customdata[2]}<br>"
        "%{customdata[1]}<br>%{customdata[3]}<extra></extra>",
    }


def _alt(found: Sequence[Contest]) -> str:
    parts = []
    for contest in found:
        values = [gain.gain for gain in contest.ranked if gain.gain is not None]
        if values:
            low, high = (percent(value, 2, signed=True) for value in (min(values), max(values)))
            parts.append(
                f"{contest.learner} against {contest.baseline}: "
                f"{plural(len(values), 'task')}, gains from {low} to {high}."
            )
    return " ".join(["Relative gains on the test rows.", *parts, "The table below has them all."])
