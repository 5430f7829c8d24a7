"""Plotly figures as plain mappings; colours are names that the page's style sheet resolves."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Figure", "axis", "layout", "safe", "short"]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Parameters
    ----------
    key : str
        Name of its own in the page.
    title : str
    alt : str
        What it shows, for those who cannot see it.
    data : sequence of mapping
        Plotly traces.
    layout : mapping
        Plotly layout.
    height : int
        In pixels.
    caption : str
        How to read it.
    """

    key: str
    title: str
    alt: str
    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    height: int = 320
    caption: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        """What the page's script hands to plotly."""
        return {"data": list(self.data), "layout": dict(self.layout)}


def safe(text: str) -> str:
    """Return `text` as plotly shows it literally: plotly reads tags and entities in labels."""
    return html.escape(text, quote=False)


def short(text: str, limit: int = 24) -> str:
    """Return a label that leaves room for the figure, safe for plotly."""
    return safe(text if len(text) <= limit else f"{text[: limit - 1]}…")


def axis(title: str = "", **settings: Any) -> dict[str, Any]:
    """One axis in the page's style."""
    return {
        "title": {"text": title, "standoff": 10, "font": {"size": 13}},
        "automargin": True,
        "gridcolor": "line",
        "zerolinecolor": "muted",
        "linecolor": "line",
        "ticks": "",
        **settings,
    }


def layout(**settings: Any) -> dict[str, Any]:
    """Layout in the page's style."""
    return {
        "paper_bgcolor": "clear",
        "plot_bgcolor": "clear",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "text"},
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "hoverlabel": {"bgcolor": "card", "bordercolor": "line", "font": {"color": "text"}},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "dragmode": False,
        **settings,
    }
