"""Windows of time series lie within one part and hold the values that stand there."""

from contextlib import nullcontext
from datetime import UTC, datetime, time, timedelta

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
    horizon=st.integers(0, 3),
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
    empty = {*part} - {part[start] for start in wanted}
    with (
        pytest.warns(UserWarning, match=f"in 1 part of 'part': '{empty.pop()}'")
        if empty
        else nullcontext()
    ):
        rows = windows(
            table, ["hour", "twice"], lags=lags, horizon=horizon, every=every, part="part"
        )
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


def test_without_a_horizon_the_last_window_ends_with_the_table():
    rows = windows({"x": [1.0, 2.0, 3.0, 4.0]}, "x", lags=2, horizon=0)
    assert rows.columns == ["past"]
    assert rows["past"].to_list()[-1] == [[3.0], [4.0]]


def test_rows_without_a_part_are_in_no_window():
    table = {"x": [1.0, 2, 3, 4, 5, 6], "part": [None, None, None, "a", "a", "a"]}
    rows = windows(table, ["x"], lags=1, part="part")
    assert rows["x_1"].to_list() == [5.0, 6.0]


# ── a column of times ─────────────────────────────────────────────────────────
def hours(*numbers):
    return [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in numbers]


def steps_of(rows, name="x"):
    """Past and next value of each window."""
    past = rows["past"].to_numpy()[:, :, 0].tolist()
    return [[*before, after] for before, after in zip(past, rows[f"{name}_1"], strict=True)]


@pytest.mark.parametrize(
    "times",
    [
        hours(3, 0, 2, 1),
        [3, 0, 2, 1],
        [3.5, 0.5, 2.5, 1.5],
        [f"2024-01-0{day} 12:00" for day in (4, 1, 3, 2)],
        [f"{day}.01.2024" for day in (14, 11, 13, 12)],
        [timedelta(days=day) for day in (3, 0, 2, 1)],
        [time(hour) for hour in (3, 0, 2, 1)],
    ],
)
def test_rows_are_sorted_by_the_time_that_is_named(times):
    rows = windows({"x": [3.0, 0, 2, 1], "t": times}, "x", lags=2, time="t", keep="t")
    assert steps_of(rows) == [[0, 1, 2], [1, 2, 3]]
    assert rows["t"].to_list() == [times[3], times[2]]


def test_windows_do_not_reach_over_gaps():
    table = {"x": [0.0, 1, 2, 5, 6, 7], "t": hours(0, 1, 2, 5, 6, 7)}
    with pytest.warns(
        UserWarning, match=r"windows reach over 1 gap of column 't', first from .*02:00"
    ):
        assert len(windows(table, "x", lags=2)) == 4
    assert steps_of(windows(table, "x", lags=2, time="t")) == [[0, 1, 2], [5, 6, 7]]
    long = {"time": "t", "longest_step": timedelta(hours=3)}
    assert len(windows(table, "x", lags=2, **long)) == 4
    with pytest.raises(DataError, match=r"without one of 1 step of 't' longer than 1:30:00, and"):
        windows(table, "x", lags=3, time="t")


def test_series_of_several_places_may_alternate():
    table = {
        "x": [0.0, 10, 1, 11, 2, 12, 3, 99],
        "place": ["a", "b"] * 3 + ["a", None],
        "t": [0, 0, 1, 1, 2, 2, 3, 3],
    }
    rows = windows(table, "x", lags=2, part="place", time="t")
    assert steps_of(rows) == [[0, 1, 2], [1, 2, 3], [10, 11, 12]]
    with pytest.raises(
        DataError, match="alternate from row to row, name the column of times as `time`"
    ):
        windows(table, "x", lags=2, part="place")


def test_parts_that_come_back_are_joined_only_where_no_step_is_missing():
    split = ["train"] * 3 + ["test"] * 3 + ["train"] * 3
    table = {"x": np.arange(9.0), "split": split, "t": np.arange(9)}
    rows = windows(table, "x", lags=2, part="split", time="t")
    assert steps_of(rows) == [[0, 1, 2], [6, 7, 8], [3, 4, 5]]
    assert rows["split"].to_list() == ["train", "train", "test"]


def test_rows_without_a_time_are_in_no_window():
    rows = windows({"x": [0.0, 9, 1, 2], "t": [0, None, 1, 2]}, "x", lags=2, time="t")
    assert steps_of(rows) == [[0, 1, 2]]


def test_parts_without_a_window_are_named():
    table = {"x": np.arange(6.0), "split": ["train"] * 4 + ["test"] * 2}
    with pytest.warns(
        UserWarning, match=r"no window of 2 \+ 1 steps lies in 1 part of 'split': 'test'"
    ):
        windows(table, ["x"], lags=2, part="split")


def test_a_single_column_of_dates_that_rows_share():
    table = {"x": np.arange(4.0), "day": ["2024-01-01"] * 2 + ["2024-01-02"] * 2}
    with pytest.warns(UserWarning, match="rows share a time in column 'day', such as rows 0 and 1"):
        windows(table, "x", lags=2)
    two = table | {"seen": hours(3, 2, 1, 0)}  # which of them is the time is not known
    assert len(windows(two, "x", lags=2)) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"series": ["load"]}, "there is no column 'load'"),
        ({"series": ["name"]}, "the series 'name' must be a column of numbers"),
        ({"series": ["x"], "part": "split"}, "there is no column 'split'"),
        ({"series": ["x"], "lags": 3}, r"No window of 3 \+ 1 steps fits in the 3 rows"),
        ({"table": {"x": [1.0]}}, r"No window of 1 \+ 1 steps fits in the 1 row of the table"),
        ({"series": []}, "`series` names no column"),
        ({"time": "hour"}, "there is no column 'hour'"),
        (
            {"time": "name"},
            "The time column 'name' must hold dates, times or numbers. Got 'a' in row 0",
        ),
        (
            {"table": {"x": [1.0, np.inf]}},
            r"Column 'x' holds an infinite value \(inf, first in row 1\)",
        ),
        (
            {"table": {"x": [1.0, 2, 3, 4], "t": [0, 1, np.inf, np.inf]}, "time": "t"},
            r"Column 't' holds an infinite value \(inf, first in row 2\)",
        ),
        (
            {"table": {"x": [1.0, 2, 3], "t": [0, 1, 1]}, "time": "t"},
            r"rows 1 and 2 have the same time in column 't', 1\. Name the column that tells series apart",
        ),
        (
            {"table": {"x": [1.0, 2], "t": [1, 1], "p": ["a"] * 2}, "time": "t", "part": "p"},
            r"rows 0 and 1 have the same time in column 't', 1 and 'a' in column 'p'\. Leave out one",
        ),
        (
            {"table": {"x": [1.0, 2, 3], "t": hours(0, 2, 1)}},
            r"'t' falls from 2024-01-01 02:00:00.* in row 1 to 2024-01-01 01:00:00.* in row 2",
        ),
        (
            {"table": {"x": [1.0, 2, 3], "day": ["3.1.2024", "2.1.2024", "1.1.2024"]}},
            r"'day' falls from 2024-01-03 in row 0",
        ),
        ({"table": {"x": [1.0, 2], "past": [1, 2]}, "keep": ["past"]}, "is called 'past', too"),
        ({"table": {"x": [1.0, 2], "x_1": [1, 2]}, "part": "x_1"}, "No window"),
        ({"table": {"x": [1.0, 2], "x_1": [1, 1]}, "part": "x_1"}, "is called 'x_1', too"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, sentence):
    given = {"table": {"x": [1.0, 2, 3], "name": ["a", "b", "c"]}, "series": ["x"], "lags": 1}
    with pytest.raises(DataError, match=sentence):
        windows(**{**given, **arguments})


@pytest.mark.parametrize(
    ("times", "longest", "expected"),
    [
        (hours(0, 1, 2), 1.0, "a timedelta, as `time` is a column of dates. Got 1.0 instead."),
        ([0, 1, 2], timedelta(1), "a number, as `time` is a column of numbers"),
        ([0, 1, 2], -1.0, "a float in"),
    ],
)
def test_the_longest_step_is_in_the_units_of_the_time(times, longest, expected):
    with pytest.raises(
        ParameterError, match="The `longest_step` parameter of windows must be"
    ) as error:
        windows({"x": [1.0, 2, 3], "t": times}, "x", lags=1, time="t", longest_step=longest)
    assert expected in str(error.value)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(("argument", "length"), [("lags", 0), ("horizon", -1), ("every", 0)])
def test_lengths_are_checked(argument, length):
    with pytest.raises(ParameterError, match=f"The `{argument}` parameter of windows"):
        windows({"x": [1.0, 2]}, ["x"], **{"lags": 1, argument: length})
