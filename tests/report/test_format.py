import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.report._format import compact, decimals, duration, interval, number, percent, plural


@given(st.floats(-1e9, 1e9), st.integers(0, 6), st.booleans())
def test_written_numbers_read_back(value, digits, signed):
    text = number(value, digits, signed=signed)

    assert float(text.replace("−", "-").replace(",", "")) == pytest.approx(
        value, abs=0.51 * 10**-digits
    )
    assert "-" not in text


@pytest.mark.parametrize("value", [0.0, -0.0, -0.004, 0.004])
def test_zero_has_no_sign(value):
    assert number(value, 2, signed=True) == "0.00"


@given(st.floats(1e-5, 1e5), st.floats(-1e3, 1e3))
def test_interval_shows_two_digits_of_its_width(width, low):
    digits = decimals([low], [(low, low + width)])

    assert 0 <= digits <= 6
    if 0 < digits < 6:
        assert 9 <= round(width * 10**digits, 6) <= 101


def test_places_without_intervals():
    assert decimals([0.9441]) == 4
    assert decimals([15234.2]) == 0
    assert decimals([None]) == decimals([0.0]) == decimals([]) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.123, "0.12 s"),
        (9.5, "9.5 s"),
        (59.4, "59 s"),
        (59.7, "1 min 00 s"),
        (60, "1 min 00 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_words_for_numbers():
    assert compact(420_000) == "420\xa0k"
    assert compact(1_310_000) == "1.31\xa0M"
    assert compact(999_999) == "1\xa0M"
    assert compact(900) == "900"
    assert percent(0.0123, 2, signed=True) == "+1.23\xa0%"
    assert interval([-1.0, 2.0], 1) == "[−1.0, 2.0]"
    assert interval(None, 1) == ""
    assert plural(1, "row") == "1 row"
    assert plural(1200, "row") == "1,200 rows"
