"""Dates beside cells that are none, dates that stand for missing ones, and text that may be dates."""

import datetime as dt

import pytest

from polytask.data import open_table, read
from polytask.exceptions import DataError

DAYS = [dt.date(2020, 1, 1) + dt.timedelta(days=day) for day in range(55)]
CELLS = [day.isoformat() for day in DAYS]
MONTHS = [dt.date(2015 + month // 12, month % 12 + 1, 1) for month in range(60)]


def notes(cells, **how):
    table = {"q": cells, "y": [row % 2 for row in range(len(cells))]}
    return [note for note in read(table, "y", **how).notes if "q: " in note]


# ── cells that are no dates ───────────────────────────────────────────────────
@pytest.mark.parametrize("columns", [{}, {"q": "date"}, {"q": "date=%Y-%m-%d"}])
@pytest.mark.parametrize("strange", [["soon"] * 2, ["soon", "tbd"] * 2, ["?"], ["unknown"]])
def test_words_that_mean_missing(strange, columns):
    table = open_table({"q": CELLS + strange}, columns=columns)
    assert table.frame["q"].to_list() == DAYS + [None] * len(strange)
    assert table.reading.missing == {"q": tuple(dict.fromkeys(strange))}
    sentence = (
        f"({len(strange)} cell{'s' * (len(strange) > 1)}), read as missing; --column q:categorical"
    )
    assert table.notes[0].startswith(f"q: dates but for {strange[0]!r}")
    assert sentence in table.notes[0]


@pytest.mark.parametrize(
    "strange", [["soon"], ["2020-02-30"] * 2, ["soon", "later"], ["2020-02-30", "soon"]]
)
def test_other_cells_are_named_with_a_remedy(strange):
    distinct = list(dict.fromkeys(strange))
    (note,) = notes(CELLS + strange)
    assert note.startswith(f"q: dates but for {strange[0]!r}")
    assert "so that all are taken for categories" in note
    assert " ".join(f"--missing 'q={cell}'" for cell in distinct) in note
    found = open_table({"q": CELLS + strange}, missing=[f"q={cell}" for cell in distinct])
    assert found.frame["q"].to_list() == DAYS + [None] * len(strange)


@pytest.mark.parametrize("role", ["date", "date=%Y-%m-%d"])
@pytest.mark.parametrize("strange", ["soon", "2020-02-30"])
def test_the_cell_that_is_no_date_is_accused(role, strange):
    sentence = (
        f"'{strange}' in row 55 is no date of the form %Y-%m-%d. Write --missing 'q={strange}'"
    )
    with pytest.raises(DataError, match=sentence):
        open_table({"q": [*CELLS, strange]}, columns={"q": role})


def test_a_declared_column_may_be_empty(tmp_path):
    (tmp_path / "t.csv").write_text("q,x\n,1\n,2\n")
    found = open_table(tmp_path / "t.csv", columns={"q": "date"}).frame["q"]
    assert found.null_count() == 2


# ── dates far away ────────────────────────────────────────────────────────────
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d %H:%M"])
@pytest.mark.parametrize(
    "day", [dt.date(9999, 12, 31), dt.date(1900, 1, 1), dt.date(1970, 1, 1), dt.date(2031, 5, 17)]
)
def test_dates_that_repeat_far_away_in_text(form, day):
    cells = [moment.strftime(form) for moment in [*DAYS, *[day] * 5]]
    marker = day.strftime(form)
    (note,) = [note for note in notes(cells) if "repeats far" in note]
    assert f"'{marker}' repeats far from all other values (5 cells)" in note
    assert f"--missing 'q={marker}' if it means missing" in note
    found = open_table({"q": cells}, missing=f"q={marker}").frame["q"]
    assert found.null_count() == 5


@pytest.mark.parametrize(
    ("values", "marker"),
    [
        ([*DAYS, *[dt.date(9999, 12, 31)] * 5], "9999-12-31"),
        (
            [dt.datetime.combine(day, dt.time(7)) for day in DAYS]
            + [dt.datetime(1900, 1, 1, 5)] * 5,  # noqa: DTZ001
            "'1900-01-01 05:00:00'",
        ),
    ],
)
def test_dates_that_repeat_far_away(values, marker):
    (note,) = [note for note in notes(values) if "repeats far" in note]
    assert f"--missing {marker} if it means missing" in note
    assert open_table({"q": values}, missing=marker.strip("'")).frame["q"].null_count() == 5


def test_a_usual_date_need_not_be_so_far():
    births = [dt.date(1930 + row, 5, 1 + row % 20) for row in range(60)]
    assert any("repeats far" in note for note in notes(births + [dt.date(1900, 1, 1)] * 5))
    assert not any("repeats far" in note for note in notes(births + [dt.date(1925, 1, 1)] * 5))
    assert not any("repeats far" in note for note in notes(births))


@pytest.mark.parametrize(("day", "noted"), [((9999, 12, 31), True), ((2031, 5, 17), False)])
def test_the_day_of_most_rows_is_noted_only_if_it_is_usual_for_missing_ones(day, noted):
    found = notes([*DAYS[:40], *[dt.date(*day)] * 60])
    assert any("repeats far" in note for note in found) == noted


# ── text that may be dates ────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("form", "named"),
    [
        ("%m/%y", "%m/%y"),
        ("%m-%Y", "%m-%Y"),
        ("%m.%Y", "%m.%Y"),
        ("%b-%y", "%B-%y"),
        ("%b %y", "%B %y"),
        ("%y-%b", "%y-%B"),
        ("%d%b%y", "%d %B %y"),
        ("%d-%m-%y", "%d-%m-%y"),
    ],
)
def test_text_that_may_be_dates(form, named):
    cells = [month.strftime(form) for month in MONTHS]
    assert open_table({"q": cells}).frame["q"].to_list() == cells
    (note,) = notes(cells)
    assert f"text such as {cells[0]!r}, which may be dates; --column 'q:date={named}'" in note
    for role in (f"date={named}", "date"):
        assert open_table({"q": cells}, columns={"q": role}).frame["q"].to_list() == MONTHS


@pytest.mark.parametrize(
    "cells",
    [
        [f"{row}/{20 + row}" for row in range(1, 60)],
        [f"City {row}" for row in range(60)],
        [f"A-{row}" for row in range(60)],
        ["01/20", "02/20"] * 30,
    ],
)
def test_other_text_is_none(cells):
    assert not any("dates" in note for note in notes(cells))
