"""Public data sets for the benchmarks of affinities and groups, with at most so many rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from polytask.data import MultiTaskDataset, RandomSplit, Split
from polytask.datasets import (
    as_table,
    fetch_mulan,
    fetch_sarcos,
    fetch_tox21,
    load_digits_tasks,
)

ROWS = 1500  # at most, drawn by the seed of the split


def school_in_ten() -> MultiTaskDataset:
    """Pupils of ten groups of schools, by the number of the school."""
    table = as_table("school")
    group = (pl.col("school").str.tail(3).cast(pl.Int64) % 10).cast(pl.String)
    frame = table.with_columns(group.alias("tenth")).drop("school")
    return MultiTaskDataset.from_long(frame, "score", "tenth", kind="regression")


SETS = {
    "school, 10 groups": school_in_ten,
    "digits": load_digits_tasks,
    "yeast": lambda: fetch_mulan("yeast").dataset,
    "rf1": lambda: fetch_mulan("rf1").dataset,
    "sarcos": lambda: fetch_sarcos().dataset,
    "scm20d": lambda: fetch_mulan("scm20d").dataset,
    "tox21": lambda: fetch_tox21().dataset,
}


def drawn(name: str, seed: int, most: int = ROWS) -> tuple[MultiTaskDataset, Split]:
    """Rows of a set and their split into training, validation and test rows."""
    data = SETS[name]()
    (source,) = data.sources
    generator = np.random.default_rng(seed)
    if source.n_rows > most:
        rows = np.sort(generator.choice(source.n_rows, most, replace=False))
        data = data.take({source.name: rows})
    (split,) = RandomSplit().splits(data, seed)
    return data, split
