"""Paths in small panels side by side, as one self-contained SVG file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Panel", "write_panels"]

_WIDTH, _HEIGHT, _TITLE, _GAP = 150, 140, 18, 10
_TOLERANCE = 0.4
_LONG = 28


@dataclass(frozen=True)
class Panel:
    """A title and paths, each (n, 2), with a colour each."""

    title: str
    paths: Sequence[np.ndarray]
    colors: Sequence[str]


def write_panels(
    target: Path,
    groups: dict[str, Sequence[Panel]],
    background: Sequence[np.ndarray],
    *,
    limits: tuple[tuple[float, float], tuple[float, float]],
    columns: int,
    note: str,
) -> None:
    """Draw groups of panels under headings.

    Parameters
    ----------
    target : Path
    groups : mapping of heading to panels
    background : sequence of arrays (n, 2)
        Grey lines of every panel, the first one thick.
    limits : pair of pairs
        What both axes show.
    columns : int
        Panels side by side.
    note : str
        A line of words at the top.
    """
    scale = _Scale(limits)
    body = [_text(_GAP, 20, note, size=12)]
    defined = "".join(
        f'<path d="{scale.path(line)}" stroke-width="{5 if place == 0 else 1}"/>'
        for place, line in enumerate(background)
    )
    top = 34
    for heading, panels in groups.items():
        body.append(_text(_GAP, top + 16, heading, size=14, weight="bold"))
        top += 26
        for place, panel in enumerate(panels):
            row, column = divmod(place, columns)
            x = _GAP + column * (_WIDTH + _GAP)
            y = top + row * (_HEIGHT + _TITLE + _GAP)
            body.append(f'<g transform="translate({x} {y})">{_panel(panel, scale)}</g>')
        top += -(-len(panels) // columns) * (_HEIGHT + _TITLE + _GAP) + 6
    width = _GAP + columns * (_WIDTH + _GAP)
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" '
        f'height="{top}" font-family="sans-serif">\n'
        f'<rect width="{width}" height="{top}" fill="#fff"/>\n'
        f'<defs><g id="b" fill="none" stroke="#bbb" stroke-linecap="round">{defined}</g></defs>\n'
        + "\n".join(body)
        + "\n</svg>\n",
        encoding="utf-8",
    )


class _Scale:
    """From both axes to a panel's pixels."""

    def __init__(self, limits: tuple[tuple[float, float], tuple[float, float]]) -> None:
        self.low = np.array([low for low, _ in limits])
        self.span = np.array([high - low for low, high in limits])

    def pixels(self, points: np.ndarray) -> np.ndarray:
        share = (points - self.low) / self.span
        return np.stack([share[:, 0] * _WIDTH, _TITLE + (1 - share[:, 1]) * _HEIGHT], axis=1)

    def path(self, points: np.ndarray) -> str:
        shown = np.round(_simplified(self.pixels(points)), 1)
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in shown)


def _simplified(points: np.ndarray) -> np.ndarray:
    """Leave out points that lie on the line between their neighbours, by Douglas and Peucker."""
    kept = {0, len(points) - 1}
    open_spans = [(0, len(points) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        gaps = _distances(points[first + 1 : last], points[first], points[last])
        if gaps.max() > _TOLERANCE:
            middle = first + 1 + int(gaps.argmax())
            kept.add(middle)
            open_spans += [(first, middle), (middle, last)]
    return points[sorted(kept)]


def _distances(points: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Of points from a segment."""
    along = last - first
    share = (points - first) @ along / max(float(along @ along), 1e-12)
    return np.linalg.norm(points - first - np.clip(share, 0, 1)[:, None] * along, axis=1)


def _panel(panel: Panel, scale: _Scale) -> str:
    parts = [
        f'<rect y="{_TITLE}" width="{_WIDTH}" height="{_HEIGHT}" fill="#fafafa" stroke="#ddd"/>',
        '<use href="#b"/>',
        _text(0, 13, panel.title, size=11 if len(panel.title) <= _LONG else 9),
    ]
    for path, color in zip(panel.paths, panel.colors, strict=True):
        (x, y), (end_x, end_y) = np.round(scale.pixels(path[[0, -1]]), 1)
        parts.append(
            f'<path d="{scale.path(path)}" fill="none" stroke="{color}" stroke-width="1.3"/>'
            f'<circle cx="{x:g}" cy="{y:g}" r="2" fill="#fff" stroke="{color}"/>'
            f'<circle cx="{end_x:g}" cy="{end_y:g}" r="3" fill="{color}"/>'
        )
    return "".join(parts)


def _text(x: float, y: float, words: str, *, size: int, weight: str = "normal") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}">{words}</text>'
