"""Calibration and per-class rows of a learner's tasks on test rows, over its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polytask.evaluation.judging._test_answers import TaskAnswers
from polytask.metrics import ClassRow, Decided, class_rows
from polytask.statistics import Answers
from polytask.tasks import Calibration, Kind

__all__ = ["MOST_CHECKED", "calibrations", "classes_of"]

MOST_CHECKED = 100
"""Tasks of which these are recorded."""
_MOST_CLASSES = 50


def calibrations(answers: TaskAnswers) -> dict[str, Calibration]:
    """Whether what a learner states comes true, of the first tasks whose kind has a check."""
    records: dict[str, Calibration] = {}
    checked = {
        task: splits
        for task, splits in answers.items()
        if splits and type(splits[0].kind).calibration is not Kind.calibration
    }
    for task, rows in _first(checked).items():
        truth, response, weight = (np.concatenate(arrays) for arrays in _joined(rows))
        target, kind = rows[0][2], answers[task][0].kind
        seen = np.isfinite(truth).reshape(len(truth), -1).any(axis=1) & (weight > 0)
        if seen.any():
            calibration = kind.calibration(truth[seen], response[seen], target, weight[seen])
            if calibration is not None:
                records[task] = calibration
    return records


def classes_of(answers: TaskAnswers) -> dict[str, tuple[ClassRow, ...]]:
    """Precision, recall and F1 of the most frequent classes, of the first tasks with classes."""
    records = {}
    for task, rows in _first(answers).items():
        table = class_rows(answers[task][0].kind, rows)
        if table:
            most = sorted(table, key=lambda row: -row.support)[:_MOST_CLASSES]
            records[task] = tuple(row for row in table if row in most)
    return records


def _first(answers: TaskAnswers) -> Mapping[str, Sequence[Decided]]:
    rows = {task: _rows(splits) for task, splits in list(answers.items())[:MOST_CHECKED] if splits}
    return {task: parts for task, parts in rows.items() if parts}


def _rows(splits: Sequence[Answers]) -> list[Decided]:
    """Rows of all runs, each a part of a row, as far as their classes and shapes are the same.

    Responses are those of the first run's target, as those of other training rows may differ.
    """
    first = splits[0]
    parts = []
    for split in splits:
        weight = _rows_of_weight(split.weight) / len(split.responses)
        for run, given in enumerate(split.responses):
            target = split.target_of(run)
            if target.classes != first.target.classes:
                continue
            response = split.kind.restated(given, target, first.target)
            if response.shape[1:] == first.responses[0].shape[1:]:
                parts.append((split.truth, response, target, weight))
    return parts


def _rows_of_weight(weight: np.ndarray) -> np.ndarray:
    """Weights that add up to the number of rows of equal weight that say as much (Kish)."""
    weight = weight.astype(np.float64)
    total = weight.sum()
    return weight * (total / np.square(weight).sum()) if total > 0 else weight


def _joined(parts: Sequence[Decided]) -> tuple[list[np.ndarray], ...]:
    return [p[0] for p in parts], [p[1] for p in parts], [p[3] for p in parts]
