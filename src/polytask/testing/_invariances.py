"""Invariances of learners: units of targets, scale of row weights, empty rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from polytask.bookkeeping import Budget
from polytask.data import Labels, MultiTaskDataset, OwnRowLabels, Source, TableLabels
from polytask.exceptions import PolytaskError
from polytask.learners import Learner
from polytask.predictor import FittedPredictor, Predictions, TaskPrediction
from polytask.testing._require import require_close

__all__ = ["check_row_weights", "check_units"]

Parts = tuple[MultiTaskDataset, MultiTaskDataset]

_UNITS = ((1e-12, 0.0), (1e12, 1e15))
_FACTORS = (1e-6, 1e6)


def check_units(
    what: str, learner: Learner, parts: Parts, budget: Budget, wanted: Predictions
) -> None:
    """Check that scale and shift of targets with units change no raw score.

    Parameters
    ----------
    what : str
        What is checked, for errors.
    learner : Learner
    parts : (MultiTaskDataset, MultiTaskDataset)
        Training and validation rows.
    budget : Budget
    wanted : Predictions
        Of the training rows, by the learner that was fitted to these parts.
    """
    numeric = [name for name in wanted if _units(wanted[name])]
    for scale, shift in _UNITS if numeric else ():
        other = [_in_units(part, numeric, scale, shift) for part in parts]
        predictions = _fitted(what, learner, (other[0], other[1]), budget).predict(parts[0])
        for name in numeric:
            sentence = (
                f"{what}, {name}: y · {scale:g} + {shift:g} as target changes more than units"
            )
            require_close(predictions[name].raw, wanted[name].raw, sentence, absolute=1e-3)


def check_row_weights(what: str, learner: Learner, parts: Parts, budget: Budget) -> None:
    """Check that a factor on all row weights changes nothing, and that 0 leaves rows out.

    Parameters
    ----------
    what, learner, parts, budget
        As in `check_units`.
    """

    def predicted(rows: Sequence[MultiTaskDataset]) -> Predictions:
        return _fitted(what, learner, (rows[0], rows[1]), budget).predict(parts[0])

    zeros = [_weighted(part, share_of_zeros=0.2) for part in parts]
    wanted = predicted([part.take(_weighing(part)) for part in zeros])
    for factor in _FACTORS:  # both promises in one fit each
        predictions = predicted([_scaled(part, factor) for part in zeros])
        try:
            _require_close(f"{what}: row weights change predictions", predictions, wanted)
        except AssertionError:
            _find_broken_promise(what, predicted, parts, wanted)
            raise


def _find_broken_promise(
    what: str,
    predicted: Callable[[Sequence[MultiTaskDataset]], Predictions],
    parts: Parts,
    without_zeros: Predictions,
) -> None:
    """Raise for a factor on all weights, or for rows of weight 0, whichever changes predictions."""
    weighted = [_weighted(part) for part in parts]
    wanted = predicted(weighted)
    for factor in _FACTORS:
        sentence = f"{what}: a factor of {factor:g} on all row weights changes predictions"
        _require_close(sentence, predicted([_scaled(part, factor) for part in weighted]), wanted)
    zeros = [_weighted(part, share_of_zeros=0.2) for part in parts]
    sentence = f"{what}: rows of weight 0 are not left out"
    _require_close(sentence, predicted(zeros), without_zeros)


def _fitted(what: str, learner: Learner, parts: Parts, budget: Budget) -> FittedPredictor:
    try:
        return learner.fit(*parts, 0, budget)
    except PolytaskError as error:
        raise AssertionError(
            f"{what}: cannot be fitted with other units or weights: {error}"
        ) from error


def _require_close(sentence: str, predictions: Predictions, wanted: Predictions) -> None:
    for name in wanted:
        spread = max(_units(wanted[name]), default=1.0)
        require_close(
            predictions[name].response,
            wanted[name].response,
            f"{sentence} of {name}",
            absolute=1e-3 * spread,
        )


def _units(prediction: TaskPrediction) -> tuple[float, ...]:
    return prediction.kind.units(prediction.target)


def _in_units(
    data: MultiTaskDataset, tasks: list[str], scale: float, shift: float
) -> MultiTaskDataset:
    sources = (
        replace(source, labels=_changed(source.labelled(), tasks, scale, shift))
        for source in data.sources
    )
    return replace(data, sources=tuple(sources))


def _changed(labels: Labels, tasks: list[str], scale: float, shift: float) -> Labels:
    if isinstance(labels, OwnRowLabels):
        return replace(labels, frame=labels.frame.cast(pl.Float64) * scale + shift)
    if not isinstance(labels, TableLabels):
        raise TypeError(f"Units of {type(labels).__name__} cannot be changed here.")
    columns = {column for task in tasks for column in labels.targets.get(task, ())}
    frame = labels.frame.with_columns(pl.col(sorted(columns)).cast(pl.Float64) * scale + shift)
    return replace(labels, frame=frame)


def _weighted(data: MultiTaskDataset, share_of_zeros: float = 0.0) -> MultiTaskDataset:
    """The same rows with weights drawn for each source, some of them 0."""
    generator = np.random.default_rng(7)
    sources = []
    for source in data.sources:
        weights = generator.exponential(size=source.n_rows) + 0.1
        weights[generator.random(source.n_rows) < share_of_zeros] = 0.0
        sources.append(replace(source, weights=weights))
    return replace(data, sources=tuple(sources))


def _scaled(data: MultiTaskDataset, factor: float) -> MultiTaskDataset:
    sources = (replace(source, weights=_weights(source) * factor) for source in data.sources)
    return replace(data, sources=tuple(sources))


def _weighing(data: MultiTaskDataset) -> dict[str, np.ndarray]:
    return {source.name: np.flatnonzero(_weights(source)) for source in data.sources}


def _weights(source: Source) -> np.ndarray:
    return np.asarray(source.weights)
