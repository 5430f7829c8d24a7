"""Conversion of matplotlib's SVG for the page: small, with the page's colours and tooltips."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from polytask.report._theme import themed

__all__ = ["page_svg"]

_KEPT = {"d", "x", "y", "href", "style", "transform", "id"}
_MEASURES = {"d", "x", "y", "transform"}
_UPRIGHT = re.compile(r"rotate\(-?0 [^)]*\)")
_FONT = re.compile(r"font: (?:\w+ )*([\d.]+px)[^;]*")  # of older matplotlibs
_FAMILY = re.compile(r"font-family: [^;]*(; |$)")
_NUMBER = re.compile(r"-?\d+\.\d+")
_BLANKS = re.compile(r"\s*([MLQCz])\s*")


def page_svg(markup: str, titles: Mapping[str, Sequence[str]], key: str) -> str:
    """Convert matplotlib's SVG for the page.

    Parameters
    ----------
    markup : str
    titles : mapping
        Tooltips of an artist by its `gid`: one per shape, or one for all shapes.
    key : str
        Prefix of all ids, so that a page can hold many drawings.

    Returns
    -------
    str
        An `<svg>` without fonts and clips, in the page's colours.
    """
    root = ET.fromstring(markup)  # noqa: S314 - matplotlib wrote it just now
    box = root.attrib["viewBox"]
    for element in root.iter():
        _rename(element)
    _remove_unused(root)
    for group in [group for group in root.iter("g") if group.get("id") in titles]:
        _explain(group, titles[group.attrib["id"]])
    named = [shape.attrib["id"] for shape in root.iter("path") if shape.get("id")]
    names = {name: f"{key}-{position}" for position, name in enumerate(named)}
    for element in root.iter():
        _tidy(element, names)
    _flatten(root)
    root.attrib = {"class": "drawing", "viewBox": box, "width": box.split()[2]}
    return ET.tostring(root, encoding="unicode").replace(" />", "/>")


def _rename(element: ET.Element) -> None:
    """Remove namespaces, which names inside a page do not need."""
    element.tag = element.tag.rpartition("}")[2]
    element.attrib = {name.rpartition("}")[2]: value for name, value in element.items()}
    if element.tag not in {"text", "tspan"}:
        element.text = None
    element.tail = None


def _remove_unused(parent: ET.Element) -> None:
    for child in list(parent):
        if child.tag in {"metadata", "style", "clipPath"}:
            parent.remove(child)
        else:
            _remove_unused(child)


def _explain(group: ET.Element, texts: Sequence[str]) -> None:
    """Add titles to a group's shapes in drawing order."""
    shapes = [shape for shape in group.iter() if shape.tag in {"path", "use", "text"}]
    defined = {path for defs in group.iter("defs") for path in defs}
    shapes = [shape for shape in shapes if shape not in defined]
    if len(texts) == 1:
        shapes = [group]
    for shape, text in zip(shapes, texts, strict=True):
        title = ET.Element("title")
        title.text = text
        shape.insert(0, title)


def _tidy(element: ET.Element, names: Mapping[str, str]) -> None:
    """Keep the attributes that affect drawing, in few characters."""
    values = {name: value for name, value in element.items() if name in _KEPT}
    values["id"] = names.get(values.get("id", ""), "")
    if "href" in values:
        values["href"] = f"#{names[values['href'][1:]]}"
    for name in _MEASURES & set(values):
        values[name] = _rounded(values[name])
    if "style" in values:
        style = _FAMILY.sub("", _FONT.sub(r"font-size: \1", themed(values["style"])))
        values["style"] = style.replace(": ", ":").replace("; ", ";").rstrip(";")
    element.attrib = {name: value for name, value in values.items() if value}


def _rounded(value: str) -> str:
    """Round to tenths of a pixel; remove rotations by 0 and blanks around letters."""
    value = _NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), value)
    return _BLANKS.sub(r"\1", _UPRIGHT.sub("", value)).strip()


def _flatten(parent: ET.Element) -> None:
    """Replace groups without a title by their content; state shared styles once."""
    children: list[ET.Element] = []
    for child in parent:
        _flatten(child)
        if child.tag == "defs" or child.tag != "g" or child.find("title") is not None:
            children += [child] if len(child) or child.tag not in {"defs", "g"} else []
        elif len(child) > 2 and (style := _common_style(child)):
            child.set("style", style)
            children.append(child)
        else:
            children += child
    parent[:] = children


def _common_style(group: ET.Element) -> str:
    """Remove and return the style that all parts of a group share, if any."""
    styles = {part.get("style", "") for part in group}
    if len(styles) != 1:
        return ""
    for part in group:
        part.attrib.pop("style", None)
    return styles.pop()
