"""Details that whole tables pass by: the first offender, the last unit, exact sizes."""

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from polytask.data import ColumnSplit, MultiTaskDataset, TimeSplit
from polytask.data.cells._cell_types import booleans_read
from polytask.data.cells._date_text import dates_read
from polytask.data.cells._text_dates import date_readings, declared_dates
from polytask.data.cells._text_numbers import all_numbers
from polytask.data.readers._layout import _is_plain, _short, find_layout
from polytask.data.readers._plain_arrays import as_array
from polytask.data.readers._series import array_series
from polytask.data.readers._text_options import text_options
from polytask.data.sources._leaks import _apart, _sample
from polytask.data.splits._fold_split import check_folds
from polytask.exceptions import DataError, ParameterError
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


@pytest.mark.parametrize("dtype", [">f8", ">i4", ">c8", ">M8[s]", ">m8[s]"])
def test_numbers_and_times_get_the_byte_order_of_the_machine(dtype):
    array = np.arange(3).astype(dtype)
    assert as_array(array).dtype.isnative
    np.testing.assert_array_equal(as_array(array), array)


@pytest.mark.parametrize(
    ("cells", "kept"),
    [(["−01", "02"], "leading zeros"), (["−1.5", "2"], None), (["−3", "2"], None)],
)
def test_numbers_with_a_typographers_minus(cells, kept):
    reading = all_numbers(pl.Series("x", cells), ".")
    if kept:
        assert reading.read is None
        assert kept in reading.note
    else:
        read = pl.DataFrame({"x": cells}).select(reading.read(pl.col("x"))).to_series().to_list()
        assert read == [float(cell.replace("−", "-")) for cell in cells]


def test_the_first_cell_that_is_no_moment_is_named():
    data = table(when=["3", "4", "noon", "5", "night"])
    with pytest.raises(DataError, match="Got 'noon' in row 2"):
        TimeSplit("when").splits(data, 0)


@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_how_far_two_labels_are_apart(n):
    values = np.random.default_rng(n).integers(0, 4, n).astype(np.float64)
    pairs = [(one, other) for i, one in enumerate(values) for other in values[:i]]
    assert _apart(values, ranked=True) == pytest.approx(
        sum(abs(a - b) for a, b in pairs) / max(len(pairs), 1)
    )
    assert _apart(values, ranked=False) == pytest.approx(
        sum(a != b for a, b in pairs) / max(len(pairs), 1)
    )


@pytest.mark.parametrize(
    ("lines", "plain"),
    [
        (["a,b\n", "1,2\n"], True),
        (['"a",b\n', '"1, 2",2\n'], True),
        (["a,b"], False),
        ([], False),
        (['a,"b\n', '1",2\n'], False),
        (['a, "b"\n', "1,2\n"], False),
        (["a,b\n", '"1" ,2\n'], False),
        (["a,b\n", '1, "2"\n'], False),
    ],
)
def test_files_that_polars_reads_as_they_stand(lines, plain):
    rows = [["a", "b"], ["1", "2"]]
    assert _is_plain(lines, rows, ",", 2) == plain
    assert _is_plain(lines, [*rows, ["1"], []], ",", 2) == plain
    assert not _is_plain(lines, rows, " ", 2)
    assert not _is_plain(lines, rows, ",", 3)
    assert not _is_plain(lines, [*rows, ["1", "2", "3"]], ",", 2)


def test_rows_that_end_early_are_counted():
    head = ["a", "b", "c"]
    assert _short([head, ["1", "2", "3"], []], 3) == []
    assert _short([head, ["1", "2"], ["1", "2", "3"]], 3)[0].startswith("one line has fewer")
    assert _short([head, ["1"], ["1", "2"]], 3)[0].startswith("2 of the first lines have fewer")


def test_the_summary_of_a_source():
    frame = {"x": [1.0, 2.0, 3.0], "c": ["a", "b", "b"], "g": ["u", "v", "u"], "w": [1.0, 2.0, 0.5],
             "y": [1.0, None, 4.0], "z": ["no", "yes", "no"]}  # fmt: skip
    tasks = [Task("y", "regression"), Task("z", "binary")]
    data = MultiTaskDataset.from_table(frame, tasks, weight="w", group="g")
    summary = data.summary()
    (source,) = summary["sources"]
    assert (source["weighted"], source["groups"], source["own_rows"]) == (True, 2, False)
    assert (source["rows"], source["columns"]) == (3, {"numbers": 1, "text": 1})
    (bare,) = table(x=[1.0, 2.0]).summary()["sources"]
    assert (bare["weighted"], bare["groups"]) == (False, None)
    y, z = summary["tasks"]
    assert (y["labelled"], y["missing"], y["mean"], y["std"]) == (
        2,
        pytest.approx(1 / 3),
        [2.5],
        [1.5],
    )
    assert (z["classes"], z["counts"], z["missing"]) == (["no", "yes"], [2, 1], 0)


def test_true_and_false_in_any_case():
    cells = ["true", "FALSE", "True", "false", "yes", None]
    read = pl.DataFrame({"b": cells}).select(booleans_read(pl.col("b"))).to_series()
    assert read.to_list() == [True, False, True, False, None, None]


@pytest.mark.parametrize("cells", [["20200131", "20210228"], ["1-2-10", "3-11-12"]])
def test_numbers_and_part_numbers_are_dates_only_where_declared(cells):
    series = pl.Series("n", cells)
    assert date_readings([series]) == {}
    assert declared_dates(series, None).read is not None


def test_a_remark_before_the_table_is_shown_up_to_forty_letters(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(f"# {'ab' * 40}\nx,y\n1,2\n3,4\n", encoding="utf-8")
    (note,) = find_layout(path, text_options()).notes
    assert note.endswith(f"left out: '# {'ab' * 19}'")


def test_folds_leave_rows_to_train_on():
    check_folds("FoldSplit", 5, 1, 0.79)
    with pytest.raises(ParameterError, match=r"must be less than 0\.8 with folds=5\. Got 0\.8 "):
        check_folds("FoldSplit", 5, 1, 0.8)
