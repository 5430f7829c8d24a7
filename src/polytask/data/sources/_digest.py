"""Digests of data that are the same in every process and version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import polars as pl

from polytask._recipes import to_json
from polytask.data.cells import family, innermost, numbers, step_numbers, steps_of
from polytask.data.sources._labels import beyond_floats, target_columns
from polytask.data.sources._source import Source
from polytask.tasks import Kind, Task, TaskSet

__all__ = ["data_digest"]

_ROWS = 1024


def data_digest(sources: tuple[Source, ...], tasks: TaskSet) -> str:
    """sha256 over tasks, inputs, targets, weights and groups of all sources."""
    digest = hashlib.sha256(json.dumps([_facts(task) for task in tasks]).encode())
    for source in sources:
        facts: list[Any] = [source.name, source.tasks.names, source.task_column, source.n_rows]
        facts += _declared(source)
        digest.update(json.dumps(facts).encode())
        for series in (*source.inputs.iter_columns(), *target_columns(source.labels)):
            digest.update(f"{series.name}\0{family(series)}\0".encode())
            for part in _bytes(series):
                digest.update(part)
        for array in (source.weights, source.groups, source.task_index):
            digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


_IMPLIED = {
    "numeric": "numbers",
    "categorical": "text",
    "date": "dates",
    "tokens": "token lists",
    "sequence": "number lists",
}
"""Types that imply these roles."""


def _declared(source: Source) -> list[dict[str, Any]]:
    """Declared roles that the columns' types do not imply, and numbers of buckets and steps."""
    roles = {
        name: role
        for name, role in source.reading.roles.items()
        if name in source.inputs.columns and family(source.inputs[name]) != _IMPLIED.get(role)
    }
    reading = source.reading.only(source.inputs.columns)
    return [dict(declared) for declared in (roles, reading.buckets, reading.lengths) if declared]


def _facts(task: Task) -> list[Any]:
    facts = [task.name, _written(task.kind), task.columns, task.weight, task.role]
    facts += [to_json(task.metrics), to_json(task.loss), to_json(task.class_weight)]
    facts += [task.after] if task.after else []
    return facts if task.threshold is None else [*facts, {"threshold": to_json(task.threshold)}]


def _written(kind: Kind | str | None) -> str:
    """Its `repr`, without settings that came later and are as if they had not."""
    if not isinstance(kind, Kind) or not is_dataclass(kind):
        return repr(kind)
    set_here = [
        field.name
        for field in fields(kind)
        if not (field.metadata.get("omit_default") and getattr(kind, field.name) == field.default)
    ]
    if len(set_here) == len(fields(kind)):
        return repr(kind)
    shown = ", ".join(f"{name}={getattr(kind, name)!r}" for name in set_here)
    return f"{type(kind).__qualname__}({shown})"


def _bytes(series: pl.Series) -> Iterator[bytes]:
    """The content of a column, independent of its type; equal ints and floats are the same."""
    holds = family(series)
    if series.dtype.is_integer() and beyond_floats(series):
        series, holds = series.cast(pl.String), "text"
    yield np.packbits(series.is_null().to_numpy()).tobytes()
    if holds == "text":
        text = series.cast(pl.String).fill_null("")
        yield text.str.len_bytes().to_numpy().astype("<u4").tobytes()
        yield (text.str.join("").item() if len(text) else "").encode()
    elif holds in {"token lists", "number lists", "empty lists"}:
        lengths, cells = steps_of(series)
        yield lengths.astype("<u4").tobytes()
        if holds == "token lists":
            yield from _bytes(cells)
        elif holds == "number lists":
            values = step_numbers(cells)
            yield _filled(values)
            yield _missing(values)
    elif holds == "tensors":
        if innermost(series) == pl.UInt8:  # a part at a time, since floats take eight times as much
            for first in range(0, len(series), _ROWS):
                some = series[first : first + _ROWS]
                pixels = _cells(some) if some.null_count() else some.to_numpy().reshape(-1)
                yield _filled(pixels)
            return
        yield _filled(_cells(series))
        yield _missing(_cells(series.drop_nulls()))
    elif holds != "nothing":
        yield _filled(numbers(series))


def _cells(tensors: pl.Series) -> np.ndarray:
    """The cells of all tensors, NaN where missing."""
    while isinstance(tensors.dtype, pl.Array):
        tensors = tensors.explode()
    return tensors.cast(pl.Float64).to_numpy()


def _filled(values: np.ndarray) -> bytes:
    return np.where(np.isnan(values), 0.0, values).astype("<f8").tobytes()


def _missing(values: np.ndarray) -> bytes:
    """Where values are missing; nothing if none is, so that digests of such data stay."""
    missing = np.isnan(values)
    return np.packbits(missing).tobytes() if missing.any() else b""
