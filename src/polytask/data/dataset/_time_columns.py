from __future__ import annotations

import polars as pl

from polytask.data.dataset._dataset import MultiTaskDataset

__all__ = ["time_columns"]


def time_columns(dataset: MultiTaskDataset) -> tuple[str, ...]:
    """Names of input columns that hold dates, with or without a time of day.

    Their parsed values are columns of `source.inputs`. Columns that were declared to have another
    role are left out.

    Parameters
    ----------
    dataset : MultiTaskDataset

    Examples
    --------
    >>> import polytask
    >>> from polytask.data import time_columns
    >>> table = {"when": ["1/31/2020", "2/1/2020"], "x": [1.5, 2.5], "y": [0, 1]}
    >>> data = polytask.read(table, ["y"])
    >>> time_columns(data), data.sources[0].inputs["when"].to_list()[1]
    (('when',), datetime.date(2020, 2, 1))
    """
    names = [
        series.name
        for source in dataset.sources
        for series in source.inputs.iter_columns()
        if isinstance(series.dtype, pl.Date | pl.Datetime)
        and source.reading.roles.get(series.name, "date") == "date"
    ]
    return tuple(dict.fromkeys(names))
