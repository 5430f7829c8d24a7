"""Windows of time series lie within one part and hold the values that stand there."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytask.data import windows
from polytask.exceptions import DataError, ParameterError


@settings(max_examples=25)
@given(
    runs=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    lags=st.integers(1, 4),
    horizon=st.integers(1, 3),
    every=st.integers(1, 3),
)
def test_windows_never_cross_a_split(runs, lags, horizon, every):
    # Parts come back later: "a", "b", "a" … are runs of their own.
    part = np.repeat(np.resize(["a", "b"], len(runs)), runs)
    run, hour = np.repeat(np.arange(len(runs)), runs), np.arange(sum(runs))
    table = {"part": part, "hour": hour, "twice": 2.0 * hour}
    wanted = [
        start
        for start in range(0, sum(runs) - lags - horizon + 1, every)
        if run[start] == run[start + lags + horizon - 1]
    ]
    if not wanted:
        with pytest.raises(DataError, match="No window"):
            windows(table, ["hour", "twice"], lags=lags, horizon=horizon, every=every, part="part")
        return
    rows = windows(table, ["hour", "twice"], lags=lags, horizon=horizon, every=every, part="part")
    past = rows["past"].to_numpy()
    np.testing.assert_array_equal(past[:, 0, 0], wanted)
    for row in range(len(rows)):
        seen = np.concatenate(
            [past[row, :, 0], [rows[f"hour_{h + 1}"][row] for h in range(horizon)]]
        )
        np.testing.assert_array_equal(seen, wanted[row] + np.arange(lags + horizon))
        assert set(part[seen.astype(int)]) == {rows["part"][row]}
        np.testing.assert_array_equal(past[row, :, 1], 2 * past[row, :, 0])


def test_gaps_are_left_out_and_columns_kept():
    table = pl.DataFrame({"x": [1.0, 2.0, None, 4.0, 5.0, 6.0], "day": list("MTWTFS")})
    rows = windows(table, ["x"], lags=2, keep=["day"])
    assert rows.columns == ["day", "past", "x_1"]
    assert rows.row(0, named=True) | {"past": None} == {"day": "F", "past": None, "x_1": 6.0}
    assert rows["past"].to_list() == [[[4.0], [5.0]]]


def test_rows_without_a_part_are_in_no_window():
    table = {"x": [1.0, 2, 3, 4, 5, 6], "part": [None, None, None, "a", "a", "a"]}
    rows = windows(table, ["x"], lags=1, part="part")
    assert rows["x_1"].to_list() == [5.0, 6.0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"series": ["load"]}, "there is no column 'load'"),
        ({"series": ["name"]}, "the series 'name' must be a column of numbers"),
        ({"series": ["x"], "part": "split"}, "there is no column 'split'"),
        ({"series": ["x"], "lags": 3}, r"No window of 3 \+ 1 steps fits in the 3 rows"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, sentence):
    with pytest.raises(DataError, match=sentence):
        windows({"x": [1.0, 2, 3], "name": ["a", "b", "c"]}, **{"lags": 1, **arguments})


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("argument", ["lags", "horizon", "every"])
def test_lengths_are_checked(argument):
    with pytest.raises(ParameterError, match=f"The `{argument}` parameter of windows"):
        windows({"x": [1.0, 2]}, ["x"], **{"lags": 1, argument: 0})
