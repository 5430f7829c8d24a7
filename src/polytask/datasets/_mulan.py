"""Mulan's data sets: several regressions, or several binary labels, of shared rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from polytask._naming import fold, suggestion
from polytask.data import FixedSplit, MultiTaskDataset, RandomSplit, Split, Splitter
from polytask.datasets._arff import read_arff
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._mulan_infos import MULAN, PREFIX
from polytask.datasets._obtain import obtain
from polytask.exceptions import UnknownNameError
from polytask.tasks import Task

__all__ = ["fetch_mulan", "mulan_table"]


def fetch_mulan(name: str) -> FetchedDataset:
    """Read one of Mulan's data sets of multi-target regression or multi-label classification.

    Parameters
    ----------
    name : str
        One of ``atp1d``, ``enb``, ``jura``, ``osales``, ``rf1``, ``scm20d`` and ``wq``
        (regression) or ``emotions`` and ``yeast`` (binary), in any spelling, with or without
        ``mulan-`` before it.

    Returns
    -------
    FetchedDataset
        One task per target, numeric inputs. ``yeast`` has a published split, of whose training rows
        a fifth is drawn for validation; of the others a fifth of the rows each is drawn for
        validation and for test.

    Raises
    ------
    UnknownNameError
        If no set has the name.
    DatasetUnavailableError
        If the files are neither available locally nor reachable.

    Notes
    -----
    Attributes keep their names, without quotes; unknown cells are missing. Rows of ``rf1``,
    ``scm20d`` and ``atp1d`` follow one another in time, so that a random split asks for values
    between known ones; take rows in their order to judge forecasts.

    Examples
    --------
    >>> from polytask.datasets import fetch_mulan
    >>> fetch_mulan("jura").dataset.tasks.names  # doctest: +SKIP
    ('Cd', 'Co', 'Cu')
    """
    info = _named(name)
    table = mulan_table(info)
    kind = "binary" if table[info.tasks[0]].dtype.is_integer() else "regression"
    dataset = MultiTaskDataset.from_table(
        table.drop("split", strict=False), [Task(task, kind) for task in info.tasks]
    )
    return FetchedDataset(dataset, _splitter(table, dataset.sources[0].name), info)


def mulan_table(info: DatasetInfo) -> pl.DataFrame:
    """All rows of a set with inputs, targets and, if one is published, ``split``."""
    paths = obtain(info.name, info.files)
    if len(paths) == 1:
        return read_arff(paths[0])
    parts = zip(("train", "test"), paths, strict=True)
    return pl.concat(read_arff(path).with_columns(split=pl.lit(part)) for part, path in parts)


def _named(name: str) -> DatasetInfo:
    by_name = {fold(info.name.removeprefix(PREFIX)): info for info in MULAN}
    wanted = fold(name).removeprefix(fold(PREFIX))
    if wanted not in by_name:
        known = [info.name.removeprefix(PREFIX) for info in MULAN]
        sentence = f"Mulan has no data set named {name!r} here. {suggestion(name, known)}"
        raise UnknownNameError(sentence)
    return by_name[wanted]


def _splitter(table: pl.DataFrame, source: str) -> Splitter:
    if "split" not in table.columns:
        return RandomSplit(test=0.2, validation=0.2)
    train = (table["split"] == "train").to_numpy()
    split = Split(
        train={source: np.flatnonzero(train)},
        validation={},
        test={source: np.flatnonzero(~train)},
        name="published",
    )
    return FixedSplit((split,), validation=0.2)
