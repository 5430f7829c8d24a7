"""Section *Tuning*: trials of every learner, and which settings mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polytask._validation import message
from polytask.exceptions import ParameterError, StudyError
from polytask.report._format import duration, number, percent, plural

__all__ = ["History", "TunedRow", "TuningView", "histories", "tuning_record", "tuning_view"]

_FORMAT = 1
_STATES = ("complete", "pruned", "failed")
_WORDS = {"pruned": "stopped early", "failed": "failed", "complete": "in full"}
_MOST_ROWS = 60


@dataclass(frozen=True)
class TunedRow:
    """One learner on one split: its trials, the best of them, and what it gained."""

    learner: str
    fold: str
    trials: str
    best: str
    gain: str
    seconds: str


@dataclass(frozen=True)
class SettingRow:
    """One setting of one learner: its range, its share of the variance, and the best value."""

    learner: str
    setting: str
    searched: str
    share: str
    best: str


@dataclass(frozen=True)
class History:
    """The best value so far of one learner on one split, trial by trial.

    Attributes
    ----------
    learner : str
    fold : int
    values : sequence of float or None
        In percent; None before the first trial that gave a model.
    best : int or None
        Number of the best trial.
    """

    learner: str
    fold: int
    values: Sequence[float | None]
    best: int | None


@dataclass(frozen=True)
class TuningView:
    """Content of the section."""

    said: str
    rows: Sequence[TunedRow]
    settings: Sequence[SettingRow]
    failures: Sequence[tuple[str, str]]
    more: int


def tuning_record(tuning: object) -> Mapping[str, Any]:
    """Accept a tuning or the result of its `to_dict`; refuse anything else."""
    record = tuning.to_dict() if hasattr(tuning, "to_dict") else tuning
    if not isinstance(record, Mapping) or not {"format", "learners", "sampler"} <= set(record):
        expected = "a Tuning or the mapping of its `to_dict()`"
        raise ParameterError(message("write_report", "tuning", expected, tuning))
    if record["format"] != _FORMAT:
        raise StudyError(
            f"This report reads tunings of format {_FORMAT}, and got format {record['format']!r}."
        )
    return record


def tuning_view(record: Mapping[str, Any]) -> TuningView:
    """Read the section from the tuning's record."""
    searched = [tuned for tuned in record["learners"] if tuned["ranges"]]
    folds = len({tuned["fold"] for tuned in searched}) > 1
    settings = [row for tuned in searched for row in _settings(tuned)]
    failures = dict.fromkeys(
        (tuned["learner"], trial["failure"])
        for tuned in searched
        for trial in tuned["trials"]
        if trial["failure"]
    )
    return TuningView(
        said=_said(record),
        rows=[_row(tuned, folds=folds) for tuned in searched],
        settings=settings[:_MOST_ROWS],
        failures=list(failures)[:_MOST_ROWS],
        more=max(len(settings) - _MOST_ROWS, 0),
    )


def _said(record: Mapping[str, Any]) -> str:
    """How the settings were searched, in sentences."""
    how = {"tpe": "tree-structured Parzen estimators", "random": "random search"}[record["sampler"]]
    rows = (
        "the validation rows"
        if record["folds"] == 1
        else f"{record['folds']} inner folds of the rows that are not test rows"
    )
    pruned = (
        " Trials go on to more steps by successive halving." if record["pruner"] is not None else ""
    )
    return (
        f"Every learner had {plural(record['trials'], 'trial')} of at most "
        f"{plural(record['steps'], 'step')} per split, proposed by {how} and judged by {rows}. "
        f"Trial 0 is the learner as it was given.{pruned}"
    )


def _row(tuned: Mapping[str, Any], *, folds: bool) -> TunedRow:
    trials = tuned["trials"]
    counts = {state: sum(trial["state"] == state for trial in trials) for state in _STATES}
    best = _best(tuned)
    return TunedRow(
        learner=tuned["learner"],
        fold=str(tuned["fold"] + 1) if folds else "",
        trials=", ".join(f"{n} {_WORDS[state]}" for state, n in counts.items() if n),
        best="none" if best is None else str(best["number"]),
        gain="–" if best is None else percent(best["value"] or 0.0, 2, signed=True),
        seconds=duration(sum(trial["seconds"] for trial in trials)),
    )


def _settings(tuned: Mapping[str, Any]) -> list[SettingRow]:
    best = _best(tuned)
    kept = {} if best is None else best["settings"]
    shares = tuned["importance"]
    order = sorted(tuned["ranges"], key=lambda path: -shares.get(path, -1.0))
    return [
        SettingRow(
            learner=tuned["learner"],
            setting=path,
            searched=tuned["ranges"][path],
            share=percent(shares[path], 0) if path in shares else "–",
            best=_written(kept[path]) if path in kept else "–",
        )
        for path in order
        if tuned["fold"] == 0
    ]


def _best(tuned: Mapping[str, Any]) -> Mapping[str, Any] | None:
    complete = [trial for trial in tuned["trials"] if trial["state"] == "complete"]
    return max(complete, key=lambda trial: trial["value"] or 0.0) if complete else None


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if value and abs(value) < 0.01 else number(value, 3)
    if isinstance(value, list):
        return f"({', '.join(map(_written, value))})"
    return str(value)


def histories(record: Mapping[str, Any]) -> list[History]:
    """The best value so far of every learner that was searched, on every split."""
    found = []
    for tuned in record["learners"]:
        if not tuned["ranges"]:
            continue
        so_far: float | None = None
        values: list[float | None] = []
        for trial in tuned["trials"]:
            if trial["state"] == "complete":
                value = 100 * (trial["value"] or 0.0)
                so_far = value if so_far is None else max(so_far, value)
            values.append(so_far)
        best = _best(tuned)
        number_of_best = None if best is None else best["number"]
        found.append(History(tuned["learner"], tuned["fold"], values, number_of_best))
    return found
