"""Sets of the study behind the defaults: rows by size, none of them a test row of a split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import polars as pl
from tables_adult import adult

from polytask.data import MultiTaskDataset, RandomSplit, Splitter, splits_of
from polytask.datasets import (
    FetchedDataset,
    fetch_census_income,
    fetch_mulan,
    fetch_sarcos,
    fetch_school,
    fetch_tox21,
    load_digits_tasks,
    make_related_regression,
)
from polytask.tasks import Task

SIZES = (500, 2000, 10_000, 40_000)
_MOST_TO_CHOOSE = 10_000


@dataclass(frozen=True)
class Subset:
    """Rows to train by, to stop by and to choose by."""

    train: MultiTaskDataset
    stop: MultiTaskDataset
    choose: MultiTaskDataset


@dataclass(frozen=True)
class Origin:
    """A data set: its kind, its rows with the splitter that names test rows, its smallest size."""

    kind: str
    read: Callable[[], tuple[MultiTaskDataset, Splitter]]
    smallest: int = 0

    def subset(self, size: int, seed: int) -> Subset | None:
        """Rows drawn by seed from those that the first split does not test.

        At most `size` train, and at most 0.7 of what there is; None if that is less than half of
        `size`. A third as many stop, the others choose (at most 10 000).
        """
        if size < self.smallest:
            return None
        data, splitter = _read(self)
        data, (split, *_), _ = splits_of(data, splitter, 0)
        (source,) = split.train
        rows = np.concatenate([split.train[source], split.validation.get(source, [])]).astype(int)
        rows = np.random.default_rng(seed).permutation(rows)
        n_train = min(size, int(0.7 * len(rows)))
        if n_train < size / 2:
            return None
        n_stop = min(n_train // 3, (len(rows) - n_train) // 2)
        bounds = [n_train, n_train + n_stop, n_train + n_stop + _MOST_TO_CHOOSE]
        parts = np.split(rows, bounds)[:3]
        return Subset(*(data.take({source: np.sort(part)}) for part in parts))


@cache
def _read(origin: Origin) -> tuple[MultiTaskDataset, Splitter]:
    return origin.read()


def _fetched(fetch: Callable[[], FetchedDataset]) -> tuple[MultiTaskDataset, Splitter]:
    fetched = fetch()
    return fetched.dataset, fetched.split


def _shuffled(data: MultiTaskDataset) -> tuple[MultiTaskDataset, Splitter]:
    return data, RandomSplit()


def _school() -> tuple[MultiTaskDataset, Splitter]:
    return _shuffled(fetch_school().dataset)


def _census_classes() -> tuple[MultiTaskDataset, Splitter]:
    """Education and class of worker from the other columns of census-income."""
    fetched = fetch_census_income()
    (source,) = fetched.dataset.sources
    targets = ("education", "class_of_worker")
    table = source.inputs.with_columns(pl.col(name).cast(pl.String) for name in targets)
    data = MultiTaskDataset.from_table(table, [Task(name, "multiclass") for name in targets])
    return data, fetched.split


def _digits() -> tuple[MultiTaskDataset, Splitter]:
    return _shuffled(load_digits_tasks(("digit", "closed_loops")))


def _drawn() -> tuple[MultiTaskDataset, Splitter]:
    return _shuffled(make_related_regression(n_tasks=2, n_rows=600, seed=0)[0])


ORIGINS = {
    "enb": Origin("regression", partial(_fetched, partial(fetch_mulan, "enb"))),
    "sarcos": Origin("regression", partial(_fetched, fetch_sarcos)),
    "rf1": Origin("regression", partial(_fetched, partial(fetch_mulan, "rf1"))),
    "scm20d": Origin("regression", partial(_fetched, partial(fetch_mulan, "scm20d"))),
    "school": Origin("regression", _school, smallest=10_000),
    "adult": Origin("binary", adult),
    "census": Origin("binary", partial(_fetched, fetch_census_income)),
    "yeast": Origin("binary", partial(_fetched, partial(fetch_mulan, "yeast"))),
    "tox21": Origin("binary", partial(_fetched, fetch_tox21)),
    "digits": Origin("multiclass", _digits),
    "adult-classes": Origin("multiclass", partial(adult, ("occupation", "workclass"))),
    "census-classes": Origin("multiclass", _census_classes),
    "drawn": Origin("trial", _drawn),
}
