"""Colours and symbols of figures, by names that the page's light and dark styles resolve."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["COLORS", "SYMBOLS", "color", "symbol_path", "themed"]

COLORS = (
    *("text", "muted", "line", "card", "accent", "good", "bad", "mixed"),
    *(f"c{i}" for i in range(8)),
)
_PLACEHOLDER = re.compile("#fe([0-9a-f]{2})dc")  # colours used for nothing else

Points = tuple[tuple[float, float], ...]

# Outlines within [-1, 1]², y upwards, of about the same area. A circle has none.
SYMBOLS: Mapping[str, Points] = {
    "circle": (),
    "square": ((-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)),
    "diamond": ((0, -1.15), (1.15, 0), (0, 1.15), (-1.15, 0)),
    "triangle-up": ((-1.05, -0.85), (1.05, -0.85), (0, 1.1)),
    "triangle-down": ((-1.05, 0.85), (1.05, 0.85), (0, -1.1)),
    "cross": (
        *((-0.4, -1), (0.4, -1), (0.4, -0.4), (1, -0.4), (1, 0.4), (0.4, 0.4)),
        *((0.4, 1), (-0.4, 1), (-0.4, 0.4), (-1, 0.4), (-1, -0.4), (-0.4, -0.4)),
    ),
    "x": (
        *((-0.55, -1), (0, -0.45), (0.55, -1), (1, -0.55), (0.45, 0), (1, 0.55)),
        *((0.55, 1), (0, 0.45), (-0.55, 1), (-1, 0.55), (-0.45, 0), (-1, -0.55)),
    ),
    "star": (
        *((0, 1.2), (0.3, 0.41), (1.14, 0.37), (0.49, -0.16), (0.71, -0.97), (0, -0.51)),
        *((-0.71, -0.97), (-0.49, -0.16), (-1.14, 0.37), (-0.3, 0.41)),
    ),
    "hexagon": ((0, 1.05), (0.91, 0.52), (0.91, -0.52), (0, -1.05), (-0.91, -0.52), (-0.91, 0.52)),
}


def color(name: str) -> str:
    """Return the placeholder colour of the page's variable `--name`."""
    return f"#fe{COLORS.index(name):02x}dc"


def themed(style: str) -> str:
    """Replace the placeholders of `color` in a style by the page's variables."""
    return _PLACEHOLDER.sub(lambda match: f"var(--{COLORS[int(match[1], 16)]})", style)


def symbol_path(name: str) -> str:
    """Return a symbol as an SVG path, whose y axis points downwards."""
    points = SYMBOLS[name]
    if not points:
        return "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z"
    return "M" + "L".join(f"{x:g} {-y:g}" for x, y in points) + "z"
