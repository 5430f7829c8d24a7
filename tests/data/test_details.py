"""Details that whole tables pass by: the first offender, the last unit, exact sizes."""

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from polytask.data import ColumnSplit, MultiTaskDataset, TimeSplit
from polytask.data._date_text import dates_read
from polytask.data._leaks import _sample
from polytask.data._series import array_series
from polytask.data._text_numbers import all_numbers
from polytask.exceptions import DataError
from polytask.tasks import Task


def table(**columns):
    n = len(next(iter(columns.values())))
    frame = pl.DataFrame({**columns, "y": np.arange(float(n))})
    return MultiTaskDataset.from_table(frame, [Task("y", "regression")])


@pytest.mark.parametrize(("form", "text"), [("%s", "1700000000"), ("%s%3f", "1700000000000")])
def test_seconds_and_milliseconds_since_1970(form, text):
    read = pl.DataFrame({"t": [text, "7"]}).select(dates_read(pl.col("t"), form)[1])
    assert read.to_series().to_list() == [datetime(2023, 11, 14, 22, 13, 20), None]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("n_rows", "n_pairs", "size"),
    [(200, 1, 200), (20_000, 1, 10_000), (20_000, 10**5, 1000), (20_000, 10**9, 300), (9, 0, 9)],
)
def test_the_sample_for_leaks_is_large_or_quick(n_rows, n_pairs, size):
    rows = _sample(n_rows, n_pairs)
    assert len(set(rows.tolist())) == len(rows) == size


def test_the_first_unknown_part_is_named():
    data = table(part=["train", "tset", "validation", "vali"])
    with pytest.raises(DataError, match="Got 'tset' in row 1"):
        ColumnSplit("part").splits(data, 0)


def test_masked_cells_of_several_axes_are_missing():
    array = np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]])
    series = array_series("x", array)
    np.testing.assert_array_equal(series.to_numpy(), [[1, np.nan], [3, 4]])
    flat = array_series("x", np.ma.array([1, 2], mask=[False, True]))
    assert flat.to_list() == [1, None]


@pytest.mark.parametrize(
    ("cells", "kept"),
    [(["−01", "02"], "leading zeros"), (["−1.5", "2"], None), (["−3", "2"], None)],
)
def test_numbers_with_a_typographers_minus(cells, kept):
    verdict = all_numbers(pl.Series("x", cells), ".")
    if kept:
        assert verdict.read is None
        assert kept in verdict.note
    else:
        read = pl.DataFrame({"x": cells}).select(verdict.read(pl.col("x"))).to_series().to_list()
        assert read == [float(cell.replace("−", "-")) for cell in cells]


def test_the_first_cell_that_is_no_moment_is_named():
    data = table(when=["3", "4", "noon", "5", "night"])
    with pytest.raises(DataError, match="Got 'noon' in row 2"):
        TimeSplit("when").splits(data, 0)
