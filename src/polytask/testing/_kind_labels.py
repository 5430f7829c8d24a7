"""Check of a kind's labels and truth: missing cells, classes, influence of columns, units."""

from __future__ import annotations

import numpy as np

from polytask.testing._examples import OWNER, KindExample
from polytask.testing._require import require, require_close, require_same

__all__ = ["check_labels"]

_FACTOR = 4.0


def check_labels(example: KindExample) -> None:
    """Check `encode`, `truth`, `class_codes`, `events` and `units` of a kind on one example.

    Raises
    ------
    AssertionError
        If one of them is not as `polytask.tasks.Kind` says.
    """
    _check_encoded(example)
    _check_influence(example)
    _check_units(example)


def _check_encoded(example: KindExample) -> None:
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
    _check_events(example, truth)
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
    raw = example.random_scores
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


def _check_events(example: KindExample, truth: np.ndarray) -> None:
    kind = example.kind
    events = kind.events(truth, example.fitted)
    if events is None:
        return
    right = events.shape == (len(truth),) and set(events[~np.isnan(events)].tolist()) <= {0.0, 1.0}
    require(right, f"{kind.name}: events must be 0 or 1 for each label, or NaN.")
    known = kind.class_codes(truth, example.fitted)
    require(known is None, f"{kind.name}: labels have classes or may be events, not both.")


def _shuffled(column: np.ndarray, seed: int) -> np.ndarray:
    """The column, whose observed cells have changed places."""
    column, observed = column.copy(), ~_missing(column)
    column[observed] = np.random.default_rng(seed).permutation(column[observed])
    return column


def _missing(column: np.ndarray) -> np.ndarray:
    if column.dtype == object:
        return np.array([value is None for value in column])
    return np.isnan(column)
