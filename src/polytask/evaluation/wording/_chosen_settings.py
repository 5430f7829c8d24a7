"""Settings that validation rows chose among those tried, in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["chosen_settings"]


def chosen_settings(comparison: Mapping[str, Any]) -> str:
    """Settings that each learner kept most often; empty if none tried several.

    Parameters
    ----------
    comparison : mapping
        As `Comparison.to_dict` gives it.
    """
    kept = [(learner["name"], _most_kept(learner["runs"])) for learner in comparison["learners"]]
    said = "; ".join(f"{name} {settings}" for name, settings in kept if settings)
    return f"settings kept of those tried: {said}" if said else ""


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
