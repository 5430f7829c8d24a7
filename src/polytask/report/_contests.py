"""Section *Together against apart*: each joint learner and its single-task self, per task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask.report._format import decimals, interval, number, percent, plural
from polytask.report._population_view import PopulationView, population_view
from polytask.report._study import ROWS, Study
from polytask.report._verdict_view import ANSWERS, Answer

__all__ = ["Contest", "Gain", "contests"]

DRAWN = 1300  # tasks of all learners that have a dot and a row
LISTED = 8  # best and worst tasks that are named when there are many


@dataclass(frozen=True)
class Gain:
    """One task of a joint learner, compared with its single-task self."""

    task: str
    metric: str
    higher: bool
    auxiliary: bool
    apart: str
    together: str
    difference: str
    interval: str
    gain: float | None
    bounds: tuple[float, float] | None
    p: str
    answer: Answer
    undefined: str
    n_units: int = 0

    @property
    def gain_text(self) -> str:
        return "–" if self.gain is None else percent(self.gain, 2, signed=True)


@dataclass(frozen=True)
class Contest:
    """One joint learner, compared with its single-task self."""

    learner: str
    baseline: str
    sentence: str
    answer: Answer
    gains: Sequence[Gain]
    population: PopulationView | None = None  # where the tasks are many and small
    full: bool = True  # whether its tasks are drawn and listed
    twin: str = ""  # sentence on the learner against its twin, where that took part

    @property
    def ranked(self) -> list[Gain]:
        """Tasks with a relative gain, the largest first."""
        known = [gain for gain in self.gains if gain.gain is not None]
        return sorted(known, key=lambda gain: -(gain.gain or 0.0))

    @property
    def top(self) -> list[Gain]:
        return self.ranked[: min(LISTED, len(self.ranked) // 2)]

    @property
    def bottom(self) -> list[Gain]:
        return self.ranked[::-1][: min(LISTED, len(self.ranked) // 2)]

    @property
    def rows(self) -> list[Gain]:
        """All tasks: ranked, then those without a relative gain."""
        return self.ranked + [gain for gain in self.gains if gain.gain is None]

    @property
    def listed(self) -> list[Gain]:
        """Return `rows`, without the middle ones if they are too many for a page."""
        rows = self.rows
        return rows if len(rows) <= ROWS else [*rows[: ROWS // 2], *rows[-ROWS // 2 :]]

    @property
    def left_out(self) -> str:
        missing = len(self.gains) - len(self.listed)
        return f"{plural(missing, 'task')} in the middle are" if missing else ""


def contests(study: Study) -> list[Contest]:
    """Comparisons of all joint learners, beginning with the learner of the verdict."""
    joint = study.record["verdict"]["joint"]
    records = sorted(study.record["differences"], key=lambda record: record["learner"] != joint)
    twins = {twin["learner"]: twin["sentence"] for twin in study.record.get("twins", ())}
    drawn = max(1, DRAWN // len(study.tasks))
    return [
        Contest(
            record["learner"],
            record["baseline"],
            record["sentence"],
            ANSWERS[record["answer"]],
            [_gain(study, record, task) for task in record["tasks"]],
            population=population_view(record.get("population")),
            full=rank < drawn,
            twin=twins.get(record["learner"], ""),
        )
        for rank, record in enumerate(records)
    ]


def _gain(study: Study, record: Mapping[str, Any], task: str) -> Gain:
    entry = record["tasks"][task]
    metric = entry["metric"]
    apart = study.measure(record["baseline"], task, metric)["value"]
    together = study.measure(record["learner"], task, metric)["value"]
    digits = decimals([entry["difference"]], [entry["interval"]])
    return Gain(
        task=task,
        metric=study.label(task, metric),
        higher=study.higher(task, metric),
        auxiliary=not entry["counted"],
        apart=_number_or_dash(apart, digits),
        together=_number_or_dash(together, digits),
        difference=_number_or_dash(entry["difference"], digits, signed=True),
        interval=interval(entry["interval"], digits),
        gain=entry["gain"],
        bounds=_relative(entry, apart, higher=study.higher(task, metric)),
        p=_p_value(entry["p_corrected"]),
        answer=ANSWERS[entry["answer"]],
        undefined=entry["undefined"] or entry.get("too_few") or "",
        n_units=entry.get("n_units") or 0,
    )


def _number_or_dash(value: float | None, digits: int, *, signed: bool = False) -> str:
    return "–" if value is None else number(value, digits, signed=signed)


def _relative(
    entry: Mapping[str, Any], apart: float | None, *, higher: bool
) -> tuple[float, float] | None:
    """The difference's interval on the scale of the gain."""
    if entry["gain"] is None or not entry["interval"] or not apart:
        return None
    if entry["difference"]:
        factor = entry["gain"] / entry["difference"]
    else:
        factor = (1 if higher else -1) / abs(apart)
    low, high = sorted(factor * bound for bound in entry["interval"])
    return low, high


def _p_value(p: float | None) -> str:
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
