"""Calibration and per-class rows of a learner's tasks on test rows, over its runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from polytask.evaluation.judging._test_answers import TaskAnswers
from polytask.metrics import ClassRow, Decided, class_rows
from polytask.statistics import Answers
from polytask.tasks import Calibration, Kind

__all__ = ["MOST_CHECKED", "calibrations", "classes_of"]

MOST_CHECKED = 100
"""Tasks of which these are recorded."""
_MOST_CLASSES = 50
_MOST_LABELS, _MOST_NUMBERS = 1 << 21, 1 << 24
"""Labels and numbers of responses that calibration is computed of, over all runs."""
_FEWEST_PIXELS = 8
"""Height and width of an image of which some pixels are left out."""


def calibrations(answers: TaskAnswers) -> dict[str, Calibration]:
    """Whether what a learner states comes true, of the first tasks whose kind has a check."""
    records: dict[str, Calibration] = {}
    checked = {
        task: splits
        for task, splits in answers.items()
        if splits and type(splits[0].kind).calibration is not Kind.calibration
    }
    for task, parts in _first(checked).items():
        target, kind = parts[0][2], answers[task][0].kind
        rows, which = _not_too_many(parts, kind)
        truth, response, weight = (np.concatenate(arrays) for arrays in _joined(rows))
        seen = np.isfinite(truth).reshape(len(truth), -1).any(axis=1) & (weight > 0)
        if seen.any():
            calibration = kind.calibration(truth[seen], response[seen], target, weight[seen])
            if calibration is not None:
                intervals = calibration.intervals + which
                records[task] = replace(calibration, intervals=intervals)
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


def _not_too_many(parts: Sequence[Decided], kind: Kind) -> tuple[Sequence[Decided], str]:
    """Parts with as many labels as memory should be used for, and which these are, for readers.

    Of images some of the pixels are left out before some of the rows are, since rows are
    independent. Strides are odd, so that they are none of a network's.
    """
    stride = 1
    if kind.form == "map":
        shape = parts[0][0].shape
        most = max(1, min(shape[-2:]) // _FEWEST_PIXELS)
        stride = min(math.ceil(math.sqrt(_excess(parts))) // 2 * 2 + 1, most - (most + 1) % 2)
        parts = [
            (truth[..., ::stride, ::stride], response[..., ::stride, ::stride], target, weight)
            for truth, response, target, weight in parts
        ]
    step = max(1, math.ceil(_excess(parts)))
    thinned = [(truth[::step], own[::step], target, w[::step]) for truth, own, target, w in parts]
    named = {"pixels in height and width": stride, "rows": step}
    which = ", and in ".join(f"{n} {name}" for name, n in named.items() if n > 1)
    return thinned, f", of one in {which}" if which else ""


def _excess(parts: Sequence[Decided]) -> float:
    """How many times too many labels or numbers there are."""
    labels = sum(np.count_nonzero(np.isfinite(truth)) for truth, *_ in parts)
    numbers = sum(response.size for _, response, *_ in parts)
    return max(labels / _MOST_LABELS, numbers / _MOST_NUMBERS)


def _rows_of_weight(weight: np.ndarray) -> np.ndarray:
    """Weights that add up to the number of rows of equal weight that say as much (Kish)."""
    weight = weight.astype(np.float64)
    total = weight.sum()
    return weight * (total / np.square(weight).sum()) if total > 0 else weight


def _joined(parts: Sequence[Decided]) -> tuple[list[np.ndarray], ...]:
    return [p[0] for p in parts], [p[1] for p in parts], [p[3] for p in parts]
