"""Learning curves from the records: losses per task, their mean, and the end of training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from polytask.report._study import Study

__all__ = ["Losses", "Training", "losses", "mean_losses", "trainings"]

Curve = Sequence[float | None]


@dataclass(frozen=True)
class Losses:
    """Losses of one task (or a mean over tasks) in one run, over optimiser steps.

    Attributes
    ----------
    steps : sequence of int
    epochs : sequence of int
    train : sequence of float or None
    validation : sequence of float or None
    kept : int
        Epoch of the kept state; 0 if there is none, or if tasks differ.
    """

    steps: Sequence[int]
    epochs: Sequence[int]
    train: Curve
    validation: Curve
    kept: int

    @property
    def kept_at(self) -> int | None:
        """Position of the recorded epoch nearest to the kept one."""
        positions = range(min(len(self.epochs), len(self.validation)))
        if not self.kept or not positions:
            return None
        return min(positions, key=lambda i: abs(self.epochs[i] - self.kept))


@dataclass(frozen=True)
class Training:
    """Texts about the training of one learner in one run."""

    learner: str
    epochs: str
    steps: str
    kept: str
    stopped: str


def losses(study: Study, learner: str, run: int, task: str) -> Losses | None:
    """The curves of one task; None if the learner has none."""
    for curve in _curves(study, learner, run):
        if task in curve["train"] or task in curve["validation"]:
            return Losses(
                curve["step"],
                curve["epoch"],
                curve["train"].get(task, []),
                curve["validation"].get(task, []),
                _kept(study, learner, curve, task),
            )
    return None


def mean_losses(study: Study, learner: str, run: int, tasks: Iterable[str]) -> Losses | None:
    """Mean over tasks of losses relative to the first; a task that has ended keeps its last."""
    curves = [losses(study, learner, run, task) for task in tasks]
    known = [entry for entry in curves if entry is not None]
    if not known:
        return None
    steps = sorted({step for entry in known for step in entry.steps})
    epochs = {step: e for entry in known for step, e in zip(entry.steps, entry.epochs, strict=True)}
    kept = {entry.kept for entry in known}
    return Losses(
        steps,
        [epochs[step] for step in steps],
        _mean([_relative(entry.steps, entry.train, steps) for entry in known]),
        _mean([_relative(entry.steps, entry.validation, steps) for entry in known]),
        kept.pop() if study.by_learner[learner]["joint"] and len(kept) == 1 else 0,
    )


def trainings(study: Study, run: int) -> list[Training]:
    """One row per learner that was trained in steps."""
    rows = []
    for name in study.by_learner:
        curves = [curve for curve in _curves(study, name, run) if curve["epoch"]]
        if curves:
            rows.append(
                Training(
                    name,
                    _span([curve["epoch"][-1] for curve in curves]),
                    _span([curve["step"][-1] for curve in curves]),
                    _kept_text(study, name, curves),
                    "; ".join(dict.fromkeys(curve["stopped"] for curve in curves)),
                )
            )
    return rows


def _curves(study: Study, learner: str, run: int) -> Sequence[Mapping[str, Any]]:
    return study.by_learner[learner]["runs"][run].get("curves") or ()


def _kept(study: Study, learner: str, curve: Mapping[str, Any], task: str) -> int:
    """The kept epoch: one for all tasks in joint training, one per task otherwise."""
    if study.by_learner[learner]["joint"]:
        return curve["best_epoch"]
    return curve["best_epochs"].get(task, curve["best_epoch"])


def _kept_text(study: Study, learner: str, curves: Sequence[Mapping[str, Any]]) -> str:
    if study.by_learner[learner]["joint"]:
        return _span([curve["best_epoch"] for curve in curves if curve["best_epoch"]])
    epochs = {task: e for curve in curves for task, e in curve["best_epochs"].items()}
    epochs = {task: epochs[task] for task in study.by_task if task in epochs}
    if study.many:
        return _span(list(epochs.values()))
    return ", ".join(f"{task}: {epoch}" for task, epoch in epochs.items()) or "–"


def _span(values: Sequence[int]) -> str:
    """Return the value, or the median and range if values differ."""
    if len(set(values)) < 2:
        return f"{values[0]:,}" if values else "–"
    return f"{median(values):,.0f} ({min(values):,}–{max(values):,})"


def _relative(steps: Sequence[int], line: Curve, grid: Sequence[int]) -> list[float]:
    """Return `line` on `grid`, relative to its first value; [] if that is undefined."""
    known = [(step, value) for step, value in zip(steps, line, strict=False) if value is not None]
    if not known or known[0][1] <= 0:
        return []
    values, position = [], 0
    for step in grid:
        while position + 1 < len(known) and known[position + 1][0] <= step:
            position += 1
        values.append(known[position][1] / known[0][1])
    return values


def _mean(lines: Iterable[Sequence[float]]) -> list[float]:
    return [fmean(values) for values in zip(*filter(None, lines), strict=True)]
