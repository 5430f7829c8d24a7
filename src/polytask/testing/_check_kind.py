"""Common check of kinds."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from polytask._recipes import from_json, to_json
from polytask.exceptions import DataError, ParameterError
from polytask.tasks import Count, Kind, with_thresholds
from polytask.testing._declared_scores import check_declared_scores
from polytask.testing._examples import OWNER, KindExample, examples_of
from polytask.testing._kind_estimators import check_estimators
from polytask.testing._kind_labels import check_labels
from polytask.testing._kind_refit import check_refit
from polytask.testing._require import (
    require,
    require_close,
    require_columns,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_kind"]


def check_kind(kind: Kind, columns: Mapping[str, np.ndarray] | None = None) -> None:
    """Check that a kind keeps the promises of `polytask.tasks.Kind`.

    Parameters
    ----------
    kind : Kind
    columns : mapping of str to array, optional
        Target columns to learn from; by default those of `Kind.examples`, or else common ones that
        the kind accepts.

    Raises
    ------
    AssertionError
        If labels that are missing do not stay missing or a column has no influence on labels,
        shapes or types disagree, units are not those of the columns, a response and its raw score
        do not belong together, raw scores are not what the kind declares, members that agree answer
        otherwise together, row weights do not count as repeated rows, what `Kind.refit` learns of a
        model's scores changes labels or cannot be saved, answers of an estimator that
        the kind accepts give no scores, or a column that cannot be learned from is accepted.
    ParameterError
        If the kind is no object of a class that extends `Kind`, or `columns` are no arrays.

    Examples
    --------
    >>> from polytask.tasks import Binary
    >>> from polytask.testing import check_kind
    >>> check_kind(Binary())
    """
    require_instance("check_kind", "kind", kind, Kind)
    require_columns("check_kind", columns)
    require(kind == copy.deepcopy(kind), f"{kind!r} must equal itself, so that blocks form.")
    require(bool(kind.name), f"{type(kind).__name__} has no name.")
    _check_text(kind)
    examples = examples_of(kind, columns)
    for example in examples:
        _check_fit(example)
        check_refit(example)
        check_labels(example)
        _check_scores(example)
        _check_mean(example)
        _check_average(example)
        _check_threshold(example)
        _check_tables(example)
        _check_checks(example)
        _check_written(example)
        check_estimators(example)
        _check_bad_columns(example)
    for example in examples:
        check_declared_scores(example)


def _check_fit(example: KindExample) -> None:
    kind, fitted = example.kind, example.fitted
    before = {name: column.copy() for name, column in example.columns.items()}
    again = kind.fit(OWNER, example.columns)
    for name, column in example.columns.items():
        require_same(column, before[name], f"{kind.name}: `fit` changed column {name!r}")
    require(again == fitted, f"{kind.name}: fitting the same columns twice gives two answers.")
    require(fitted.columns == tuple(before), f"{kind.name}: wrong columns {fitted.columns}.")
    for what, shape in (
        ("label", kind.target_shape(fitted)),
        ("raw score", kind.score_shape(fitted)),
    ):
        sentence = f"{kind.name}: a task needs at least one {what}. Got the shape {shape}."
        require(isinstance(shape, tuple) and bool(shape) and min(shape) >= 1, sentence)
    if "mean_count" in fitted.learned:
        counts = isinstance(kind, Count) or any(
            issubclass(alike, Count) for alike in kind.measured_as
        )
        sentence = (
            f"{kind.name}: 'mean_count' among the learned numbers declares counts. Name Count in "
            "`measured_as`, or call the number otherwise."
        )
        require(counts, sentence)
    back = from_json(json.loads(json.dumps(to_json(fitted), allow_nan=False)))
    require(kind.accepts(fitted), f"{kind.name}: refuses what it fitted itself: {fitted}.")
    nothing = replace(fitted, columns=())
    require(not kind.accepts(nothing), f"{kind.name}: accepts a target without columns.")
    forged = replace(fitted, learned={})
    if fitted.learned and kind.accepts(forged):
        sentence = f"{kind.name}: accepts a target without learned numbers, but fails with it"
        try:
            kind.response(example.random_scores, forged)
            kind.encode(example.arrays, forged)
        except Exception as error:
            raise AssertionError(f"{sentence}: {type(error).__name__} {error}.") from error
    require(back == fitted, f"{kind.name}: the fitted target does not survive JSON: {back}.")


def _check_scores(example: KindExample) -> None:
    kind, fitted, raw = example.kind, example.fitted, example.random_scores
    response = kind.response(raw, fitted)
    require(len(response) == 9, f"{kind.name}: response {response.shape}.")
    require(response.dtype == np.float64, f"{kind.name}: responses are {response.dtype}.")
    extreme = kind.response(raw * np.float32(1e4), fitted)
    require_finite(extreme, f"{kind.name}: extreme scores give responses that are not finite")
    back = kind.raw(response, fitted)
    require(back.shape == raw.shape, f"{kind.name}: `raw` gives {back.shape}, not {raw.shape}.")
    require(back.dtype == np.float32, f"{kind.name}: `raw` gives {back.dtype}, not float32.")
    sentence = f"{kind.name}: response → raw → response is not the same response"
    require_close(kind.response(back, fitted), response, sentence, relative=1e-4, absolute=1e-5)
    require_finite(kind.raw(extreme, fitted), f"{kind.name}: `raw` of extreme responses")
    decided = np.asarray(kind.decide(response, fitted))
    require(len(decided) == 9, f"{kind.name}: {len(decided)} decisions for 9 rows.")
    if fitted.classes and kind.form == "vector":
        strange = set(decided.ravel().tolist()) - set(fitted.classes)
        require(not strange, f"{kind.name}: decides {strange}, which are no classes.")


def _check_mean(example: KindExample) -> None:
    """The mean response is one row of a response, and counts rows by their weights."""
    kind, fitted, truth = example.kind, example.fitted, example.truth
    shape = kind.response(example.random_scores, fitted).shape[1:]
    mean = kind.mean_response(truth, fitted, np.ones(len(truth)))
    sentence = f"{kind.name}: the mean response has shape {mean.shape}, a row's response {shape}."
    require(mean.shape == shape, sentence)
    require_finite(kind.raw(mean[None], fitted), f"{kind.name}: `raw` of the mean response")
    times = np.random.default_rng(4).integers(1, 4, len(truth))
    weighted = kind.mean_response(truth, fitted, times.astype(np.float64))
    repeated = np.repeat(truth, times, axis=0)
    wanted = kind.mean_response(repeated, fitted, np.ones(len(repeated)))
    sentence = f"{kind.name}: in the mean response a weight of n is not n equal rows"
    require_close(weighted, wanted, sentence)


def _check_average(example: KindExample) -> None:
    """Members that agree answer as each of them; the answer has the shape of one member's."""
    kind, fitted = example.kind, example.fitted
    raw = example.random_scores
    averaged = kind.average(np.stack([raw, raw, raw]))
    require(averaged.shape == raw.shape, f"{kind.name}: `average` gives {averaged.shape}.")
    require(averaged.dtype == np.float32, f"{kind.name}: `average` gives {averaged.dtype}.")
    sentence = f"{kind.name}: the average of equal scores is another response"
    response = kind.response(raw, fitted)
    require_close(kind.response(averaged, fitted), response, sentence, relative=1e-4, absolute=1e-5)


def _check_threshold(example: KindExample) -> None:
    """Decisions heed a threshold, which a saved target may have, if the kind says so."""
    kind, fitted = example.kind, example.fitted
    if not kind.takes_threshold:
        return
    response = kind.response(example.random_scores, fitted)
    events = []
    for threshold in (0.2, 0.8):
        moved = with_thresholds(fitted, [threshold] * len(fitted.columns))
        require(kind.accepts(moved), f"{kind.name}: refuses a target with a threshold.")
        decided = np.asarray(kind.decide(response, moved))
        labels = decided.reshape(9, -1).T.astype(object)
        events.append((kind.truth(list(labels), fitted) == 1).reshape(response.shape))
        sentence = f"{kind.name}: decisions are not those of a threshold of {threshold:g}"
        require_same(events[-1], response > threshold, sentence)


def _check_tables(example: KindExample) -> None:
    """Tables of predictions and summaries hold plain columns and values."""
    kind, fitted = example.kind, example.fitted
    response = kind.response(example.random_scores, fitted)
    for name, values in kind.prediction_columns("y", response, fitted):
        sentence = f"{kind.name}: the column {name!r} of predictions has shape {values.shape}."
        require(values.shape == (9,), sentence)
    json.dumps(kind.summary(example.arrays, fitted), allow_nan=False)


def _check_checks(example: KindExample) -> None:
    """Calibration and decisions of classes fit labelled rows, some of whose cells are missing."""
    kind, fitted, truth = example.kind, example.fitted, example.truth
    seen = np.flatnonzero(np.isfinite(truth).reshape(len(truth), -1).any(axis=1))[:9]
    response = kind.response(example.random_scores, fitted)[: len(seen)]
    found = kind.calibration(truth[seen], response, fitted, np.full(len(seen), 2.0))
    if found is not None:
        n_bins = {len(each) for each in (found.stated, found.happened, found.low, found.high)}
        sentence = (
            f"{kind.name}: `calibration` must have equally many numbers of each sort, finite."
        )
        require(n_bins == {len(found.rows)} and bool(found.rows), sentence)
        require_finite(np.array([*found.stated, *found.happened, found.error]), sentence)
    codes = kind.decided_codes(response, fitted)
    if codes is not None:
        cells = truth[seen].reshape(len(seen), -1)
        sentence = f"{kind.name}: `decided_codes` has shape {codes.shape} for truth {cells.shape}."
        require(codes.shape == cells.shape, sentence)
        strange = set(np.unique(codes).tolist()) - set(range(len(fitted.classes)))
        require(not strange, f"{kind.name}: the codes {strange} are those of no class.")


def _check_text(kind: Kind) -> None:
    """A kind that takes a text refuses an empty one; another refuses all."""
    for text in ("",) if kind.takes_text else ("", "1"):
        try:
            made = type(kind).from_text(text)
        except ParameterError:
            continue
        raise AssertionError(f"{kind.name}: `from_text` accepts {text!r} as {made!r}.")


def _check_written(example: KindExample) -> None:
    """Labels near a response are labels, if the kind makes any but decisions."""
    kind, fitted = example.kind, example.fitted
    if type(kind).labels is Kind.labels:
        return
    labels = np.asarray(kind.labels(kind.response(example.random_scores, fitted), fitted))
    table = labels.reshape(9, -1)
    sentence = f"{kind.name}: `labels` has {table.shape[1]} columns for {fitted.columns}."
    require(table.shape[1] == len(fitted.columns), sentence)
    encoded = kind.encode(list(table.T), fitted)
    require_finite(encoded, f"{kind.name}: what `labels` gives are no labels")
    kind.check_cells(OWNER, dict(zip(fitted.columns, table.T, strict=True)))


def _check_bad_columns(example: KindExample) -> None:
    kind, columns = example.kind, example.columns
    empty = {name: _filled(column, missing=True) for name, column in columns.items()}
    _check_refused(kind, empty, "has no observed label")
    if all(column.dtype != object for column in columns.values()):
        infinite = {name: _filled(column, missing=False) for name, column in columns.items()}
        _check_refused(kind, infinite, "holds infinite values")


def _check_refused(kind: Kind, columns: Mapping[str, np.ndarray], what: str) -> None:
    try:
        kind.fit(OWNER, columns)
    except DataError as error:
        named = any(repr(name) in str(error) for name in (OWNER, *columns))
        require(named, f"{kind.name}: the error names neither task nor column: {error}")
    else:
        raise AssertionError(f"{kind.name}: a column that {what} is accepted.")


def _filled(column: np.ndarray, *, missing: bool) -> np.ndarray:
    column = column.copy()
    if missing:
        column[:] = None if column.dtype == object else np.nan
    else:
        column[0] = np.inf
    return column
