"""Catalogue of public data sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import polars as pl

from polytask._naming import fold, suggestion
from polytask.datasets._atis import ATIS, atis_table
from polytask.datasets._blitzer import BLITZER, blitzer_table
from polytask.datasets._census_income import CENSUS_INCOME, census_income_table
from polytask.datasets._clustered_table import CLUSTERED, clustered_table
from polytask.datasets._digits import DIGITS, digits_table
from polytask.datasets._ett import ETT, ett_table
from polytask.datasets._hillstrom import HILLSTROM, hillstrom_table
from polytask.datasets._info import DatasetInfo
from polytask.datasets._mulan import mulan_table
from polytask.datasets._mulan_infos import MULAN
from polytask.datasets._multi_fashion import MULTI_FASHION, multi_fashion_table
from polytask.datasets._multi_mnist import MULTI_MNIST, multi_mnist_table
from polytask.datasets._office_caltech import OFFICE_CALTECH, office_caltech_table
from polytask.datasets._sarcos import SARCOS, sarcos_table
from polytask.datasets._school import SCHOOL, school_table
from polytask.datasets._sider import SIDER, sider_table
from polytask.datasets._tox21 import TOX21, tox21_table
from polytask.exceptions import UnknownNameError

__all__ = ["as_table", "catalogue"]

_TABLES: Mapping[DatasetInfo, Callable[[], pl.DataFrame]] = {
    ATIS: atis_table,
    BLITZER: blitzer_table,
    CENSUS_INCOME: census_income_table,
    CLUSTERED: clustered_table,
    DIGITS: digits_table,
    ETT: ett_table,
    HILLSTROM: hillstrom_table,
    **{info: partial(mulan_table, info) for info in MULAN},
    MULTI_FASHION: multi_fashion_table,
    MULTI_MNIST: multi_mnist_table,
    OFFICE_CALTECH: office_caltech_table,
    SARCOS: sarcos_table,
    SCHOOL: school_table,
    SIDER: sider_table,
    TOX21: tox21_table,
}


def catalogue() -> tuple[DatasetInfo, ...]:
    """Descriptions of all public data sets, sorted by name."""
    return tuple(_TABLES)


def as_table(name: str) -> pl.DataFrame:
    """Read a public data set as one plain table, inputs and targets side by side.

    Parameters
    ----------
    name : str
        Such as ``"census-income"``, in any spelling: case, hyphens and underscores do not
        matter.

    Returns
    -------
    polars.DataFrame
        Targets are the last columns, followed by ``split`` (train or test) if a split is published.
        The data set's `flags` are the options for learning from it.

    Raises
    ------
    UnknownNameError
        If no data set has the name.
    DatasetUnavailableError
        If its files are neither available locally nor reachable.
    """
    for info, table in _TABLES.items():
        if fold(info.name) == fold(name):
            return table()
    known = [info.name for info in _TABLES]
    sentence = f"There is no data set named {name!r}. {suggestion(name, known)}"
    raise UnknownNameError(sentence)
