"""Small data sets of every form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from polytask.data import MultiTaskDataset
from polytask.tasks import Kind, Task, named_kind
from polytask.testing._examples import KindExample, examples_of

__all__ = ["tiny_dataset"]

_N_NUMBERS = 3


def tiny_dataset(
    kinds: Sequence[Kind | str] = ("regression", "binary"),
    *,
    own_rows: bool = False,
    own_tables: bool = False,
    missing: float = 0.2,
    n_rows: int = 60,
    seed: int = 0,
) -> MultiTaskDataset:
    """A data set of a few rows, one task for each kind, whose targets depend on the inputs.

    Inputs are three numbers (one of them partly missing) and a category.

    Parameters
    ----------
    kinds : sequence of Kind or str
        With `own_rows`, all of one kind; with `own_tables`, of one target column each. Targets are labels of a kind
        that learned from its `Kind.examples`, or else from common columns that it accepts.
    own_rows : bool, default False
        Whether each row belongs to one task, named by the column ``site``.
    own_tables : bool, default False
        Whether each task has a table of its own, with columns of its own.
    missing : float, default 0.2
        Share of labels that are missing, in every task.
    n_rows : int, default 60
    seed : int, default 0

    Examples
    --------
    >>> from polytask.testing import tiny_dataset
    >>> tiny_dataset(["regression"] * 3, own_rows=True).tasks.names
    ('task0', 'task1', 'task2')
    """
    generator = np.random.default_rng(seed)
    chosen = [_kind(kind) for kind in kinds]
    if own_tables:
        tables = [_inputs(generator, n_rows) for _ in chosen]
        return _per_task(generator, tables, chosen, missing)
    shared = _inputs(generator, n_rows)
    if own_rows:
        return _long(generator, shared, chosen[0], len(chosen), missing)
    columns: dict[str, Any] = dict(shared)
    tasks = []
    for position, kind in enumerate(chosen):
        example = _example(kind)
        answers = _targets(generator, shared, example, missing)
        names = tuple(f"target{position}_{column}" for column in range(len(answers)))
        columns |= dict(zip(names, answers, strict=True))
        tasks.append(Task(f"task{position}", kind, names))
    return MultiTaskDataset.from_table(columns, tasks)


def _kind(kind: Kind | str) -> Kind:
    if isinstance(kind, Kind):
        return kind
    return named_kind(kind)


def _example(kind: Kind) -> KindExample:
    """What the kind learned of example columns: one column unless it counts cells."""
    several = 1 if kind.counts_cells else -1
    return max(
        examples_of(kind),
        key=lambda example: (several * len(example.columns), len(example.fitted.classes)),
    )


def _inputs(generator: np.random.Generator, n_rows: int) -> dict[str, Any]:
    numbers = generator.normal(size=(n_rows, _N_NUMBERS))
    numbers[generator.random(n_rows) < 0.1, -1] = np.nan
    columns: dict[str, Any] = {f"x{i}": numbers[:, i] for i in range(_N_NUMBERS)}
    columns["colour"] = generator.choice(["red", "green", "blue"], n_rows).tolist()
    return columns


def _targets(
    generator: np.random.Generator, inputs: dict[str, Any], example: KindExample, missing: float
) -> list[list[Any]]:
    """Columns of the kind's own labels near noisy linear scores, some cells missing."""
    kind, fitted = example.kind, example.fitted
    numbers = np.nan_to_num(np.stack([inputs[f"x{i}"] for i in range(_N_NUMBERS)], axis=1))
    scores = numbers @ generator.normal(size=(_N_NUMBERS, math.prod(example.score_shape)))
    scores += 0.3 * generator.normal(size=scores.shape)
    scores -= scores.mean(axis=0)
    raw = scores.astype(np.float32).reshape(len(scores), *example.score_shape)
    labels = kind.labels(kind.response(raw, fitted), fitted)
    table = np.asarray(labels).reshape(len(numbers), -1)
    observed = generator.random(table.shape) >= missing
    if kind.whole_rows:
        observed[:] = observed[:, :1]
    return [
        [value if seen else None for value, seen in zip(column, cells, strict=True)]
        for column, cells in zip(table.T.tolist(), observed.T.tolist(), strict=True)
    ]


def _long(
    generator: np.random.Generator, inputs: dict[str, Any], kind: Kind, count: int, missing: float
) -> MultiTaskDataset:
    answers = _targets(generator, inputs, _example(kind), missing)
    site = [f"task{row % count}" for row in range(len(answers[0]))]
    if len(answers) == 1:
        table = {**inputs, "target": answers[0], "site": site}
        return MultiTaskDataset.from_long(table, "target", "site", kind=kind)
    columns = {f"target_{column}": values for column, values in enumerate(answers)}
    task = Task("target", kind, tuple(columns))
    return MultiTaskDataset.from_long({**inputs, **columns, "site": site}, task, "site")


def _per_task(
    generator: np.random.Generator,
    tables: list[dict[str, Any]],
    kinds: list[Kind],
    missing: float,
) -> MultiTaskDataset:
    pairs = {}
    for position, (table, kind) in enumerate(zip(tables, kinds, strict=True)):
        (target,) = _targets(generator, table, _example(kind), missing)
        own = {f"{name}_{position}": column for name, column in table.items()}
        own[f"extra_{position}"] = np.linspace(-1, 1, len(target))
        pairs[Task(f"task{position}", kind)] = (own, np.array(target, dtype=object))
    return MultiTaskDataset.from_per_task(pairs)
