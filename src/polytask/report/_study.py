"""A comparison's record, with the look-ups that all sections of the report need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from polytask._validation import message
from polytask.exceptions import ParameterError, StudyError

__all__ = ["MANY", "ROWS", "Study", "Style"]

FORMAT = 2
MANY = 20  # more tasks than this are summarised
ROWS = 1000  # more rows than this are left out of a table
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")


@dataclass(frozen=True)
class Style:
    """Style of a learner in all figures: the name of a colour in the style sheet, and a symbol."""

    color: str
    symbol: str


@dataclass(frozen=True)
class Study:
    """The result of `Comparison.to_dict()`, read only."""

    record: Mapping[str, Any]

    @classmethod
    def of(cls, comparison: object) -> Study:
        """Accept a comparison or the result of its `to_dict`; refuse anything else."""
        record = comparison.to_dict() if hasattr(comparison, "to_dict") else comparison
        if not isinstance(record, Mapping) or not {"format", "study", "learners"} <= set(record):
            expected = "a Comparison or the mapping of its `to_dict()`"
            raise ParameterError(message("write_report", "comparison", expected, comparison))
        if record["format"] != FORMAT:
            raise StudyError(
                f"This report reads comparisons of format {FORMAT}, and got format "
                f"{record['format']!r}. Write the report with the version of polytask that made "
                "the comparison."
            )
        return cls(record)

    @property
    def tasks(self) -> Sequence[Mapping[str, Any]]:
        return self.record["study"]["tasks"]

    @property
    def learners(self) -> Sequence[Mapping[str, Any]]:
        return self.record["learners"]

    @property
    def runs(self) -> Sequence[Mapping[str, int]]:
        return self.record["study"]["runs"]

    @property
    def many(self) -> bool:
        """Whether there are too many tasks to show each of them."""
        return len(self.tasks) > MANY

    @cached_property
    def by_task(self) -> dict[str, Mapping[str, Any]]:
        return {task["name"]: task for task in self.tasks}

    @cached_property
    def by_learner(self) -> dict[str, Mapping[str, Any]]:
        return {learner["name"]: learner for learner in self.learners}

    @cached_property
    def by_weight(self) -> list[str]:
        """Names of learners; those that the verdict mentions come first."""
        record = self.record
        first = [record["baseline"], record["verdict"]["joint"], record["recommended"]["learner"]]
        return [n for n in dict.fromkeys([*first, *self.by_learner]) if n in self.by_learner]

    @cached_property
    def styles(self) -> dict[str, Style]:
        """Grey for the yardstick, the palette in table order for the others."""
        others = [name for name in self.by_learner if name != self.record["baseline"]]
        styles = {
            name: Style(f"c{1 + i % 7}", _SYMBOLS[(1 + i) % len(_SYMBOLS)])
            for i, name in enumerate(others)
        }
        return {self.record["baseline"]: Style("c0", _SYMBOLS[0]), **styles}

    def measure(self, learner: str, task: str, metric: str) -> Mapping[str, Any]:
        """Value, interval and reason of one metric; a metric that was not recorded is undefined."""
        measures = self.by_learner[learner]["tasks"].get(task, {})
        missing = {"value": None, "interval": None, "undefined": "not measured"}
        return measures.get(metric, missing)

    def label(self, task: str, metric: str) -> str:
        """Short printed name of a metric."""
        return str(self.by_task[task].get("labels", {}).get(metric, metric))

    def higher(self, task: str, metric: str) -> bool:
        """Whether larger values of the metric are better."""
        return bool(self.by_task[task]["greater_is_better"][metric])

    def run_name(self, run: int) -> str:
        """Name of a run: its seed, and its fold if there are several."""
        fold, seed = self.runs[run]["fold"], self.runs[run]["seed"]
        several = len({entry["fold"] for entry in self.runs}) > 1
        return f"fold {fold}, seed {seed}" if several else f"seed {seed}"
