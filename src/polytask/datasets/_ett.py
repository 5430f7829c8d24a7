"""ETT: loads and oil temperature of electricity transformers, hour by hour."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl

from polytask._validation import Choice, check
from polytask.data import ColumnSplit, MultiTaskDataset, windows
from polytask.datasets._info import DatasetInfo, FetchedDataset
from polytask.datasets._obtain import obtain
from polytask.datasets._public_file import PublicFile
from polytask.tasks import Task

__all__ = ["ETT", "ett_table", "fetch_ett"]

_SERIES = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
_DAY = 24
_MONTH = 30 * _DAY
_PARTS = {"train": 12 * _MONTH, "validation": 4 * _MONTH, "test": 4 * _MONTH}
_SOURCE = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small"


def _file(name: str, size: int, sha256: str) -> PublicFile:
    return PublicFile(f"ett/{name}.csv", size, sha256, (f"{_SOURCE}/{name}.csv",))


_FILES = {
    "h1": _file(
        "ETTh1", 2_589_657, "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"
    ),
    "h2": _file(
        "ETTh2", 2_417_960, "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b"
    ),
}

ETT = DatasetInfo(
    name="ett",
    description="Hourly loads and oil temperature of a transformer: seven series to forecast",
    rows=sum(_PARTS.values()) - len(_PARTS) * _DAY,
    tasks=_SERIES,
    licence="CC BY-ND 4.0",
    citation="H. Zhou et al., Informer: beyond efficient transformer for long sequence "
    "time-series forecasting, AAAI 2021",
    flags=" ".join([*(f"--target {name}:regression" for name in _SERIES), "--split column:split"]),
    files=tuple(_FILES.values()),
)


def fetch_ett(
    transformer: Literal["h1", "h2"] = "h1",
    *,
    lags: int = 48,
    horizon: int = 24,
    every: int = 1,
    centered: bool = False,
) -> FetchedDataset:
    """Read windows of ETT: the next hours of seven series, one task each, from all their pasts.

    Parameters
    ----------
    transformer : {"h1", "h2"}, default "h1"
        ETTh1 or ETTh2.
    lags : int, default 48
        Hours of the past.
    horizon : int, default 24
        Hours ahead: the targets of each task.
    every : int, default 1
        Hours between two windows.
    centered : bool, default False
        Whether values are measured from the mean of their window's past. Errors are the same either way;
        levels of other months, which training has not seen, disturb networks less.

    Returns
    -------
    FetchedDataset
        One tensor column ``past`` of shape (lags, 7), and a regression of `horizon` targets for
        each series, ``HUFL_1`` to ``HUFL_24`` and so on. The first 12 months train, the next 4 validate
        and the last 4 test. A window lies within one part.

    Raises
    ------
    DatasetUnavailableError
        If a file is neither available locally nor reachable.

    Notes
    -----
    Months of 30 days and values standardised by mean and deviation of the training months, as in
    Informer and its successors; there the pasts of the first validation and test windows
    reach back into the part before, here no window does.

    Examples
    --------
    >>> from polytask.datasets import fetch_ett
    >>> fetch_ett().dataset.tasks["OT"].columns[-1]  # doctest: +SKIP
    'OT_24'
    """
    check("fetch_ett", "transformer", transformer, Choice(tuple(_FILES)))
    table = _read(transformer)
    trained = table.filter(pl.col("split") == "train")
    standardized = table.with_columns(
        (pl.col(name) - trained[name].mean()) / trained[name].std(ddof=0) for name in _SERIES
    )
    rows = windows(
        standardized,
        _SERIES,
        lags=lags,
        horizon=horizon,
        every=every,
        part="split",
        centered=centered,
    )
    tasks = [
        Task(name, "regression", [f"{name}_{step + 1}" for step in range(horizon)])
        for name in _SERIES
    ]
    return FetchedDataset(
        MultiTaskDataset.from_table(rows, tasks, features=["past", "split"]),
        ColumnSplit("split"),
        ETT,
    )


def ett_table() -> pl.DataFrame:
    """ETTh1's 20 months: the last 24 values of each series, and ``split``; no row reaches into two parts."""
    table = _read("h1")
    pasts = [
        pl.col(name).shift(lag).alias(f"{name}_{lag}_ago")
        for name in _SERIES
        for lag in range(1, _DAY + 1)
    ]
    within = pl.col("split") == pl.col("split").shift(_DAY)
    return table.select(*pasts, *_SERIES, "split", within=within).filter("within").drop("within")


def _read(transformer: str) -> pl.DataFrame:
    """The first 20 months, with their part of the split."""
    path = dict(zip(_FILES, obtain(ETT.name, ETT.files), strict=True))[transformer]
    parts = np.repeat(list(_PARTS), list(_PARTS.values()))
    return pl.read_csv(path, n_rows=len(parts)).with_columns(split=pl.Series(parts))
