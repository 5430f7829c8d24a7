"""Common check of kinds."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge

from polytask._recipes import from_json, to_json
from polytask.exceptions import DataError
from polytask.tasks import Kind
from polytask.testing._examples import OWNER, KindExample, examples_of
from polytask.testing._require import (
    require,
    require_close,
    require_columns,
    require_finite,
    require_instance,
    require_same,
)

__all__ = ["check_kind"]

_FACTOR = 4.0


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
        do not belong together, row weights do not count as repeated rows, answers of an estimator
        that the kind accepts give no scores, or a column that cannot be learned from is accepted.
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
    for example in examples_of(kind, columns):
        _check_fit(example)
        _check_labels(example)
        _check_influence(example)
        _check_units(example)
        _check_scores(example)
        _check_mean(example)
        _check_tables(example)
        _check_estimators(example)
        _check_bad_columns(example)


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
    back = from_json(json.loads(json.dumps(to_json(fitted), allow_nan=False)))
    require(kind.accepts(fitted), f"{kind.name}: refuses what it fitted itself: {fitted}.")
    nothing = replace(fitted, columns=())
    require(not kind.accepts(nothing), f"{kind.name}: accepts a target without columns.")
    forged = replace(fitted, learned={})
    if fitted.learned and kind.accepts(forged):
        sentence = f"{kind.name}: accepts a target without learned numbers, but fails with it"
        try:
            kind.response(_scores(example), forged)
            kind.encode(example.arrays, forged)
        except Exception as error:
            raise AssertionError(f"{sentence}: {type(error).__name__} {error}.") from error
    require(back == fitted, f"{kind.name}: the fitted target does not survive JSON: {back}.")


def _check_labels(example: KindExample) -> None:
    kind, arrays, encoded = example.kind, example.arrays, example.encoded
    missing = np.stack([_missing(array) for array in arrays], axis=1)
    require(encoded.dtype == np.float32, f"{kind.name}: labels are {encoded.dtype}, not float32.")
    shape = (len(missing), *kind.target_shape(example.fitted))
    require(encoded.shape == shape, f"{kind.name}: labels have shape {encoded.shape}.")
    infinite = np.isinf(encoded).any()
    require(not infinite, f"{kind.name}: labels must be finite, or NaN where missing.")
    if encoded.shape == missing.shape:
        sentence = f"{kind.name}: labels must be NaN exactly where the target is missing"
        require_same(np.isnan(encoded), missing, sentence)
    truth = example.truth
    require(len(truth) == len(missing), f"{kind.name}: truth has shape {truth.shape}.")
    _check_class_codes(example, truth)
    rows = np.arange(len(missing))[::-1]
    turned = [array[rows] for array in arrays]
    sentence = f"{kind.name}: labels must not depend on the order of rows"
    require_same(kind.encode(turned, example.fitted), encoded[rows], sentence)
    require_same(kind.truth(turned, example.fitted), truth[rows], sentence)


def _check_influence(example: KindExample) -> None:
    """Every column has an influence on labels and truth."""
    kind, fitted = example.kind, example.fitted
    for position, name in enumerate(example.columns):
        for method, before in (("encode", example.encoded), ("truth", example.truth)):
            changed = False
            for seed in range(3):
                arrays = list(example.arrays)
                arrays[position] = _shuffled(arrays[position], seed)
                after = np.asarray(getattr(kind, method)(arrays, fitted))
                changed = changed or not np.array_equal(after, before, equal_nan=True)
            sentence = f"{kind.name}: the values of column {name!r} do not change its `{method}`."
            require(changed, sentence)


def _check_units(example: KindExample) -> None:
    """Units are those of the columns: a factor on these is a factor of them and of decisions."""
    kind, fitted, arrays = example.kind, example.fitted, example.arrays
    units = kind.units(fitted)
    if not units:
        return
    truth, encoded = example.truth, example.encoded
    require(
        len(units) == len(arrays) and truth.size == len(arrays) * len(arrays[0]) == encoded.size,
        f"{kind.name}: there must be a unit, a label and a true value for each column.",
    )
    if any(column.dtype == object for column in arrays):
        return
    sentence = f"{kind.name}: has units, but its truth is not the columns themselves"
    require_close(truth.reshape(len(truth), -1), np.stack(arrays, axis=1), sentence)
    for name, column, unit in zip(example.columns, arrays, units, strict=True):
        deviation = float(np.nanstd(column))
        sentence = (
            f"{kind.name}: the unit of column {name!r} is {unit:.4g}, far from its standard "
            f"deviation, {deviation:.4g}."
        )
        require(deviation == 0 or 0.1 <= unit / deviation <= 10, sentence)
    columns = {name: _FACTOR * column for name, column in example.columns.items()}
    other = kind.fit(OWNER, columns)
    what = f"{kind.name}: columns times {_FACTOR:g}"
    require_close(
        kind.units(other), _FACTOR * np.array(units), f"{what} must have units times {_FACTOR:g}"
    )
    sentence = f"{what} must have the same labels"
    scaled = kind.encode(list(columns.values()), other)
    require_close(scaled, encoded, sentence, relative=1e-4, absolute=1e-5)
    raw = _scores(example)
    before, after = (
        np.asarray(kind.decide(kind.response(raw, target), target), dtype=np.float64)
        for target in (fitted, other)
    )
    sentence = f"{what} must have decisions times {_FACTOR:g} from the same scores"
    require_close(after, _FACTOR * before, sentence, relative=1e-4, absolute=1e-4)


def _check_class_codes(example: KindExample, truth: np.ndarray) -> None:
    kind, fitted = example.kind, example.fitted
    codes = kind.class_codes(truth, fitted)
    counts = fitted.learned.get("class_counts")
    if counts is not None:
        sentence = f"{kind.name}: {len(counts)} class counts for {len(fitted.classes)} classes."
        require(len(counts) == len(fitted.classes) and codes is not None, sentence)
    if codes is None:
        return
    widths = {1, len(fitted.columns)}
    sentence = f"{kind.name}: class codes have shape {codes.shape}."
    require(len(codes) == len(truth) and codes.ndim == 2 and codes.shape[1] in widths, sentence)
    strange = set(codes[~np.isnan(codes)].tolist()) - set(range(len(fitted.classes)))
    require(not strange, f"{kind.name}: the codes {strange} are those of no class.")


def _scores(example: KindExample) -> np.ndarray:
    """Random raw scores of 9 rows."""
    generator = np.random.default_rng(1)
    return generator.normal(size=(9, *example.score_shape)).astype(np.float32)


def _check_scores(example: KindExample) -> None:
    kind, fitted, raw = example.kind, example.fitted, _scores(example)
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
    if fitted.classes:
        strange = set(decided.ravel().tolist()) - set(fitted.classes)
        require(not strange, f"{kind.name}: decides {strange}, which are no classes.")


def _check_mean(example: KindExample) -> None:
    """The mean response is one row of a response, and counts rows by their weights."""
    kind, fitted, truth = example.kind, example.fitted, example.truth
    shape = kind.response(_scores(example), fitted).shape[1:]
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


def _check_tables(example: KindExample) -> None:
    """Tables of predictions and summaries hold plain columns and values."""
    kind, fitted = example.kind, example.fitted
    response = kind.response(_scores(example), fitted)
    for name, values in kind.prediction_columns("y", response, fitted):
        sentence = f"{kind.name}: the column {name!r} of predictions has shape {values.shape}."
        require(values.shape == (9,), sentence)
    json.dumps(kind.summary(example.arrays, fitted), allow_nan=False)


def _check_estimators(example: KindExample) -> None:
    """Answers of estimators that learned the encoded cells, one for each, are raw scores."""
    kind, fitted = example.kind, example.fitted
    cells = example.encoded.reshape(len(example.encoded), -1)
    inputs = np.random.default_rng(2).normal(size=(len(cells), 2))
    for estimator in filter(kind.accepts_estimator, (Ridge(), LogisticRegression())):
        answers = [
            clone(estimator).fit(inputs[seen], cell[seen])
            for cell, seen in zip(cells.T, np.isfinite(cells).T, strict=True)
        ]
        raw = kind.from_estimator(answers, inputs, fitted)
        sentence = f"{kind.name}: {type(estimator).__name__} gives scores of shape {raw.shape}."
        require(raw.shape == (len(inputs), *example.score_shape), sentence)
        require(raw.dtype == np.float32, f"{kind.name}: estimators give {raw.dtype}, not float32.")
        require_finite(raw, f"{kind.name}: scores of {type(estimator).__name__}")


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


def _shuffled(column: np.ndarray, seed: int) -> np.ndarray:
    """The column, whose observed cells have changed places."""
    column, observed = column.copy(), ~_missing(column)
    column[observed] = np.random.default_rng(seed).permutation(column[observed])
    return column


def _missing(column: np.ndarray) -> np.ndarray:
    if column.dtype == object:
        return np.array([value is None for value in column])
    return np.isnan(column)
