"""Learning of the edges of bins from training rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

from polytask.data.encoding._bins import WITHOUT_LABELS, Bins
from polytask.data.encoding._learned_bins import ColumnBins, LearnedBins
from polytask.data.encoding._schema import Schema
from polytask.data.encoding._tree_thresholds import TreeTarget, cuts_of, tree_thresholds
from polytask.data.sources import Source
from polytask.tasks import FittedTarget, Kind

__all__ = ["learn_bins"]

_MOST_ROWS = 200_000
_MOST_CELLS = 32
_MANY_TASKS = 32
_LEAST_LEAVES = 4


def learn_bins(
    schema: Schema, source: Source, bins: Bins, weights: Mapping[str, np.ndarray]
) -> LearnedBins:
    """Learn the edges of every numeric column of a source.

    Parameters
    ----------
    schema : Schema
    source : Source
        The training rows.
    bins : Bins
    weights : mapping of task name to array
        Weights of the tasks' labelled rows.
    """
    grown = bins.by in {"trees", "both"}
    targets = dict(_targets(schema, source, weights)) if grown else {}
    columns = (
        values
        for column in schema.columns
        if column.part == "numeric"
        for values in column.encode(source.inputs)[1].T
    )
    return LearnedBins(
        bins.n_bins, tuple(_column_bins(values, bins, targets) for values in columns)
    )


def _targets(
    schema: Schema, source: Source, weights: Mapping[str, np.ndarray]
) -> Iterator[tuple[str, TreeTarget]]:
    """Labels of every task as trees read them; those of steps are none of a row."""
    labels = source.labelled()
    for task in source.tasks:
        if task.known_kind.form != "vector":
            continue
        rows, columns = labels.rows(task.name), list(labels.columns(task.name).values())
        values = _tree_values(task.known_kind, columns, schema.targets[task.name])
        some = slice(None, None, -(-len(rows) // _MOST_ROWS) or 1)
        yield task.name, TreeTarget(rows[some], values[some], weights[task.name][some])


def _tree_values(kind: Kind, columns: list[np.ndarray], fitted: FittedTarget) -> np.ndarray:
    """Numbers as estimators learn them, or an indicator per class, (n, c)."""
    codes = kind.class_codes(kind.truth(columns, fitted), fitted)
    if codes is None:
        return _evenly(kind.estimator_labels(columns, fitted, standardized=True)[0])
    if len(fitted.classes) <= 2:
        return _evenly(codes)
    indicators = codes[:, 0, None] == np.arange(len(fitted.classes))
    return _evenly(np.where(np.isnan(codes[:, :1]), np.nan, indicators))


def _evenly(cells: Float64[np.ndarray, "n c"]) -> Float64[np.ndarray, "n k"]:
    """At most 32 columns, evenly spaced."""
    return cells[:, :: -(-cells.shape[1] // _MOST_CELLS) or 1]


def _column_bins(
    values: Float32[np.ndarray, " n"], bins: Bins, targets: Mapping[str, TreeTarget]
) -> ColumnBins:
    distinct, counts = np.unique(values, return_counts=True)
    learned = _column_edges(values, distinct, counts, bins, targets)
    if bins.by not in WITHOUT_LABELS:
        return learned
    return replace(learned, means=_mean_coordinates(distinct, counts, learned.edges))


def _mean_coordinates(
    distinct: Float32[np.ndarray, " m"], counts: Int64[np.ndarray, " m"], edges: tuple[float, ...]
) -> tuple[float, ...]:
    """Means of the rows' coordinates in every bin."""
    shares = counts / counts.sum()
    means = [
        shares @ np.clip((distinct - np.float64(low)) / (high - low), 0.0, 1.0)
        for low, high in pairwise(edges)
    ]
    return _written(np.clip(means, 0.0, 1.0))


def _column_edges(
    values: Float32[np.ndarray, " n"],
    distinct: Float32[np.ndarray, " m"],
    counts: Int64[np.ndarray, " m"],
    bins: Bins,
    targets: Mapping[str, TreeTarget],
) -> ColumnBins:
    if len(distinct) <= 2:
        return ColumnBins(_written(distinct if len(distinct) == 2 else distinct[:0]))
    if bins.by in {"atoms", "both"} and len(distinct) <= bins.n_bins + 1:
        return ColumnBins(_written(distinct))
    edges = _unsupervised_edges(values, distinct, counts, bins)
    if not targets:
        return ColumnBins(edges)
    cuts = cuts_of(distinct, counts)
    codes = cuts.codes(values)
    n_leaves = bins.n_bins
    if len(targets) > _MANY_TASKS:
        n_leaves = max(min(_LEAST_LEAVES, n_leaves), _MANY_TASKS * n_leaves // len(targets))
    trees = {
        name: tree_thresholds(codes, cuts, target, n_leaves) for name, target in targets.items()
    }
    thresholds = {name: _written(cut) for name, (cut, _) in trees.items()}
    gains = {name: tuple(np.round(gain, 6).tolist()) for name, (_, gain) in trees.items()}
    return ColumnBins(edges, thresholds, gains)


def _unsupervised_edges(
    values: Float32[np.ndarray, " n"],
    distinct: Float32[np.ndarray, " m"],
    counts: Int64[np.ndarray, " m"],
    bins: Bins,
) -> tuple[float, ...]:
    if bins.by == "trees":
        return _written(distinct[[0, -1]])
    if bins.by == "quantiles":
        return _quantiles(values, len(distinct), bins.n_bins)
    is_atom = counts * bins.n_bins >= 2 * len(values)
    atoms, rest = distinct[is_atom], values
    if len(atoms):
        rest = values[~np.isin(values, atoms)]
    others = _quantiles(rest, len(distinct) - len(atoms), bins.n_bins - len(atoms))
    return tuple(sorted({*others, *_written(atoms)}))


def _quantiles(
    values: Float32[np.ndarray, " n"], n_distinct: int, n_bins: int
) -> tuple[float, ...]:
    """Edges of bins of equally many rows; as many as there are distinct values at most."""
    if not n_distinct:
        return ()
    n_bins = max(1, min(n_bins, n_distinct - 1))
    edges = np.quantile(values.astype(np.float64), np.linspace(0.0, 1.0, n_bins + 1))
    return _written(np.unique(edges.astype(np.float32)))


def _written(values: Float[np.ndarray, " n"]) -> tuple[float, ...]:
    """Numbers in single precision, by their shortest decimals."""
    return tuple(float(str(value)) for value in values.astype(np.float32))
