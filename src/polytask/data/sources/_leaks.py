"""Notes on inputs that alone nearly determine a target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64

from polytask._listing import first_and_more
from polytask.data.cells import STEP_ROLES, family, numbers
from polytask.data.names import quoted
from polytask.data.sources._labels import target_columns
from polytask.data.sources._source import Source

__all__ = ["leak_notes"]

_NEARLY = 0.95
_FEWEST_PAIRS = 50
_MOST_ROWS, _FEWEST_ROWS = 10_000, 300
_MOST_VALUES = 10**8
"""Comparisons in all, about a second's worth."""
_MOST_CLASSES = 20
_SHOWN = 5


def leak_notes(source: Source) -> tuple[str, ...]:
    """Notes on inputs that alone nearly determine a target, from a sample of the rows.

    Rows are sorted by an input (or grouped by its categories) and the labels of neighbours are
    compared: by ranks (numbers) or as equal or not (classes). The agreement is 1 minus the ratio of
    their mean difference to that of any two rows: 0 if the input is uninformative, 1 if the target
    is any function of it (Chatterjee 2021). It is noted from 0.95, which a linear relation reaches
    at a correlation of about 0.999. Columns that are read step by step are left out.
    """
    if source.labels is None or source.n_rows < _FEWEST_PAIRS:
        return ()
    targets = target_columns(source.labels)
    rows = _sample(source.n_rows, len(targets) * source.inputs.width)
    labels = _encoded([series[rows] for series in targets])
    notes: list[str] = []
    for series in source.inputs.iter_columns():
        if source.reading.roles.get(series.name) in STEP_ROLES:  # equal sentences have equal labels
            continue
        pairs = _neighbours(series[rows])
        if pairs is not None:
            agreement = _agreement(labels, *pairs)
            close = [index for index, value in enumerate(agreement) if value >= _NEARLY]
            if close:
                names = first_and_more([targets[index].name for index in close])
                notes.append(_leak_note(series.name, names, float(agreement[close].max())))
    more = len(notes) - _SHOWN
    further = (f"{more} more inputs alone nearly determine a target",) if more > 0 else ()
    return (*notes[:_SHOWN], *further)


def _leak_note(name: str, targets: str, agreement: float) -> str:
    return (
        f"input {name}: alone nearly determines {targets} (agreement {agreement:.3f} of 1); if it "
        f"is known no earlier than that, it gives the answer away: --drop {quoted(name)}"
    )


def _sample(n_rows: int, n_pairs: int) -> Int64[np.ndarray, " rows"]:
    """A random sample of rows, the same for the same number of rows."""
    limit = int(np.clip(_MOST_VALUES // max(n_pairs, 1), _FEWEST_ROWS, _MOST_ROWS))
    return np.random.default_rng(0).permutation(n_rows)[:limit]


# ── labels ────────────────────────────────────────────────────────────────────
class _Encoded(NamedTuple):
    """Labels of a sample, NaN where missing, and the mean difference of any two rows."""

    values: Float64[np.ndarray, "rows targets"]
    ranked: Bool[np.ndarray, " targets"]
    apart: Float64[np.ndarray, " targets"]


def _encoded(targets: Sequence[pl.Series]) -> _Encoded:
    ranked = [_is_ranked(series) for series in targets]
    values = np.stack(
        [
            _column(series.rank("average" if rank else "dense"))
            for series, rank in zip(targets, ranked, strict=True)
        ],
        axis=1,
    )
    apart = [_apart(v[~np.isnan(v)], rank) for v, rank in zip(values.T, ranked, strict=True)]
    return _Encoded(values, np.array(ranked), np.array(apart))


def _is_ranked(series: pl.Series) -> bool:
    """Whether values are amounts rather than classes."""
    return series.dtype.is_numeric() and series.drop_nulls().n_unique() > _MOST_CLASSES


def _column(series: pl.Series) -> Float64[np.ndarray, " rows"]:
    return series.cast(pl.Float64).to_numpy()


def _apart(values: Float64[np.ndarray, " labelled"], ranked: bool) -> float:
    """Mean difference of two labels, or the share of unequal ones."""
    count = len(values)
    if count < 2:
        return 0.0
    if ranked:
        weights = 2.0 * np.arange(count) - count + 1.0
        return float(weights @ np.sort(values)) * 2.0 / (count * (count - 1.0))
    shares = np.unique(values, return_counts=True)[1] / count
    return float(1.0 - shares @ shares) * count / (count - 1.0)


# ── neighbours ────────────────────────────────────────────────────────────────
def _neighbours(
    series: pl.Series,
) -> tuple[Int64[np.ndarray, " pairs"], Int64[np.ndarray, " pairs"]] | None:
    """Pairs of neighbours by an input, or of one category; None for other inputs."""
    holds = family(series)
    if holds == "numbers":
        values = numbers(series)
    elif holds in {"text", "booleans"}:
        text = series.cast(pl.String)
        values = _column(text.rank("dense"))
    else:
        return None
    order = np.argsort(values, kind="stable")  # the order of ties is that of the sample: random
    order = order[: len(order) - int(np.isnan(values).sum())]
    first, second = order[:-1], order[1:]
    if holds == "numbers":
        return first, second
    same = values[first] == values[second]
    return first[same], second[same]


def _agreement(
    labels: _Encoded, first: Int64[np.ndarray, " pairs"], second: Int64[np.ndarray, " pairs"]
) -> Float64[np.ndarray, " targets"]:
    """Share of the difference of any two rows that neighbours lack; 0 for too few neighbours."""
    steps = labels.values[first] - labels.values[second]
    known = ~np.isnan(steps)
    distances = np.where(labels.ranked, np.abs(steps), steps != 0.0)
    counts = known.sum(axis=0)
    usable = (counts >= _FEWEST_PAIRS) & (labels.apart > 0.0)
    means = np.where(known, distances, 0.0).sum(axis=0) / np.maximum(counts, 1)
    return np.where(usable, 1.0 - means / np.where(usable, labels.apart, 1.0), 0.0)
