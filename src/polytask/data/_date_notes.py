"""A doubt about splits that ignore the order of rows in time."""

from __future__ import annotations

import polars as pl

from polytask.data._dataset import MultiTaskDataset

__all__ = ["date_notes"]


def date_notes(dataset: MultiTaskDataset) -> tuple[str, ...]:
    """One sentence where rows carry dates, for splits that draw rows at random."""
    dates = dict.fromkeys(
        series.name
        for source in dataset.sources
        for series in source.inputs.iter_columns()
        if isinstance(series.dtype, pl.Date | pl.Datetime) and series.drop_nulls().n_unique() > 1
    )
    if not dates:
        return ()
    names = ", ".join(repr(name) for name in dates)
    sentence = (
        f"rows carry dates ({names}), but the split is random: training rows may lie after test "
        f"rows; --split time:{next(iter(dates))} tests on the latest rows"
    )
    return (sentence,)
