"""Sentences on Δm: the arithmetic mean, or the geometric one if a single task dominates."""

from __future__ import annotations

from collections.abc import Mapping

from polytask._listing import count
from polytask.evaluation.judging._answer import ALPHA
from polytask.evaluation.judging._estimates import DeltaMEstimate
from polytask.evaluation.wording._words import chance, percent, together

__all__ = [
    "aside",
    "average",
    "average_sentence",
    "left_out_sentence",
    "printed_interval",
    "where_interval_holds_zero",
]

_MOST_REASONS = 3


def average(delta: DeltaMEstimate) -> str:
    """Format Δm and its interval; the geometric mean is used if one task outweighs the others."""
    if delta.value is None:
        return "Δm is undefined"
    if delta.dominant is None or delta.geometric is None:
        return f"Δm {percent(delta.value, delta.interval)}"
    geometric = percent(delta.geometric, delta.geometric_interval)
    return f"geometric mean of the tasks' ratios {geometric}"


def aside(delta: DeltaMEstimate) -> str:
    """Parenthesis after `average` where p shows a difference and the printed interval does not."""
    return where_interval_holds_zero(delta.p, printed_interval(delta))


def printed_interval(delta: DeltaMEstimate) -> tuple[float, float] | None:
    """The interval that `average` writes."""
    geometric = delta.dominant is not None and delta.geometric is not None
    return delta.geometric_interval if geometric else delta.interval


def where_interval_holds_zero(p: float | None, interval: tuple[float, float] | None) -> str:
    """Parenthesis for a small p beside an interval that holds 0, which is found differently."""
    if p is None or p > ALPHA or interval is None or not interval[0] <= 0 <= interval[1]:
        return ""
    return f" ({chance(p)}, though the interval, found in another way, holds 0)"


def average_sentence(delta: DeltaMEstimate) -> str:
    """Δm, over which tasks, and what is left out, in one or two sentences."""
    left_out = left_out_sentence(delta.left_out)
    if delta.value is None:
        return f"Δm is undefined.{left_out}"
    first = f"{average(delta)} over {together(delta.tasks)}{aside(delta)}."
    first = first[0].upper() + first[1:]
    if delta.dominant is not None and delta.geometric is not None:
        first += (
            f" The arithmetic mean, Δm {percent(delta.value, delta.interval)}, is mostly "
            f"{delta.dominant} alone."
        )
    return f"{first}{left_out}"


def left_out_sentence(left_out: Mapping[str, str]) -> str:
    """One sentence for all tasks that Δm leaves out, by reason."""
    if not left_out:
        return ""
    by_reason: dict[str, list[str]] = {}
    for task, reason in left_out.items():
        by_reason.setdefault(reason, []).append(task)
    shown = sorted(by_reason.items(), key=lambda item: -len(item[1]))[:_MOST_REASONS]
    parts = [f"{together(tasks)} ({reason})" for reason, tasks in shown]
    rest = len(left_out) - sum(len(tasks) for _, tasks in shown)
    if rest:
        parts.append(f"{count(rest, 'more task')} for other reasons")
    return f" Left out of Δm: {'; '.join(parts)}."
