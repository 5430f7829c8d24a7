"""Precision, recall and F1 per class of one model as text."""

from __future__ import annotations

from collections.abc import Mapping

from polytask.metrics import ClassRow

__all__ = ["class_table"]

_MOST_TASKS, _MOST_CLASSES = 6, 12


def class_table(classes: Mapping[str, tuple[ClassRow, ...]]) -> str:
    """Format the classes of the first tasks that have more than two, or pixels; empty without any.

    Of many classes those with the most labels are shown.
    """
    several = {
        task: rows for task, rows in classes.items() if len(rows) > 2 or _are_of_pixels(rows)
    }
    blocks = [_block(task, rows) for task, rows in list(several.items())[:_MOST_TASKS]]
    if len(several) > len(blocks):
        blocks.append(f"… and classes of {len(several) - len(blocks)} more tasks")
    return "\n".join(blocks)


def _block(task: str, rows: tuple[ClassRow, ...]) -> str:
    most = sorted(rows, key=lambda row: -row.support)[:_MOST_CLASSES]
    shown = [row for row in rows if row in most]
    width = max(len(row.name) for row in shown)
    head = f"{task}, by class{' (those with the most labels)' if len(shown) < len(rows) else ''}"
    of_pixels = _are_of_pixels(rows)
    lines = [
        f"  {row.name.ljust(width)}  precision {_share(row.precision)}  recall {_share(row.recall)}  "
        f"F1 {_share(row.f1)}  {f'IoU {_share(row.iou)}  ' if of_pixels else ''}"
        f"{row.support:,.9g} {'pixels' if of_pixels else 'labels'}"
        for row in shown
    ]
    absent = [row.name for row in shown if of_pixels and row.iou is None]
    if absent:
        lines.append(f"  no pixel has or is decided for {', '.join(absent)}: no IoU")
    return "\n".join([head, *lines])


def _are_of_pixels(rows: tuple[ClassRow, ...]) -> bool:
    return any(row.iou is not None for row in rows)


def _share(value: float | None) -> str:
    return "–    " if value is None else f"{value:.3f}"
