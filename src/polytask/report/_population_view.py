"""Many small tasks as a sample: the effect of joint training on tasks like these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polytask.report._format import count, interval, percent, plural

__all__ = ["PopulationView", "percents", "population_view"]


@dataclass(frozen=True)
class PopulationView:
    """The verdict on tasks as random units; gains are fractions.

    Attributes
    ----------
    mean : float
    interval : (low, high)
    prediction : (low, high) or None
        Interval of the gain of a further such task.
    share_gaining : float or None
    tasks, left_out : int
    median_units : float
        Test rows (or groups) per task, in the median.
    tested_alone : int
        Number of tasks with enough rows for a verdict of their own.
    """

    mean: float
    interval: tuple[float, float]
    prediction: tuple[float, float] | None
    share_gaining: float | None
    tasks: int
    left_out: int
    median_units: float
    tested_alone: int

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Names and texts of the results."""
        mean = percent(self.mean, 2, signed=True)
        facts = [("Mean gain", f"{mean} {percents(self.interval)}")]
        if self.prediction:
            facts.append(("Gain of one more such task", f"within {percents(self.prediction)}"))
        if self.share_gaining is not None:
            share = percent(self.share_gaining, 0)
            facts.append(("Tasks that gain", f"{share} expected, once noise is shrunk away"))
        left = f"; {plural(self.left_out, 'task')} left out" * bool(self.left_out)
        facts.append(("Sample", f"{plural(self.tasks, 'task')}{left}"))
        alone = f"{count(self.tested_alone)} have enough for a verdict of their own"
        facts.append(("Test units of a task", f"{self.median_units:g} in the median; {alone}"))
        return facts


def population_view(record: Mapping[str, Any] | None) -> PopulationView | None:
    """Read the view from a difference's record; None if tasks are few or large."""
    if record is None:
        return None
    prediction = record["prediction"]
    return PopulationView(
        mean=record["mean"],
        interval=(record["interval"][0], record["interval"][1]),
        prediction=(prediction[0], prediction[1]) if prediction else None,
        share_gaining=record["share_gaining"],
        tasks=len(record["tasks"]),
        left_out=len(record["left_out"]),
        median_units=record["median_units"],
        tested_alone=record["tested_alone"],
    )


def percents(bounds: tuple[float, float]) -> str:
    """Return an interval of fractions in percent."""
    return f"{interval([100 * end for end in bounds], 2)}\u00a0%"
