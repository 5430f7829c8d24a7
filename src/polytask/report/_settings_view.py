"""How the comparison was made: split, runs, budget, recipes, chosen settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from polytask.report._format import count, duration, percent, plural
from polytask.report._study import Study
from polytask.report._verdict_view import words

__all__ = ["Choice", "Recipe", "SettingsView", "settings_view"]

FOLDS = 12  # further folds are only counted


@dataclass(frozen=True)
class Choice:
    """One setting that was tried, how often validation chose it, and why it failed if it did."""

    learner: str
    settings: str
    chosen: str
    gain: str
    failure: str


@dataclass(frozen=True)
class Recipe:
    """A learner as it was written, as indented JSON."""

    learner: str
    text: str


@dataclass(frozen=True)
class SettingsView:
    """The section's content."""

    facts: Sequence[tuple[str, str]]
    folds: Sequence[tuple[str, str, str, str]]
    more_folds: int
    choices: Sequence[Choice]
    recipes: Sequence[Recipe]
    split: str


def settings_view(study: Study) -> SettingsView:
    """Read how the comparison was made."""
    split = study.record["study"]["split"]
    return SettingsView(
        facts=_facts(study),
        folds=[
            (str(row["name"]), count(row["train"]), count(row["validation"]), count(row["test"]))
            for row in split["rows"][:FOLDS]
        ],
        more_folds=max(len(split["rows"]) - FOLDS, 0),
        choices=[choice for name in study.by_learner for choice in _choices(study, name)],
        recipes=[Recipe(name, _json(entry["recipe"])) for name, entry in study.by_learner.items()],
        split=_json(split["recipe"]),
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _facts(study: Study) -> list[tuple[str, str]]:
    record, made = study.record, study.record["study"]
    budget, statistics = made["budget"], made["statistics"]
    spent = f"{plural(budget['trials'], 'trial')} of {plural(budget['steps'], 'optimiser step')}"
    seeds = sorted({run["seed"] for run in made["runs"]})
    return [
        ("Split", f"{made['split']['kind']}, {plural(made['split']['folds'], 'fold')}"),
        ("Runs", f"{len(made['runs'])} of every learner (seeds {', '.join(map(str, seeds))})"),
        ("Budget", f"{spent}, the same for every learner; validation rows alone choose settings"),
        ("Test rows", _reads(study)),
        ("Intervals", statistics["method"]),
        ("Correction", statistics["correction"]),
        ("Yardstick of Δm", record["baseline"]),
        ("Time", duration(record["seconds"])),
    ]


def _reads(study: Study) -> str:
    """Hold the counted reads of test rows against the number of models that were chosen."""
    chosen = {
        learner["name"]: sum(bool(t["tasks"]) for run in learner["runs"] for t in run["trials"])
        for learner in study.learners
    }
    if all(learner["test_reads"] == chosen[learner["name"]] for learner in study.learners):
        return "read once by each chosen model, and by no other"
    reads = [
        f"{entry['name']} {entry['test_reads']} ({chosen[entry['name']]} chosen)"
        for entry in study.learners
    ]
    return f"how often models read them: {', '.join(reads)}"


def _choices(study: Study, name: str) -> list[Choice]:
    """Settings of one learner over all runs; identical settings of different runs are one row."""
    runs = study.by_learner[name]["runs"]
    tried: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        for trial in run["trials"]:
            tried.setdefault(words(trial["settings"]) or "as given", []).append(trial)
    by_task = any(sum(bool(trial["tasks"]) for trial in run["trials"]) > 1 for run in runs)
    return [
        Choice(
            learner=name,
            settings=text,
            chosen=_chosen(study, trials, by_task=by_task),
            gain=_mean_gain(trials),
            failure="; ".join(dict.fromkeys(filter(None, (t.get("failure") for t in trials)))),
        )
        for text, trials in tried.items()
    ]


def _chosen(study: Study, trials: Sequence[Mapping[str, Any]], *, by_task: bool) -> str:
    """Count runs, or runs and tasks where tasks of one run chose different settings."""
    runs = len(study.runs)
    if by_task:
        pairs = sum(len(trial["tasks"]) for trial in trials)
        return f"{count(pairs)} of {count(runs * len(study.tasks))} tasks × runs"
    return f"{sum(bool(trial['tasks']) for trial in trials)} of {plural(runs, 'run')}"


def _mean_gain(trials: Sequence[Mapping[str, Any]]) -> str:
    gains = [trial["gain"] for trial in trials if trial["gain"] is not None]
    return percent(fmean(gains), 2, signed=True) if gains else "–"
