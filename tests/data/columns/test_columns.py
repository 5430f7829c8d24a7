"""Encoders of input columns: learned on training rows, plain data, honest about changes."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytask.data.columns._boolean_column import BooleanColumn
from polytask.data.columns._categorical_column import CategoricalColumn
from polytask.data.columns._fit_columns import fit_columns
from polytask.data.columns._numeric_column import NumericColumn
from polytask.data.columns._tensor_column import TensorColumn
from polytask.exceptions import DataError

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)


def encoded(column, values, dtype=None):
    return column.encode(pl.DataFrame([pl.Series(column.name, values, dtype=dtype)]))[1]


def fitted(values, dtype=None, **roles):
    (column,) = fit_columns(pl.DataFrame([pl.Series("c", values, dtype=dtype)]), roles)
    return column


# ── numbers ───────────────────────────────────────────────────────────────────
@given(st.lists(numbers, min_size=2, max_size=50))
def test_numbers_have_mean_0_and_deviation_1_on_training_rows(values):
    column = fitted(values, pl.Float64)
    array = encoded(column, values, pl.Float64).astype(np.float64)
    assert array.shape == (len(values), 1)
    if len(set(values)) == 1:
        np.testing.assert_array_equal(array, 0.0)
    elif np.ptp(values) > 1e-3:  # float32 cannot say more
        assert abs(array.mean()) < 1e-3
        assert array.std() == pytest.approx(1.0, rel=1e-3)


@given(st.lists(numbers, min_size=1, max_size=50))
def test_numbers_can_be_read_back(values):
    column = fitted(values, pl.Float64)
    back = encoded(column, values, pl.Float64)[:, 0] * column.scale + column.center
    np.testing.assert_allclose(back, values, atol=1e-6 * max(map(abs, values)) + 1e-6)


@pytest.mark.parametrize("value", [0.1, -3e-5, 1e300, 0.0])
def test_a_constant_becomes_0(value):
    column = fitted([value] * 7)
    np.testing.assert_array_equal(encoded(column, [value] * 7), 0.0)
    assert column.scale == 1.0


def test_a_missing_number_is_the_mean_and_is_marked_if_some_were_missing_in_training():
    column = fitted([1.0, None, 3.0])
    assert column.width == 2
    np.testing.assert_array_equal(encoded(column, [None, 3.0]), [[0, 1], [1, 0]])
    unmarked = fitted([1.0, 3.0])
    assert unmarked.width == 1
    np.testing.assert_array_equal(encoded(unmarked, [None, 3.0]), [[0], [1]])


def test_huge_numbers_stay_finite():
    assert np.isfinite(encoded(fitted([0.0, 1e-3]), [1e300])).all()
    assert np.isfinite(encoded(fitted([-1e300, 1e300]), [1e300])).all()


def test_whole_numbers_and_fractions_are_one_type():
    np.testing.assert_array_equal(encoded(fitted([1, 3]), [1.0, 3.0]), [[-1], [1]])


def test_decimals_are_numbers():
    assert isinstance(fitted(["1.5", "2.5"], pl.String), CategoricalColumn)
    assert isinstance(
        fit_columns(pl.DataFrame({"c": ["1.5"]}).cast(pl.Decimal(8, 2)))[0], NumericColumn
    )


@pytest.mark.parametrize(
    ("values", "days"),
    [
        ([dt.time(0), dt.time(12)], 0.25),
        ([dt.timedelta(days=1), dt.timedelta(days=5)], 2.0),
    ],
)
def test_times_and_durations_are_counted_in_days(values, days):
    column = fitted(values)
    assert column.dates
    assert column.scale == pytest.approx(days)
    np.testing.assert_allclose(encoded(column, values), [[-1], [1]], rtol=1e-6)


def test_an_infinite_input_is_named():
    with pytest.raises(
        DataError, match=r"Column 'c' holds an infinite value \(inf, first in row 1\)"
    ):
        fitted([1.0, np.inf])
    with pytest.raises(DataError, match=r"'c' holds an infinite value \(-inf, first in row 2\)"):
        encoded(fitted([1.0, 2.0]), [0.0, None, -np.inf])


# ── booleans ──────────────────────────────────────────────────────────────────
def test_booleans_are_0_and_1():
    column = fitted([True, False, True, None])
    assert isinstance(column, BooleanColumn)
    np.testing.assert_allclose(encoded(column, [False, True, None]), [[0, 0], [1, 0], [2 / 3, 1]])


# ── text ──────────────────────────────────────────────────────────────────────
texts = st.lists(st.text(max_size=3) | st.none(), min_size=1, max_size=30)


@given(texts, texts)
def test_codes_can_be_read_back(training, later):
    if all(value is None for value in training):
        return
    column = fitted(training, pl.String)
    cells = [None, *column.vocabulary, *([None] if column.missing else [])]
    codes = encoded(column, later, pl.String)
    assert codes.dtype == np.int32
    assert codes.shape == (len(later), 1)
    assert ((codes >= 0) & (codes < column.cardinalities)).all()
    for value, code in zip(later, codes[:, 0], strict=True):
        if code > 0:
            assert cells[code] == value
        else:
            assert value not in set(training)


def test_unseen_categories_are_unknown():
    column = fitted(["b", "a", "b"])
    assert column.vocabulary == ("a", "b")
    np.testing.assert_array_equal(encoded(column, ["a", "new", "b", None])[:, 0], [1, 0, 2, 0])


def test_missing_text_has_a_code_if_some_was_missing_in_training():
    column = fitted(["b", None])
    assert column.cardinalities == (3,)
    np.testing.assert_array_equal(encoded(column, [None, "b", "x"])[:, 0], [2, 1, 0])


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["b", "a"])])
def test_categorical_types_are_text(dtype):
    column = fitted(["b", "a"], dtype)
    np.testing.assert_array_equal(encoded(column, ["a", "b"])[:, 0], [1, 2])


def test_of_very_many_categories_the_frequent_ones_are_kept():
    often = ["often"] * 3 + ["twice"] * 2
    column = fitted([*often, *(f"{number:05}" for number in range(12_000))], c="categorical")
    assert len(column.vocabulary) == 10_000
    assert {"often", "twice", "00000"} <= set(column.vocabulary)
    assert "11999" not in column.vocabulary


# ── tensors ───────────────────────────────────────────────────────────────────
def test_tensors_share_one_mean_and_deviation():
    images = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    column = fitted(images)
    assert isinstance(column, TensorColumn)
    assert (column.part, column.shape) == ("tensor:c", (2, 4))
    array = encoded(column, images)
    np.testing.assert_allclose(array, (images - images.mean()) / images.std(), rtol=1e-5)
    assert array.dtype == np.float32


def test_missing_cells_and_rows_of_tensors_are_the_mean():
    cells = [[1.0, 3.0], None, [np.nan, 3.0], [None, 1.0]]
    column = fitted(cells, pl.Array(pl.Float64, 2))
    array = encoded(column, cells, pl.Array(pl.Float64, 2))
    np.testing.assert_allclose(array, [[-1, 1], [0, 0], [0, 1], [0, -1]])


def test_whole_numbers_make_tensors():
    images = np.array([[0, 255], [255, 0]], dtype=np.uint8)
    np.testing.assert_allclose(encoded(fitted(images), images), [[-1, 1], [1, -1]])


def test_a_constant_tensor_becomes_0():
    images = np.full((3, 2), -0.1)
    np.testing.assert_array_equal(encoded(fitted(images), images), 0.0)


def test_tensors_of_nothing_but_missing_cells_change_no_later_cell():
    column = fitted([[np.nan, np.nan], None], pl.Array(pl.Float64, 2))
    assert isinstance(column, TensorColumn)
    np.testing.assert_array_equal(encoded(column, np.array([[1.5, -2.0]])), [[1.5, -2.0]])


def test_bad_tensors_are_named():
    column = fitted(np.eye(2))
    with pytest.raises(DataError, match=r"tensors of shape \(2,\) when .* of shape \(3,\) now"):
        encoded(column, np.eye(3))
    with pytest.raises(DataError, match=r"'c' holds an infinite value \(first in row 2\)"):
        encoded(column, [None, [1.0, 2.0], [1.0, np.inf]], pl.Array(pl.Float64, 2))


# ── all ───────────────────────────────────────────────────────────────────────
BY_FAMILY = {
    "numbers": [1, 2],
    "booleans": [True, False],
    "text": ["x", "y"],
    "dates": [dt.date(2020, 1, 1), dt.date(2021, 1, 1)],
    "tensors": np.eye(2),
}


@pytest.mark.parametrize("then", BY_FAMILY)
@pytest.mark.parametrize("now", BY_FAMILY)
def test_a_column_that_changed_type_is_named(then, now):
    column = fitted(BY_FAMILY[then])
    if then == now:
        encoded(column, BY_FAMILY[now])
        return
    expected = f"Column 'c' held {then} when the model was fitted, and holds {now} now"
    with pytest.raises(DataError, match=expected):
        encoded(column, BY_FAMILY[now])


@pytest.mark.parametrize("then", BY_FAMILY)
@pytest.mark.parametrize("dtype", [pl.Null, pl.String, pl.Float64])
def test_a_column_that_is_all_missing_is_fine(then, dtype):
    column = fitted(BY_FAMILY[then])
    assert len(encoded(column, [None, None], dtype)) == 2


@pytest.mark.parametrize("then", BY_FAMILY)
def test_no_rows_are_fine(then):
    frame = pl.DataFrame([pl.Series("c", BY_FAMILY[then])])
    (column,) = fit_columns(frame)
    part, array = column.encode(frame.clear())
    assert part == column.part
    assert len(array) == 0


def test_an_absent_column_is_named_with_the_nearest():
    column = fitted([1, 2])
    with pytest.raises(DataError, match=r"no column 'c', which was an input .* Did you mean 'C'\?"):
        column.encode(pl.DataFrame({"C": [1]}))


def test_columns_without_a_value_are_left_out():
    frame = pl.DataFrame(
        {"a": [None, None], "b": [1, 2], "c": pl.Series([None, None], dtype=pl.String)}
    )
    assert [column.name for column in fit_columns(frame)] == ["b"]
    with pytest.raises(DataError, match=r"No input column holds a value in the training rows"):
        fit_columns(frame.select("a", "c"))


def test_other_types_are_refused():
    with pytest.raises(
        DataError, match=r"Column 'c' has the type Binary, which cannot be an input. Drop it"
    ):
        fitted([b"a", b"b"])


@pytest.mark.parametrize("values", [[2.5] * 4, [2.5, None, 2.5, 2.5]])
def test_a_constant_stays_0_whatever_comes_since_no_weight_was_learned_for_it(values):
    array = encoded(fitted(values), [3.0, 1e6, -1e300, None])
    np.testing.assert_array_equal(array[:, 0], 0.0)


@pytest.mark.parametrize("value", [True, False])
def test_a_constant_boolean_stays_as_it_was(value):
    np.testing.assert_array_equal(encoded(fitted([value] * 3), [not value, value, None]), value)


def test_a_constant_date_stays_0_whatever_comes():
    day = dt.date(2020, 1, 3)
    column = fitted([day] * 107)
    assert column.constant
    np.testing.assert_array_equal(encoded(column, [day, dt.date(2024, 5, 6), None]), 0.0)


@pytest.mark.parametrize("values", [[1.7e308] * 2 + [-1.7e308] * 18, [0.0, 5e-324] * 10])
def test_numbers_at_the_ends_of_the_range_are_standardised(values):
    array = encoded(fitted(values), values)[:, 0]
    low, high = np.unique(array)
    assert high - low >= 1.0
    assert np.abs(array).max() <= 10.0


def test_tensors_at_the_ends_of_the_range_are_standardised():
    values = np.array([[1.7e308, 1e308], [-1.7e308, 1e307]])
    np.testing.assert_allclose(encoded(fitted(values), values).std(), 1.0, rtol=1e-6)
    assert np.isfinite(encoded(fitted(np.eye(2)), np.full((1, 2), 1e300))).all()
