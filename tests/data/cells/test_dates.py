"""Dates in text and of every type: read, said, learned as parts, and read alike later."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from polytask.data import (
    as_source,
    fit_schemas,
    open_table,
    read,
    schema_from_json,
    schema_to_json,
    time_columns,
)
from polytask.data.columns._date_column import DateColumn
from polytask.exceptions import DataError

DAY = dt.date(2020, 1, 2)
MOMENT = dt.datetime(2020, 1, 2, 10, 5)  # noqa: DTZ001 - tables rarely have zones


def column(cells, **how):
    return open_table({"when": cells}, **how).frame["when"]


# ── forms ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "cell",
    [
        *("2020-01-02", "2020/1/2", "2020.01.02", "02.01.2020 ", " 2 Jan 2020", "Jan 2 2020"),
        *("January 2, 2020", "2-Jan-2020", "02-JAN-20", "2. January 2020", "Thu, 02 Jan 2020"),
        *("2/Jan/2020", "2020-Jan-02"),
    ],
)
@pytest.mark.parametrize("of", ["mapping", "file"])
def test_days(tmp_path, of, cell):
    later = cell.replace("2020", "2021").replace("02-JAN-20", "02-JAN-21").replace("Thu", "Sat")
    cells = [cell, later, None]
    if of == "file":
        path = tmp_path / "t.csv"
        pl.DataFrame({"when": cells, "x": [1, 2, 3]}).write_csv(path)
        found = open_table(path).frame["when"]
    else:
        found = column(cells)
    assert found.to_list() == [DAY, dt.date(2021, 1, 2), None]


@pytest.mark.parametrize(
    "cell",
    [
        *("2020-01-02 10:05", "2020-01-02T10:05:00", "2020-01-02 10:05:00.000", "1/2/2020 10:05"),
        *("02.01.2020 10:05:00", "1/2/20 10:05", "1/2/2020 10:05 AM", "Jan 2, 2020 10:05"),
        *("Thu Jan  2 10:05:00 2020", "2020-1-2 10:05 am", "1/2/2020 10:05:00 am"),
    ],
)
def test_moments(cell):
    assert column([cell, cell]).to_list() == [MOMENT, MOMENT]


def test_days_and_moments_in_one_column():
    assert column(["2020-01-02", "2020-01-02 10:05"]).to_list() == [
        dt.datetime(2020, 1, 2),  # noqa: DTZ001
        MOMENT,
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ["2020-01-02T10:05:00Z", "2020-01-02T12:05:00+02:00"],
        ["2020-01-02 10:05:00 UTC", "2020-01-02 10:05:00+0000"],
        ["Thu, 02 Jan 2020 10:05:00 GMT", "Thu, 02 Jan 2020 11:05:00 +0100"],
        ["2/Jan/2020:10:05:00 +0000", "2/Jan/2020:09:05:00 -0100"],
    ],
)
def test_moments_with_zones(cells):
    assert column(cells).to_list() == [MOMENT.replace(tzinfo=dt.UTC)] * 2


@pytest.mark.parametrize(
    "cells", [["2020-01", "2021-12"], ["01/2020", "12/2021"], ["Jan 2020"] * 2]
)
def test_months(cells):
    assert column(cells)[0] == dt.date(2020, 1, 1)


@pytest.mark.parametrize(
    "cells",
    [
        *(["2020-01-31", "2020-02-30"], ["2010-11", "2012-13"], ["3-2-10", "1-0-12"]),
        *(["12/20", "13/21"], ["10:30", "11:45"], ["18.00.00", "19.00.00"], ["1.2.3", "1.2.4"]),
        *(["may 4", "june 5"], ["room 12", "room 13"], ["192.168.0.1", "10.0.0.7"]),
        *(
            ["2020-01-01", "soon", "later", "never"],
            ["555-1234", "555-2345"],
            ["a", "b"],
            ["1 2", "3 4"],
        ),
    ],
)
def test_what_is_no_date(cells):
    assert column(cells).dtype == pl.String


def test_whole_numbers_are_dates_only_where_declared(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "day,year,second,milli,x\n20200102,2020,1577959500,1577959500000,1\n"
        "20201231,2021,1577959501,1577959501000,2\n"
    )
    names = ["day", "year", "second", "milli"]
    plain = open_table(path).frame
    assert set(plain.dtypes) == {pl.Int64}
    for found in (
        open_table(path, columns=dict.fromkeys(names, "date")).frame,
        open_table(plain, columns=dict.fromkeys(names, "date")).frame,
    ):
        assert found["day"][0] == DAY
        assert found["year"][0] == dt.date(2020, 1, 1)
        assert found["second"][0] == found["milli"][0] == MOMENT


def test_missing_dates(tmp_path):
    cells = ["2020-01-02", "?", "0000-00-00", "2020-01-03"]
    assert column(cells).to_list() == [DAY, None, None, dt.date(2020, 1, 3)]
    (note,) = open_table({"when": cells}).notes
    assert note == (
        "when: dates but for '?' and '0000-00-00' (2 cells), read as missing; "
        "--column when:categorical keeps categories"
    )
    assert column(["2020-01-02", "1900-01-01"], missing="1900-01-01").to_list() == [DAY, None]


# ── day or month first ────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("cells", "first", "sentence"),
    [
        (["1/2/2020", "1/13/2020"], dt.date(2020, 1, 2), "month/day/year, since nothing else"),
        (["1/2/2020", "13/2/2020"], dt.date(2020, 2, 1), "day/month/year, since nothing else"),
        (["1/2/2020", "3/4/2020"], dt.date(2020, 1, 2), "month/day/year, as is usual, though day"),
        (["1.2.2020", "3.4.2020"], dt.date(2020, 2, 1), "day.month.year, as is usual, though mon"),
        (["1-2-2020", "3-4-2020"], dt.date(2020, 2, 1), "day-month-year, as is usual, though mon"),
        (
            ["9/1/2020", "10/1/2020", "1/2/2020"],
            dt.date(2020, 1, 9),
            "day/month/year, since the rows are then in order, though month/day/year fits too",
        ),
    ],
)
def test_day_or_month_first(cells, first, sentence):
    table = open_table({"when": cells})
    assert table.frame["when"][0] == first
    assert sentence in table.notes[0]


def test_another_column_may_settle_it():
    table = open_table({"born": ["3/1/1990", "31/1/1991"], "seen": ["5/7/2020", "4/8/2021"]})
    assert table.frame["seen"][0] == dt.date(2020, 7, 5)
    assert any("seen: dates read as day/month/year, as in other columns" in n for n in table.notes)


def test_the_order_can_be_overruled():
    cells = ["1/2/2020", "3/4/2020"]
    table = open_table({"when": cells})
    assert "--column 'when:date=%d/%m/%Y' reads them so" in table.notes[0]
    assert column(cells, columns={"when": "date=%d/%m/%Y"})[0] == dt.date(2020, 2, 1)
    assert column(cells, columns={"when": "categorical"}).to_list() == cells


# ── types ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "cells",
    [
        pd.to_datetime(["2020-01-02", "2020-03-04"]),
        pd.to_datetime(["2020-01-02", "2020-03-04"], utc=True),
        pd.Series(pd.to_datetime(["2020-01-02", None])),
        [dt.date(2020, 1, 2), None],
        [MOMENT, MOMENT],
        np.array(["2020-01-02", "2020-03-04"], dtype="datetime64[D]"),
        pl.Series([MOMENT, None]).dt.replace_time_zone("Europe/Berlin"),
        pa.array([DAY, None]),
        ["2020-01-02", None],
    ],
)
def test_dates_of_every_type_have_an_encoder_of_their_own(cells):
    data = read({"when": cells, "y": [0, 1]}, ["y"])
    assert time_columns(data) == ("when",)
    (fitted,) = fit_schemas(data)["table"].columns
    assert isinstance(fitted, DateColumn)
    assert any(note.startswith("input when: time from 2020-01-0") for note in data.notes)


def test_columns_that_are_no_time():
    table = {
        "clock": [dt.time(10), dt.time(11)],
        "span": [dt.timedelta(1), dt.timedelta(2)],
        "plain": ["2020-01-02", "2020-01-03"],
        "number": [DAY, DAY],
        "y": [0, 1],
    }
    data = read(table, ["y"], columns={"plain": "categorical", "number": "numeric"})
    assert time_columns(data) == ()


# ── encoding ──────────────────────────────────────────────────────────────────
def fitted(values):
    return DateColumn.fit(pl.Series("when", values))


def encoded(encoder, values, dtype=None):
    return encoder.encode(pl.DataFrame([pl.Series("when", values, dtype=dtype)]))[1]


def days(count, step=1):
    return [dt.date(2020, 1, 6) + dt.timedelta(days=step * day) for day in range(count)]


@pytest.mark.parametrize(
    ("values", "parts", "width"),
    [
        (days(10), ("elapsed",), 1),
        (days(20), ("elapsed", "weekday"), 8),
        (days(50, step=7), ("elapsed", "season"), 3),
        (days(400), ("elapsed", "season", "weekday"), 10),
        ([MOMENT, MOMENT + dt.timedelta(hours=1)], ("elapsed", "hour"), 3),
        ([DAY, None], ("elapsed",), 2),
    ],
)
def test_parts_that_training_rows_can_tell(values, parts, width):
    encoder = fitted(values)
    assert encoder.parts == parts
    assert encoder.width == width
    assert encoded(encoder, values).shape == (len(values), width)
    assert encoded(encoder, values).dtype == np.float32


def test_elapsed_time_is_standardised():
    elapsed = encoded(fitted(days(10)), days(10))[:, 0]
    assert elapsed.mean() == pytest.approx(0.0, abs=1e-6)
    assert elapsed.std() == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_array_equal(encoded(fitted([DAY] * 3), [DAY]), [[0.0]])


def test_days_of_the_week():
    values = days(21)
    weekdays = encoded(fitted(values), values)[:, 1:]
    np.testing.assert_array_equal(weekdays.argmax(axis=1), [day.weekday() for day in values])
    np.testing.assert_array_equal(weekdays.sum(axis=1), 1.0)


def test_season_and_hour_go_round():
    encoder = fitted([dt.datetime(2020, 1, 1), dt.datetime(2021, 6, 1, 12)])  # noqa: DTZ001
    assert encoder.parts == ("elapsed", "season", "weekday", "hour")
    turns = [dt.datetime(2019, 12, 31, 23, 59), dt.datetime(2020, 1, 1, 0, 1)]  # noqa: DTZ001
    season, hour = (encoded(encoder, turns)[:, columns] for columns in ([1, 2], [10, 11]))
    np.testing.assert_allclose(season[0], season[1], atol=1e-3)
    np.testing.assert_allclose(hour[0], hour[1], atol=1e-2)


def test_a_missing_date_is_0_and_marked():
    encoder = fitted([*days(20), None])
    np.testing.assert_array_equal(encoded(encoder, [None], pl.Date), [[0.0] * 8 + [1.0]])
    np.testing.assert_array_equal(encoded(fitted(days(20)), [None], pl.Date), [[0.0] * 8])


def test_parts_are_those_of_clocks_in_the_zone_of_fitting():
    berlin = pl.Series("when", [MOMENT, MOMENT + dt.timedelta(hours=1)]).dt.replace_time_zone(
        "Europe/Berlin"
    )
    encoder = DateColumn.fit(berlin)
    expected = encoder.encode(berlin.to_frame())[1]
    utc = berlin.dt.convert_time_zone("UTC")
    np.testing.assert_array_equal(encoder.encode(utc.to_frame())[1], expected)
    naive = berlin.dt.replace_time_zone(None)
    np.testing.assert_array_equal(encoder.encode(naive.to_frame())[1], expected)
    np.testing.assert_array_equal(DateColumn.fit(naive).encode(utc.to_frame())[1].shape, (2, 3))


# ── new rows ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("of", ["mapping", "file", "typed"])
def test_new_rows_are_read_by_the_form_of_fitting(tmp_path, of):
    data = read({"when": ["1/2/2020", "13/2/2020", "14/2/2020"], "y": [0, 1, 0]}, ["y"])
    schema = schema_from_json(schema_to_json(fit_schemas(data)["table"]))
    new = {"when": ["1/2/2020", "3/2/2020 00:00", None], "x": ["a", "b", "c"]}
    if of == "file":
        pl.DataFrame(new).write_csv(tmp_path / "new.csv")
    frames = {
        "file": tmp_path / "new.csv",
        "mapping": new,
        "typed": {"when": [dt.date(2020, 2, 1), dt.date(2020, 2, 3), None]},
    }
    source = as_source(frames[of], schema, data.tasks)
    assert [None if day is None else (day.month, day.day) for day in source.inputs["when"]] == [
        (2, 1),
        (2, 3),
        None,
    ]
    assert schema.encode(source)["numeric"].shape == (3, 1)


def test_a_linear_model_learns_what_a_weekday_does():
    when = days(140)
    y = np.array([10.0 * (day.weekday() == 2) + index / 50 for index, day in enumerate(when)])
    data = read({"when": [day.strftime("%d.%m.%Y") for day in when], "y": y}, ["y"])
    design = fit_schemas(data)["table"].encode(data.sources[0])["numeric"].astype(np.float64)
    residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert np.abs(residuals).max() < 1e-3


@pytest.mark.parametrize(
    ("then", "now", "wanted"),
    [
        (["13/2/2020", "1/2/2020"], ["2/1/21", "3/1/21"], [(1, 2), (1, 3)]),
        (["2/13/2020", "2/1/2020"], ["2.1.2021", "3.1.2021"], [(2, 1), (3, 1)]),
        (["13/2/2020", "1/2/2020"], ["2021-02-01", "2021-03-01"], [(2, 1), (3, 1)]),
        (["2020-02-13", "2020-02-01"], ["13/1/21", "3/1/21"], [(1, 13), (1, 3)]),
        (["13/2/2020", "1/2/2020"], ["1/13/21", "1/3/21"], None),
        (["2020-02-13", "2020-02-01"], ["2/1/21", "3/1/21"], None),
        ([dt.date(2020, 2, 13), dt.date(2020, 2, 1)], ["2/1/2021", "3/1/2021"], None),
    ],
)
def test_new_rows_in_another_form_never_take_day_for_month(then, now, wanted):
    data = read({"when": then * 10, "y": [0, 1] * 10}, ["y"])
    schema = fit_schemas(data)["table"]
    if wanted is None:
        with pytest.raises(DataError, match="'when' held dates when the model was fitted"):
            schema.encode(as_source({"when": now}, schema, data.tasks))
        return
    source = as_source({"when": now}, schema, data.tasks)
    assert [(day.month, day.day) for day in source.inputs["when"]] == wanted
