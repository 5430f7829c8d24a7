"""Section *Settings*: split, runs, budget, recipes and chosen settings of a comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from polytask.report._format import count, duration, percent, plural
from polytask.report._study import Study
from polytask.report._verdict_view import settings_text

__all__ = ["RecipeText", "SettingsView", "TriedSettings", "settings_view"]

FOLDS = 12  # further folds are only counted


@dataclass(frozen=True)
class TriedSettings:
    """Settings that were tried, how often validation chose them, and why they failed if so."""

    learner: str
    settings: str
    chosen: str
    gain: str
    failure: str


@dataclass(frozen=True)
class RecipeText:
    """The recipe of a learner, as indented JSON."""

    learner: str
    text: str


@dataclass(frozen=True)
class SettingsView:
    """Content of the section."""

    facts: Sequence[tuple[str, str]]
    folds: Sequence[tuple[str, str, str, str]]
    more_folds: int
    choices: Sequence[TriedSettings]
    recipes: Sequence[RecipeText]
    split: str


def settings_view(study: Study) -> SettingsView:
    """Read the section from the comparison's record."""
    split = study.record["study"]["split"]
    return SettingsView(
        facts=_facts(study),
        folds=[
            (str(row["name"]), count(row["train"]), count(row["validation"]), count(row["test"]))
            for row in split["rows"][:FOLDS]
        ],
        more_folds=max(len(split["rows"]) - FOLDS, 0),
        choices=[choice for name in study.by_learner for choice in _choices(study, name)],
        recipes=[
            RecipeText(name, _json(entry["recipe"])) for name, entry in study.by_learner.items()
        ],
        split=_json(split["recipe"]),
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _facts(study: Study) -> list[tuple[str, str]]:
    record, made_with = study.record, study.record["study"]
    budget, statistics = made_with["budget"], made_with["statistics"]
    spent = f"{plural(budget['trials'], 'trial')} of {plural(budget['steps'], 'optimiser step')}"
    seeds = sorted({run["seed"] for run in made_with["runs"]})
    return [
        ("Split", f"{made_with['split']['kind']}, {plural(made_with['split']['folds'], 'fold')}"),
        ("Runs", f"{len(made_with['runs'])} of every learner (seeds {', '.join(map(str, seeds))})"),
        ("Budget", f"{spent}, the same for every learner; validation rows alone choose settings"),
        ("Test rows", _reads(study)),
        ("Intervals", statistics["method"]),
        ("Correction", statistics["correction"]),
        ("Yardstick of Δm", record["baseline"]),
        ("Time", duration(record["seconds"])),
    ]


def _reads(study: Study) -> str:
    """Compare the counted reads of test rows with the number of chosen models."""
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


def _choices(study: Study, name: str) -> list[TriedSettings]:
    """Settings of one learner over all runs; equal settings of several runs are one row."""
    runs = study.by_learner[name]["runs"]
    tried: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        for trial in run["trials"]:
            tried.setdefault(settings_text(trial["settings"]) or "as given", []).append(trial)
    by_task = any(sum(bool(trial["tasks"]) for trial in run["trials"]) > 1 for run in runs)
    return [
        TriedSettings(
            learner=name,
            settings=text,
            chosen=_chosen(study, trials, by_task=by_task),
            gain=_mean_gain(trials),
            failure="; ".join(dict.fromkeys(filter(None, (t.get("failure") for t in trials)))),
        )
        for text, trials in tried.items()
    ]


def _chosen(study: Study, trials: Sequence[Mapping[str, Any]], *, by_task: bool) -> str:
    """Count runs, or pairs of runs and tasks if tasks of a run chose different settings."""
    runs = len(study.runs)
    if by_task:
        pairs = sum(len(trial["tasks"]) for trial in trials)
        return f"{count(pairs)} of {count(runs * len(study.tasks))} tasks × runs"
    return f"{sum(bool(trial['tasks']) for trial in trials)} of {plural(runs, 'run')}"


def _mean_gain(trials: Sequence[Mapping[str, Any]]) -> str:
    gains = [trial["gain"] for trial in trials if trial["gain"] is not None]
    return percent(fmean(gains), 2, signed=True) if gains else "–"
