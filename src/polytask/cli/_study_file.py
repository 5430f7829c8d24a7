"""Study files: names and values in YAML, read as plain data of a bounded size."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from polytask._validation import describe
from polytask.exceptions import SourceFileError

__all__ = ["read_study_file"]

_MOST_BYTES = 1_000_000
_MOST_VALUES = 100_000
_MOST_LEVELS = 20
_TROUBLE = (yaml.YAMLError, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What PyYAML raises, also for tags whose value is none of theirs, such as ``!!int x``."""


class _StudyLoader(yaml.SafeLoader):
    """YAML 1.2's plain values: yes, no, on, off, dates and times of day stay text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping whose keys stay text as written; duplicate keys are refused."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a name must be text", problem_mark=key.start_mark
                )
            if key.tag != "tag:yaml.org,2002:merge":
                key.tag = "tag:yaml.org,2002:str"
                if key.value in seen:
                    problem = f"{key.value!r} stands there twice"
                    raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_FRACTION = r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?"
_POWER = r"[-+]?[0-9]+[eE][-+]?[0-9]+"
_PLAIN = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    "float": (
        rf"{_FRACTION}|{_POWER}|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    "merge": (r"<<", ["<"]),
}
for _tag, (_pattern, _first) in _PLAIN.items():
    _StudyLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
    )


def read_study_file(path: Path) -> dict[str, Any]:
    """Read names and values.

    Raises
    ------
    SourceFileError
        If it cannot be read, is no such file, or is larger or deeper than any study needs.
    """
    text = _text(path)
    try:
        _check_size(yaml.parse(text, Loader=_StudyLoader))
        values = yaml.load(text, Loader=_StudyLoader)  # noqa: S506 - a safe one
    except _TROUBLE as error:
        raise SourceFileError(f"The study file {path} cannot be read: {_said(error)}.") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        sentence = (
            f"The study file {path} must hold names and values, as `seeds: 3`. "
            f"Got {describe(values)} instead."
        )
        raise SourceFileError(sentence)
    return values


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            held = file.read(_MOST_BYTES + 1)
        text = held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sentence = f"The study file {path} cannot be read: it is not UTF-8 text."
        raise SourceFileError(sentence) from error
    except (OSError, ValueError) as error:  # a path with NUL in it is a ValueError
        said = getattr(error, "strerror", None) or error
        raise SourceFileError(f"The study file {path} cannot be read: {said}.") from error
    if len(held) > _MOST_BYTES:
        raise SourceFileError(f"The study file {path} has more than 1 MB; a study needs few lines.")
    return text


def _check_size(events: Iterable[yaml.Event]) -> None:
    """Raise if the values, with all that is referred to, are too many or too deep.

    References are small in the file and may still grow by each level that refers to another.
    """
    count = 0
    sizes: dict[str | None, int] = {}
    opened: list[tuple[str | None, int]] = []
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            if any(event.anchor == anchor for anchor, _ in opened):
                raise ValueError(f"*{event.anchor} refers to itself")
            count += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            sizes[anchor] = count - before
        elif isinstance(event, yaml.NodeEvent):
            _check_plain(event)
            count += 1
            if isinstance(event, yaml.ScalarEvent):
                sizes[event.anchor] = 1
            else:
                opened.append((event.anchor, count - 1))
        if len(opened) > _MOST_LEVELS:
            raise ValueError(f"it has lists in lists, more than {_MOST_LEVELS} deep")
        if count > _MOST_VALUES:
            raise ValueError(f"it has more than {_MOST_VALUES:,} values")


def _check_plain(event: Any) -> None:
    """Raise for tags, and for text that UTF-8 cannot encode."""
    if getattr(event, "tag", None) not in {None, "!", "tag:yaml.org,2002:str"}:
        said = "values have no tags, such as !!int, in a study file"
        raise yaml.MarkedYAMLError(problem=said, problem_mark=event.start_mark)
    if isinstance(event, yaml.ScalarEvent):
        event.value.encode("utf-8")  # a UnicodeEncodeError, which is a ValueError


def _said(error: Exception) -> str:
    """Describe the error, with its line."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem is None:
        return " ".join(str(error).split()).rstrip(".")
    mark = error.problem_mark or error.context_mark
    line = "" if mark is None else f"line {mark.line + 1}: "
    remedy = "; indent with spaces" if "'\\t'" in error.problem else ""
    return f"{line}{error.problem}{remedy}"
