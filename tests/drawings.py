"""SVG drawings read back: where marks stand on the axes that a reader sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np

_NUMBER = re.compile(r"−?[\d,]*\.?\d+(e−?\d+)?")


class Drawing:
    """One drawing of a report."""

    def __init__(self, source: str):
        self.source = source
        self.root = ET.fromstring(source)
        self.width, self.height = map(float, self.root.attrib["viewBox"].split()[2:])

    @property
    def texts(self) -> list[str]:
        return [text.text or "" for text in self.root.iter("text")]

    @property
    def titles(self) -> list[str]:
        return [title.text or "" for title in self.root.iter("title")]

    def x(self) -> Callable[[float], float]:
        """From a pixel to a value of the lower axis, as its printed numbers say."""
        lowest = max(float(t.attrib["y"]) for t in self._numbers("middle"))
        ticks = [t for t in self._numbers("middle") if float(t.attrib["y"]) == lowest]
        # A second axis at the side begins where numbers fall again.
        places = [(float(t.attrib["x"]), _value(t)) for t in ticks]
        rising = [places[0]]
        for place in places[1:]:
            if place[1] <= rising[-1][1]:
                break
            rising.append(place)
        return _line(rising)

    def y(self) -> Callable[[float], float]:
        """From a pixel to a value of the axis at the left; its numbers are centred on lines."""
        lines = [_points(p) for p in self.root.iter("path") if "--line" in p.get("style", "")]
        heights = [line[0][1] for line in lines if line[0][1] == line[1][1]]
        ticks = self._numbers("end")
        places = []
        for tick in ticks:
            near = min(heights, key=lambda h: abs(h - float(tick.attrib["y"]) + 4.3))
            places.append((near, _value(tick)))
        return _line(places)

    def marks(self, title: str) -> list[tuple[float, float]]:
        """Pixels of the symbols over which `title` is said."""
        return [
            (float(use.attrib["x"]), float(use.attrib["y"]))
            for holder in self.root.iter()
            if holder.findtext("title") == title
            for use in ([holder] if holder.tag == "use" else holder.iter("use"))
        ]

    def paths(self, title: str) -> list[list[tuple[float, float]]]:
        """Pixels of the lines over which `title` is said."""
        return [
            _points(path)
            for holder in self.root.iter("g")
            if holder.findtext("title") == title
            for path in holder.findall("path")
        ]

    def fill(self, title: str) -> str:
        """Colour in which the symbols of `title` are filled."""
        uses = [
            use
            for holder in self.root.iter("g")
            if holder.findtext("title") == title
            for use in holder.iter("use")
        ]
        return re.search(r"fill:([^;]+)", uses[0].attrib["style"])[1]

    def label(self, text: str) -> tuple[float, float]:
        """Where a text stands."""
        element = next(t for t in self.root.iter("text") if t.text == text)
        return float(element.attrib["x"]), float(element.attrib["y"])

    def _numbers(self, anchor: str) -> list[ET.Element]:
        return [
            text
            for text in self.root.iter("text")
            if f"text-anchor:{anchor}" in text.attrib["style"]
            and "--muted" in text.attrib["style"]
            and _NUMBER.fullmatch((text.text or "").removesuffix("\u00a0%"))
        ]


def _value(tick: ET.Element) -> float:
    text = (tick.text or "").removesuffix("\u00a0%").replace(",", "").replace("−", "-")
    return float(text)


def _points(path: ET.Element) -> list[tuple[float, float]]:
    found = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.attrib["d"])
    return [(float(x), float(y)) for x, y in found]


def _line(places: list[tuple[float, float]]) -> Callable[[float], float]:
    slope, start = np.polyfit(*np.array(places).T, 1)
    return lambda pixel: float(slope * pixel + start)
