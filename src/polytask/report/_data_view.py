"""Section *Data*: rows, columns by type, and labels of every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from polytask.report._format import count, decimals, number, percent, plural
from polytask.report._study import ROWS, Study

__all__ = ["ClassShare", "DataView", "SourceRow", "TaskLabels", "data_view"]

CLASSES = 4  # further classes are summed
TASKS = 8  # further tasks of a source are only counted
_LEARNED_AS = {"text": "categories"}
"""Columns of a summary by another name, beside free text."""


@dataclass(frozen=True)
class ClassShare:
    """A class and its share of the labelled rows; `start` is its position in a bar."""

    name: str
    start: float
    width: float
    text: str


@dataclass(frozen=True)
class TaskLabels:
    """The labels of one task."""

    name: str
    kind: str
    auxiliary: bool
    after: str
    metric: str
    labelled: str
    missing: str
    test: str
    shares: Sequence[ClassShare]
    text: str


@dataclass(frozen=True)
class SourceRow:
    """One source of rows."""

    name: str
    rows: str
    columns: Sequence[str]
    inputs: str
    layout: str
    labelled: str


@dataclass(frozen=True)
class DataView:
    """Content of the section."""

    rows: str
    sentence: str
    sources: Sequence[SourceRow]
    tasks: Sequence[TaskLabels]
    left_out: str
    notes: Sequence[str]
    digest: str


def data_view(study: Study) -> DataView:
    """Read the section from the data set's summary."""
    data = study.record["study"]["data"]
    summary = data["summary"]
    missing = len(summary["tasks"]) - ROWS
    return DataView(
        rows=count(summary["rows"]),
        sentence=_sentence(summary),
        sources=[_source(source, data.get("inputs", {})) for source in summary["sources"]],
        tasks=[_task(study, task) for task in summary["tasks"][:ROWS]],
        left_out=f"{plural(missing, 'further task')} are" if missing > 0 else "",
        notes=data["notes"],
        digest=data["digest"],
    )


def _sentence(summary: Mapping[str, Any]) -> str:
    labelled = [task["labelled"] for task in summary["tasks"]]
    tasks, sources = len(labelled), len(summary["sources"])
    where = "" if sources == 1 else f" from {plural(sources, 'source')}"
    if min(labelled) == max(labelled):
        labels = f"{plural(labelled[0], 'labelled row')} each"
    else:
        labels = (
            f"between {count(min(labelled))} and {count(max(labelled))} labelled rows each "
            f"(median {count(median(labelled))})"
        )
    return f"{plural(summary['rows'], 'row')}{where}; {plural(tasks, 'task')} with {labels}."


def _source(source: Mapping[str, Any], inputs: Mapping[str, Any]) -> SourceRow:
    layout = "each row belongs to one task" if source.get("own_rows") else "tasks share rows"
    if source.get("weighted"):
        layout += ", rows are weighted"
    if source.get("groups"):
        layout += f", {plural(source['groups'], 'group')}"
    return SourceRow(
        name=source["name"],
        rows=count(source["rows"]),
        columns=[
            f"{_LEARNED_AS.get(kind, kind)}: {count(n)}" for kind, n in source["columns"].items()
        ],
        inputs=_inputs(inputs.get(source["name"])),
        layout=layout,
        labelled=_labelled(source.get("labelled", {})),
    )


def _labelled(rows: Mapping[str, int]) -> str:
    """Numbers of labelled rows of the source's first tasks."""
    shown = [f"{task} {count(number)}" for task, number in list(rows.items())[:TASKS]]
    more = len(rows) - len(shown)
    return ", ".join(shown) + (f" +{count(more)} more" if more > 0 else "")


def _inputs(inputs: Mapping[str, Any] | None) -> str:
    """Names of input columns; empty if the record has none."""
    if inputs is None:
        return ""
    more = f" +{count(inputs['more'])} more" if inputs["more"] else ""
    return ", ".join(inputs["names"]) + more


def _task(study: Study, labels: Mapping[str, Any]) -> TaskLabels:
    task = study.by_task[labels["name"]]
    several = labels.get("overlapping", False)
    shares = _shares(labels, labels["labelled"] if several else None)
    return TaskLabels(
        name=labels["name"],
        kind=task["kind"],
        auxiliary=task["role"] == "auxiliary",
        after=", ".join(task.get("after", ())),
        metric=study.label(task["name"], task["metric"]),
        labelled=count(labels["labelled"]),
        missing=percent(labels["missing"]) if labels.get("missing") else "none",
        test=count(task["test_rows"]),
        shares=[] if several else shares,
        text=_moments(labels) if "mean" in labels else ", ".join(s.text for s in shares),
    )


def _shares(labels: Mapping[str, Any], rows: int | None) -> list[ClassShare]:
    """Shares of the largest classes; the others are summed, unless they overlap."""
    counts = dict(zip(map(str, labels.get("classes", ())), labels.get("counts", ()), strict=True))
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    rest = ranked[CLASSES - 1 :] if len(ranked) > CLASSES else []
    kept = ranked[: len(ranked) - len(rest)]
    if rest and rows is None:
        kept.append((f"{len(rest)} other classes", sum(n for _, n in rest)))
    total = sum(counts.values()) if rows is None else rows
    shares, start = [], 0
    for name, n in kept:
        shares.append(_share(name, start, n, total))
        start += n
    return shares


def _share(name: str, start: float, n: int, total: int) -> ClassShare:
    part = n / total if total else 0.0
    position = 100 * start / total if total else 0.0
    return ClassShare(name, round(position, 2), round(100 * part, 2), f"{name}: {percent(part)}")


def _moments(labels: Mapping[str, Any]) -> str:
    pairs = list(zip(labels["mean"], labels["std"], strict=True))
    digits = [decimals([deviation]) for _, deviation in pairs]
    texts = [
        f"{number(mean, d)} ± {number(deviation, d)}"
        for (mean, deviation), d in zip(pairs, digits, strict=True)
    ]
    columns = labels.get("columns", ())
    if 1 < len(columns) == len(texts):
        texts = [f"{column} {text}" for column, text in zip(columns, texts, strict=True)]
    more = f" and {plural(len(texts) - 3, 'further column')}" if len(texts) > 3 else ""
    return f"mean ± deviation: {', '.join(texts[:3])}{more}"
