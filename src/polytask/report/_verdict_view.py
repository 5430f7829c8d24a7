"""Top of the page: the verdict, the recommended model and its costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._format import compact, duration, interval, percent
from polytask.report._study import Study

__all__ = ["ANSWERS", "Answer", "Tile", "VerdictView", "settings_text", "verdict_view"]


@dataclass(frozen=True)
class Answer:
    """Text, colour and symbol of an answer."""

    text: str
    color: str
    symbol: str

    @property
    def counted(self) -> bool:
        """Whether the number of test units is the reason."""
        return self.text == "too few units"

    @property
    def shown(self) -> bool:
        """Whether the answer states a difference."""
        return self.text in {"helped", "hurt"}


ANSWERS = {
    "helped": Answer("helped", "good", "triangle-up"),
    "hurt": Answer("hurt", "bad", "triangle-down"),
    "mixed": Answer("mixed", "mixed", "diamond"),
    "no difference shown": Answer("no difference shown", "muted", "circle"),
    "too few units": Answer("too few units", "muted", "x"),
    "nothing to share": Answer("nothing to share", "muted", "circle"),
    "undefined": Answer("undefined", "muted", "x"),
}


@dataclass(frozen=True)
class Tile:
    """A key figure with its label and a note."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class VerdictView:
    """Content of the top of the page."""

    answer: Answer
    headline: str
    sentences: Sequence[str]
    more: Sequence[str]
    tiles: Sequence[Tile]
    settings: str


def verdict_view(study: Study, shown: int = 8) -> VerdictView:
    """Read sentences and key figures from the comparison's record."""
    record = study.record["verdict"]
    sentences = list(record["sentences"])
    return VerdictView(
        answer=ANSWERS[record["answer"]],
        headline=record["headline"],
        sentences=sentences[:shown],
        more=sentences[shown:],
        tiles=_tiles(study, record["joint"]),
        settings=settings_text(study.record["recommended"]["settings"]),
    )


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings as `name = value`; settings chosen per task are only mentioned."""
    if "per task" in settings:
        return "chosen for each task"
    return ", ".join(f"{name} = {value}" for name, value in settings.items())


def _tiles(study: Study, joint: str | None) -> list[Tile]:
    difference = next((d for d in study.record["differences"] if d["learner"] == joint), None)
    if difference is None:
        return []
    learner = study.by_learner[difference["learner"]]
    baseline = study.by_learner[difference["baseline"]]
    return [
        _gain_tile(difference),
        _counts_tile(difference),
        _cost_tile("Time to fit", learner["seconds"], baseline["seconds"], duration),
        _cost_tile("Parameters", learner["n_parameters"], baseline["n_parameters"], compact),
    ]


def _gain_tile(difference: Mapping[str, Any]) -> Tile:
    """Mean gain: arithmetic, or geometric if a single task outweighs the others."""
    gain = difference["delta_m"]
    label = f"Δm over {difference['baseline']}"
    if gain["value"] is None:
        return Tile(label, "undefined")
    means = [_mean(gain["value"], gain["interval"])]
    geometric = gain.get("geometric")
    if geometric is not None:
        means.append(_mean(geometric, gain.get("geometric_interval")))
    if geometric is not None and gain.get("dominant"):
        (arithmetic, bounds), (value, own) = means
        note = f"arithmetic mean {arithmetic} {bounds}, most of it from {gain['dominant']}"
        return Tile(f"{label}, geometric mean", value, "; ".join(filter(None, [own, note])))
    (value, bounds), *rest = means
    notes = [bounds, *(f"geometric mean {other}" for other, _ in rest)]
    return Tile(label, value, "; ".join(filter(None, notes)))


def _mean(value: float, bounds: Sequence[float] | None) -> tuple[str, str]:
    written = interval([100 * bound for bound in bounds], 2) + "\u00a0%" if bounds else ""
    return percent(value, 2, signed=True), written


def _counts_tile(difference: Mapping[str, Any]) -> Tile:
    """Counts of the tasks' answers, or the share of gaining tasks if they are a sample."""
    counts = difference["counts"]
    total = sum(counts.values())
    sample = difference.get("population")
    if sample and sample["share_gaining"] is not None:
        mean, bounds = _mean(sample["mean"], sample["interval"])
        note = f"of {total} tasks, expected; mean gain {mean} {bounds}"
        return Tile("Tasks that gain", percent(sample["share_gaining"], 0), note)
    rest = [
        f"{n} {answer}" for answer, n in counts.items() if n and answer not in {"helped", "hurt"}
    ]
    value = f"{counts.get('helped', 0)} helped, {counts.get('hurt', 0)} hurt"
    return Tile(f"Of {total} primary tasks", value, ", ".join(rest))


def _cost_tile(label: str, value: float, baseline: float, write: Callable[[float], str]) -> Tile:
    if not value or not baseline:
        return Tile(label, write(value) if value else "–")
    return Tile(label, f"{value / baseline:.2g} ×", f"{write(value)} against {write(baseline)}")
