"""Section *Sharing*: the ratio of sharing of each pair of tasks, and when it changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from polytask._listing import first_and_more
from polytask.report._format import number, plural
from polytask.report._observed_view import is_sharing
from polytask.report._relations_figures import matrix_figure
from polytask.report._section import Section, SectionTable
from polytask.report._study import Study

__all__ = ["sharing_section", "sharing_sections"]

_MOST_PAIRS, _MOST_CHANGES, _MOST_NAMES = 60, 40, 12


def sharing_sections(study: Study, run: int) -> list[Section]:
    """A section per learner whose tasks changed how they share; settings of figures are set."""
    return [
        sharing_section(values, f"Sharing of {learner}", f"sharing{position}")
        for position, (learner, values) in enumerate(_known(study, run))
    ]


def _known(study: Study, run: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for learner in study.learners:
        for curve in learner["runs"][run].get("curves") or ():
            for by_epoch in curve.get("observed", {}).values():
                last = next((seen for seen in reversed(by_epoch) if seen), None)
                if last is not None and is_sharing(last):
                    yield learner["name"], last


def sharing_section(
    record: Mapping[str, Any], title: str = "Sharing while training", key: str = "sharing"
) -> Section:
    """Heat maps of ratio and affinity, a table of pairs, and one of changes.

    Parameters
    ----------
    record : mapping
        As `SharingRecord.to_dict` gives it, with `words`.
    title : str
    key : str
    """
    groups = [[t for t in group if t not in _alone(record)] for group in _last(record)["groups"]]
    framed = [group for group in groups if group]
    framed += [[task] for task in _alone(record)]
    ratio, affinity = _matrix(record["ratio"]), _matrix(record["affinity"])
    caption = (
        "Rows are the tasks that answer, columns those they are pulled towards; light is more. "
        "Frames are the groups."
    )
    figures = [
        matrix_figure(
            name, label, record["tasks"], values, framed, ".2f", f"{key}-{label}", caption
        )
        for name, label, values in (
            ("Ratio of sharing of each pair", "ratio", ratio),
            ("Affinity of each pair", "affinity", affinity),
        )
    ]
    tables = [_pairs(record, ratio, affinity), _changes(record)]
    return Section(key, title, str(record["words"]), figures, tables)


def _last(record: Mapping[str, Any]) -> Mapping[str, Any]:
    last: Mapping[str, Any] = record["changes"][-1]
    return last


def _alone(record: Mapping[str, Any]) -> Sequence[str]:
    alone: Sequence[str] = _last(record)["alone"]
    return alone


def _matrix(rows: Sequence[Sequence[float | None]]) -> np.ndarray:
    return np.array(rows, dtype=np.float64)


def _pairs(record: Mapping[str, Any], ratio: np.ndarray, affinity: np.ndarray) -> SectionTable:
    """Pairs by the larger ratio of both directions, then by affinity."""
    tasks, size = record["tasks"], len(record["tasks"])
    pairs = [(i, j) for i in range(size) for j in range(i)]
    known = np.nan_to_num(affinity, nan=-2.0)
    pairs.sort(key=lambda pair: (-max(ratio[pair], ratio[pair[::-1]]), -known[pair], pair))
    rows = [
        (
            f"{tasks[j]}, {tasks[i]}",
            _number(affinity[i, j]),
            _number(ratio[j, i]),
            _number(ratio[i, j]),
        )
        for i, j in pairs[:_MOST_PAIRS]
    ]
    head = ("pair", "affinity", "ratio of the first", "ratio of the second")
    return SectionTable("Pairs of tasks", head, rows, _more(len(pairs) - len(rows), "pair"))


def _changes(record: Mapping[str, Any]) -> SectionTable:
    changes = record["changes"]
    rows = [
        (f"step {change['step']:,}", _groups(change["groups"]), _names(change["alone"]))
        for change in changes[:_MOST_CHANGES]
    ]
    head = ("from", "tasks that share", "answer alone in spite of partners")
    left_out = _more(len(changes) - len(rows), "change")
    return SectionTable("When sharing changed", head, rows, left_out, numbers_from=len(head))


def _more(number: int, thing: str) -> str:
    return f"… and {plural(number, f'further {thing}')}." if number > 0 else ""


def _groups(groups: Sequence[Sequence[str]]) -> str:
    joint = [f"{{{_names(group)}}}" for group in groups if len(group) > 1]
    return first_and_more(joint, _MOST_NAMES) if joint else "none"


def _names(names: Sequence[str]) -> str:
    return first_and_more(names, _MOST_NAMES) if names else "–"


def _number(value: float) -> str:
    return "unknown" if np.isnan(value) else number(value, 2)
