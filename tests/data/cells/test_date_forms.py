"""Forms of dates: months, quarters and weeks, and forms that the user names."""

import datetime as dt

import polars as pl
import pytest

from polytask.data import as_source, fit_schemas, open_table, read, schema_from_json, schema_to_json
from polytask.data.cells._date_text import dates_read, is_date_form
from polytask.exceptions import DataError

MONTHS = [dt.date(2015 + month // 12, month % 12 + 1, 1) for month in range(60)]
MOMENT = dt.datetime(2020, 3, 14, 15, 5, 6)  # noqa: DTZ001 - as it stands in text


def column(cells, role=None):
    return open_table({"when": cells}, columns={"when": role} if role else {}).frame["when"]


# ── forms that are found ──────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "form",
    [
        *("%b-%Y", "%B-%Y", "%b %Y", "%B %Y", "%b/%Y", "%b, %Y", "%b%Y", "%Y-%b", "%Y %b", "%Y%b"),
        *("%d%b%Y", "%Y%b%d", "%d %B, %Y", "%A, %d %B %Y", "%b. %d, %Y"),
    ],
)
def test_months_by_name(form):
    assert column([month.strftime(form) for month in MONTHS]).to_list() == MONTHS


@pytest.mark.parametrize(
    "cell", ["{0}Q{1}", "{0}-Q{1}", "{0} Q{1}", "{0}/Q{1}", "Q{1} {0}", "Q{1}-{0}", "Q{1}/{0}"]
)
def test_quarters_start_on_their_first_day(cell):
    cells = [cell.format(2020, quarter) for quarter in (1, 2, 3, 4)]
    assert column(cells).to_list() == [dt.date(2020, month, 1) for month in (1, 4, 7, 10)]


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2020-W01", "2020-W53"], [dt.date(2019, 12, 30), dt.date(2020, 12, 28)]),
        (["2020W01", "2020W53"], [dt.date(2019, 12, 30), dt.date(2020, 12, 28)]),
        (["2020-W01-5", "2021-W01-1"], [dt.date(2020, 1, 3), dt.date(2021, 1, 4)]),
    ],
)
def test_weeks_start_on_monday(cells, days):
    assert column(cells).to_list() == days


@pytest.mark.parametrize("form", ["{0} {1}, {2}", "{1} {0} {2}", "{0} {1} {2}"])
def test_ordinal_days(form):
    cells = [form.format("January", day, 2020) for day in ("1st", "2nd", "3rd", "11th")]
    assert column(cells).to_list() == [dt.date(2020, 1, day) for day in (1, 2, 3, 11)]


def test_seconds_since_1970_may_have_fractions(tmp_path):
    seconds = [1578009600.5 + 1000 * row for row in range(5)]
    (tmp_path / "t.csv").write_text("when,x\n" + "".join(f"{value},1\n" for value in seconds))
    for data in (tmp_path / "t.csv", {"when": seconds}):
        found = open_table(data, columns={"when": "date"}).frame["when"]
        assert found[0] == dt.datetime(2020, 1, 3, 0, 0, 0, 500_000)  # noqa: DTZ001


# ── forms that are named ──────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "form",
    [
        *(
            "%Y%m",
            "%b-%Y",
            "%b%y",
            "%d%b%Y",
            "%y%m%d",
            "%m-%Y",
            "%m/%y",
            "%B-%y",
            "%Y%j",
            "%x",
            "%F",
        ),
        *("%D", "%A, %d %B %Y", "%d/%m/%Y", "%U %w %Y", "%G-W%V-%u", "%Y-%m"),
    ],
)
def test_days_in_a_form_that_is_named(form):
    days = [dt.date(2021, month, 1) for month in range(1, 13)]
    assert column([day.strftime(form) for day in days], f"date={form}").to_list() == days


@pytest.mark.parametrize(
    "form",
    [
        *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S,%f", "%c"),
        *("%I:%M:%S %p %d.%m.%Y", "%d%b%Y:%H:%M:%S"),
    ],
)
def test_moments_in_a_form_that_is_named(form):
    assert column([MOMENT.strftime(form)] * 2, f"date={form}").to_list() == [MOMENT] * 2


@pytest.mark.parametrize(
    ("cell", "form", "found"),
    [
        ("2020-W01", "%G-W%V", dt.date(2019, 12, 30)),
        ("2020Q3", "%YQ%q", dt.date(2020, 7, 1)),
        ("3. Quartal 2020", "%q. Quartal %Y", dt.date(2020, 7, 1)),
        ("2020-03-14 15", "%Y-%m-%d %H", dt.datetime(2020, 3, 14, 15)),  # noqa: DTZ001
        ("2020-03-14 15:05:06 UTC", "%Y-%m-%d %H:%M:%S %Z", MOMENT),
        (
            "2020-03-14T17:05:06+0200",
            "%Y-%m-%dT%H:%M:%S%z",
            MOMENT.replace(tzinfo=dt.UTC),
        ),
        ("2020-03-14 15:05:06.25", "%Y-%m-%d %H:%M:%S%.f", MOMENT.replace(microsecond=250_000)),
    ],
)
def test_forms_beyond_python(cell, form, found):
    assert column([cell], f"date={form}").to_list() == [found]


@pytest.mark.parametrize("form", ["%H:%M", "%d %b", "%d %Y", "dd/mm/yyyy", "%Y-%K"])
def test_what_is_no_form_of_dates(form):
    sentence = f"'when' was declared to hold dates, but '{form}' is no form of dates"
    with pytest.raises(DataError, match=sentence):
        column(["10:30", "11:45"], f"date={form}")
    assert not is_date_form(form)


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%H:%M"])
def test_a_wrong_form_is_answered_with_one_that_fits(form):
    sentence = "All cells have another form: write --column 'when:date=%Y-%m-%d'"
    with pytest.raises(DataError, match=sentence):
        column(["2020-01-02", "2020-01-03"], f"date={form}")


@pytest.mark.parametrize(
    ("cell", "form"), [("Jan-2015", "%B %Y"), ("Jan--2015", "%B-%Y"), ("+2015-01-01", "%Y-%m-%d")]
)
def test_no_year_has_a_sign(cell, form):
    found = pl.DataFrame({"cell": [cell]}).select(
        dates_read(pl.col("cell"), form)[1].alias("found")
    )
    assert found["found"].to_list() == [None]


@pytest.mark.parametrize(
    ("then", "role", "now", "wanted"),
    [
        (["Jan-2020", "Feb-2020"], None, ["Mar-2021"], dt.date(2021, 3, 1)),
        (["Jan-20", "Feb-20"], "date=%b-%y", ["Mar-21"], dt.date(2021, 3, 1)),
        (["2020Q1", "2020Q2"], None, ["2021Q3"], dt.date(2021, 7, 1)),
        ([1577959500, 1577959600], "date", [1577836800], dt.date(2020, 1, 1)),
    ],
)
def test_new_rows_are_read_alike(then, role, now, wanted):
    columns = {"when": role} if role else {}
    data = read({"when": then * 10, "y": [0, 1] * 10}, ["y"], columns=columns)
    schema = schema_from_json(schema_to_json(fit_schemas(data)["table"]))
    (moment,) = as_source({"when": now}, schema, data.tasks).inputs["when"]
    assert moment.date() == wanted
