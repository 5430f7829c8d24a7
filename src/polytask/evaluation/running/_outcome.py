"""Truth and predictions of the labelled rows of one part of the data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from polytask._files import write_bytes
from polytask._plain import from_plain, parse_json
from polytask.data import MultiTaskDataset, Source
from polytask.evaluation.running._records import MetricRecord
from polytask.exceptions import StudyError
from polytask.metrics import Metric, metrics_for
from polytask.predictor import FittedPredictor, TaskPrediction, labelled_parts
from polytask.tasks import FittedTarget, TaskSet

__all__ = ["Outcome", "measure", "outcomes", "read_outcomes", "write_outcomes"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Truth and response of one task's labelled rows.

    Attributes
    ----------
    truth : array of shape (n,) or (n, c), float64
        As `Kind.truth` gives it.
    response : array
        As `Kind.response` gives it; both in single precision where pixels are labelled.
    rows : array of shape (n,), int64
        Positions of the rows in the whole data set, its sources one after another.
    weight : array of shape (n,), float64
        Row weights, of mean 1.
    target : FittedTarget
    """

    truth: np.ndarray
    response: np.ndarray
    rows: np.ndarray
    weight: np.ndarray
    target: FittedTarget

    def score(self, metric: Metric) -> MetricRecord:
        """The metric over these rows."""
        measured = metric.score(self.truth, self.response, self.target, self.weight)
        return MetricRecord(measured.value, measured.undefined, measured.left_out)

    def digest(self) -> str:
        """sha256 over all of it."""
        hasher = hashlib.sha256(repr(self.target).encode())
        for name in _ARRAYS:
            array = np.ascontiguousarray(getattr(self, name))
            hasher.update(f"{name} {array.dtype} {array.shape}".encode())
            hasher.update(array.tobytes())
        return hasher.hexdigest()


def outcomes(
    predictor: FittedPredictor,
    part: MultiTaskDataset,
    rows: Mapping[str, np.ndarray],
    tasks: Collection[str],
) -> dict[str, Outcome]:
    """Predict a part of the data once, with its labels hidden, and align the truth.

    Parameters
    ----------
    predictor : FittedPredictor
    part : MultiTaskDataset
        Validation or test rows.
    rows : mapping of source name to array
        Position in the whole data set of every row of the part.
    tasks : collection of str
        The tasks of interest.
    """
    sources = tuple(source for source in part.sources if source.n_rows)
    hidden = {source.name: replace(source, labels=None) for source in sources}
    predictions = predictor.predict(hidden)
    return {
        name: _outcome(predictions[name], name, sources, rows, part.unit_weights(name))
        for name in predictions
        if name in tasks
    }


def _outcome(
    prediction: TaskPrediction,
    task: str,
    sources: tuple[Source, ...],
    rows: Mapping[str, np.ndarray],
    weights: Mapping[str, np.ndarray],
) -> Outcome:
    parts = list(labelled_parts(task, sources, prediction.kind, prediction.target))
    truth = np.concatenate([truth for _, _, _, truth in parts])
    chosen = np.concatenate([positions for _, positions, _, _ in parts])
    response = prediction.response
    if prediction.kind.form == "map":  # of which there are many
        truth, response = truth.astype(np.float32), response.astype(np.float32)
    return Outcome(
        truth=truth,
        response=response[chosen],
        rows=np.concatenate([rows[source.name][labelled] for source, _, labelled, _ in parts]),
        weight=np.concatenate([weights[source.name] for source, _, _, _ in parts]),
        target=prediction.target,
    )


def measure(
    tasks: TaskSet, names: Collection[str], by_task: Mapping[str, Outcome]
) -> dict[str, dict[str, MetricRecord]]:
    """Every metric of the wanted tasks; undefined where there are no rows at all."""
    no_rows = MetricRecord(None, "no rows")
    return {
        task.name: {
            metric.name: by_task[task.name].score(metric) if task.name in by_task else no_rows
            for metric in metrics_for(task)
        }
        for task in tasks
        if task.name in names
    }


_KINDS = {"truth": "f", "response": "f", "rows": "i", "weight": "f"}
_ARRAYS = tuple(_KINDS)


def write_outcomes(path: Path, by_task: Mapping[str, Outcome]) -> None:
    """Write outcomes to one safetensors file, atomically."""
    arrays = {
        f"{position}/{field}": np.ascontiguousarray(getattr(outcome, field))
        for position, outcome in enumerate(by_task.values())
        for field in _ARRAYS
    }
    targets = [[name, asdict(outcome.target)] for name, outcome in by_task.items()]
    write_bytes(path, save(arrays, {"targets": json.dumps(targets)}), make_folder=False)


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """Read what `write_outcomes` wrote."""
    try:
        _check_file(path)
        with safe_open(path, framework="numpy") as file:
            targets = parse_json(file.metadata()["targets"])
            return {name: _outcome_of(file, k, values) for k, (name, values) in enumerate(targets)}
    except Exception as error:
        sentence = f"{path} cannot be read. Remove the folder {path.parent} and run again."
        raise StudyError(sentence) from error


def _check_file(path: Path) -> None:
    """Refuse pipes and devices, which would block."""
    if not path.is_file():
        raise ValueError("it is no file")


def _outcome_of(file: Any, position: int, target: object) -> Outcome:
    """Read the outcome at a position of a file, and check its arrays' lengths and types."""
    arrays = {field: file.get_tensor(f"{position}/{field}") for field in _ARRAYS}
    kinds = {field: array.dtype.kind for field, array in arrays.items()}
    if {len(array) for array in arrays.values()} != {len(arrays["rows"])} or kinds != _KINDS:
        raise ValueError("its arrays do not fit together")
    return Outcome(**arrays, target=from_plain(FittedTarget, target))
