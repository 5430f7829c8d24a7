"""Settings and thresholds that validation rows chose, in a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["chosen_settings"]

_MOST_TASKS = 6


def chosen_settings(comparison: Mapping[str, Any]) -> str:
    """Settings that each learner kept most often, and thresholds; empty if there was no choice.

    Parameters
    ----------
    comparison : mapping
        As `Comparison.to_dict` gives it.
    """
    kept = [(learner["name"], _most_kept(learner["runs"])) for learner in comparison["learners"]]
    said = "; ".join(f"{name} {settings}" for name, settings in kept if settings)
    lines = [f"settings kept of those tried: {said}" if said else "", _thresholds(comparison)]
    return "\n".join(filter(None, lines))


def _thresholds(comparison: Mapping[str, Any]) -> str:
    """Thresholds of decisions by task and learner, over runs and columns; empty without any."""
    by_task: dict[str, list[str]] = {}
    for learner in comparison["learners"]:
        tasks = dict.fromkeys(task for run in learner["runs"] for task in run.get("thresholds", {}))
        for task in tasks:
            given = [
                threshold
                for run in learner["runs"]
                for threshold in run.get("thresholds", {}).get(task, ())
            ]
            by_task.setdefault(task, []).append(f"{learner['name']} {_between(given)}")
    shown = [f"{task}: {', '.join(said)}" for task, said in by_task.items()][:_MOST_TASKS]
    if len(by_task) > len(shown):
        shown.append(f"and those of {len(by_task) - len(shown)} more tasks")
    return f"decided above these probabilities: {'; '.join(shown)}" if shown else ""


def _between(numbers: Sequence[float]) -> str:
    low, high = f"{min(numbers):.2g}", f"{max(numbers):.2g}"
    return low if low == high else f"{low} to {high}"


def _most_kept(runs: Sequence[Mapping[str, Any]]) -> str:
    """The settings that differ between the trials, as most tasks of most runs kept them."""
    trials = [trial for run in runs for trial in run["trials"]]
    varied = [
        name
        for name in trials[0]["settings"]
        if len({repr(trial["settings"].get(name)) for trial in trials}) > 1
    ]
    if not varied:
        return ""
    counts: Counter[str] = Counter()
    for trial in trials:
        text = ", ".join(f"{name} = {_written(trial['settings'].get(name))}" for name in varied)
        counts[text] += len(trial["tasks"])
    settings, count = counts.most_common(1)[0]
    share = count / counts.total()
    return settings if share == 1 else f"{settings} (in {100 * share:.0f} %)"


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
