"""Section *Task weights*: members of a search, their Pareto front, the weights that were kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from polytask._validation import message
from polytask.exceptions import ParameterError, StudyError
from polytask.report._format import number, percent, plural

__all__ = ["FrontRow", "WeightsView", "shown_pair", "weights_record", "weights_view"]

_FORMAT = 1
_MOST_TASKS, _MOST_ROWS = 8, 20
_METHODS = {
    "random": "drawn from the simplex",
    "tpe": "proposed by tree-structured Parzen estimators",
    "population": "of a population, whose worst quarter took over the best between rounds",
}


@dataclass(frozen=True)
class FrontRow:
    """One member on the front: its part, weights and gains by task, and its value."""

    name: str
    part: str
    weights: Sequence[str]
    gains: Sequence[str]
    value: str


@dataclass(frozen=True)
class WeightsView:
    """Content of the section, for one learner on its first split."""

    learner: str
    said: str
    volume: str
    tasks: Sequence[str]
    rows: Sequence[FrontRow]
    more_tasks: int
    more_rows: int


def weights_record(weights: object) -> Mapping[str, Any]:
    """Accept a search of weights or the result of its `to_dict`; refuse anything else."""
    record = weights.to_dict() if hasattr(weights, "to_dict") else weights
    if not isinstance(record, Mapping) or not {"format", "searches", "method"} <= set(record):
        expected = "a WeightTuning or the mapping of its `to_dict()`"
        raise ParameterError(message("write_report", "weights", expected, weights))
    if record["format"] != _FORMAT:
        raise StudyError(
            f"This report reads searches of weights of format {_FORMAT}, and got format "
            f"{record['format']!r}."
        )
    return record


def weights_view(record: Mapping[str, Any]) -> WeightsView:
    """Read the section from the record of the search."""
    search = record["searches"][0]
    members = search["members"]
    shown = list(dict.fromkeys([search["chosen"], 0, *search["front"]]))
    tasks = list(search["metrics"])[:_MOST_TASKS]
    return WeightsView(
        learner=search["learner"],
        said=_said(record, search),
        volume=_volume(search),
        tasks=tasks,
        rows=[_row(search, members[place], place, tasks) for place in shown[:_MOST_ROWS]],
        more_tasks=len(search["metrics"]) - len(tasks),
        more_rows=max(len(shown) - _MOST_ROWS, 0),
    )


def _said(record: Mapping[str, Any], search: Mapping[str, Any]) -> str:
    trained = f"{plural(record['members'], 'network')} of {plural(record['steps'], 'step')}"
    return (
        f"{trained} per split, with task weights {_METHODS[record['method']]}; the first has equal "
        f"weights. {len(search['front'])} of {len(search['members'])} lie on the Pareto front of the "
        "tasks' gains over the best constant on validation rows; the weights of the highest mean "
        "gain are kept."
    )


def _volume(search: Mapping[str, Any]) -> str:
    if search["hypervolume"] is None:
        return "No task's gain is defined for every member, so there is no front."
    front, equal = search["hypervolume"], search["hypervolume_equal"]
    alone = (
        "; equal weights gave no model"
        if equal is None
        else f", that of equal weights alone {equal:.4g}"
    )
    return (
        f"The front's hypervolume is {front:.4g} (between the constant, 0, and gains of 1){alone}."
    )


def _row(
    search: Mapping[str, Any], member: Mapping[str, Any], place: int, tasks: Sequence[str]
) -> FrontRow:
    parts = {"kept": place == search["chosen"], "equal weights": place == 0}
    parts["front"] = place in search["front"]
    name = f"{member['number']}"
    if any(other["round"] for other in search["members"]):
        name = f"{name}, round {member['round'] + 1}"
    gains = member["gains"]
    value = member["value"]
    return FrontRow(
        name=name,
        part=", ".join(part for part, holds in parts.items() if holds),
        weights=[number(member["weights"][task], 2) for task in tasks],
        gains=[percent(g, 1) if (g := gains.get(task)) is not None else "–" for task in tasks],
        value="–" if value is None else percent(value, 2, signed=True),
    )


def shown_pair(search: Mapping[str, Any]) -> tuple[str, str] | None:
    """The two objectives that are drawn: those whose gains disagree most over the members."""
    tasks = search["objectives"]
    alive = [member for member in search["members"] if member["value"] is not None]
    if len(tasks) < 2 or len(alive) < 2:
        return None
    gains = np.array([[member["gains"][task] for task in tasks] for member in alive])
    centred = gains - gains.mean(axis=0)
    size = np.linalg.norm(centred, axis=0)
    alike = centred.T @ centred / np.maximum(np.outer(size, size), 1e-300)
    first, second = min(combinations(range(len(tasks)), 2), key=lambda pair: alike[pair])
    return tasks[first], tasks[second]
