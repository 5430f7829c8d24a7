"""Whatever a column holds, it is taken, or refused in a sentence that names it and the remedy."""

import datetime as dt
import io
import uuid
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import torch
from scipy.io import arff

from polytask.data import MultiTaskDataset, fit_schemas, read, to_polars
from polytask.exceptions import DataError, ParameterError

LABELS = [0, 1, 0, 1]
DAY, LATER = dt.date(2020, 1, 1), dt.datetime(2020, 1, 2, 3)  # noqa: DTZ001 - tables rarely have zones
SPARSE = pd.arrays.SparseArray


def frames(cells):
    """The same column in a mapping and in a frame of pandas."""
    yield {"x": [1.0, 2.0, 3.0, 4.0], "c": cells, "y": LABELS}
    if not isinstance(cells, torch.Tensor) and getattr(cells, "ndim", 1) == 1:
        yield pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "c": pd.Series(cells), "y": LABELS})


TAKEN = [
    (["a", float("nan"), "b", None], ["a", None, "b", None]),
    (["a", pd.NA, "b", pd.NaT], ["a", None, "b", None]),
    ([Decimal("1.5"), 2, 3.5, None], [1.5, 2.0, 3.5, None]),
    ([Fraction(1, 4), 1, np.float32(0.5), np.int8(3)], [0.25, 1.0, 0.5, 3.0]),
    ([1, 2.5, None, 4], [1.0, 2.5, None, 4.0]),
    ([10**25, 1, 2, 3], [10**25, 1, 2, 3]),
    ([True, None, np.bool_(False), True], [True, None, False, True]),
    ([b"a", b"b", None, b"a"], ["a", "b", None, "a"]),
    (np.array([b"a", b"b", b"a", b"a"]), ["a", "b", "a", "a"]),
    (
        [DAY, LATER, None, DAY],
        [dt.datetime(2020, 1, 1), LATER, None, dt.datetime(2020, 1, 1)],  # noqa: DTZ001
    ),
    ([pd.Timestamp("2020-01-02 03:00"), pd.NaT, None, LATER], [LATER, None, None, LATER]),
    (
        [dt.timedelta(1), np.timedelta64(2, "D"), None, pd.NaT],
        [dt.timedelta(1), dt.timedelta(2)] + 2 * [None],
    ),
    ([[1, 2], [3, 4], None, (5, 6)], [[1.0, 2.0], [3.0, 4.0], None, [5.0, 6.0]]),
    (
        [np.ones(2), torch.zeros(2), [1, 2], [3, 4]],
        [[1.0, 1.0], [0.0, 0.0], [1.0, 2.0], [3.0, 4.0]],
    ),
    ([[1], [2], None, [3]], [1.0, 2.0, None, 3.0]),
    (SPARSE([0, 0, 1, 2]), [0, 0, 1, 2]),
    (SPARSE([np.nan, 0.0, 1.0, np.nan]), [None, 0.0, 1.0, None]),
    (SPARSE([True, False, True, False]), [True, False, True, False]),
    (pd.cut([1, 2, 3, 4], [0, 2, 4]), ["(0, 2]", "(0, 2]", "(2, 4]", "(2, 4]"]),
    (
        pd.qcut([1, 2, 3, 4], 2).astype(object),
        ["(0.999, 2.5]", "(0.999, 2.5]", "(2.5, 4.0]", "(2.5, 4.0]"],
    ),
    (pd.arrays.IntervalArray.from_breaks(range(5)), ["(0, 1]", "(1, 2]", "(2, 3]", "(3, 4]"]),
    (pd.Categorical([1, "a", None, "a"]), ["1", "a", None, "a"]),
    (
        pd.period_range("2020-01", periods=4, freq="M"),
        [dt.datetime(2020, month, 1) for month in (1, 2, 3, 4)],  # noqa: DTZ001
    ),
    (pd.array([1, None, 3, 4], dtype="Int64"), [1, None, 3, 4]),
    (pd.array([True, None, False, True], dtype="boolean"), [True, None, False, True]),
    (pd.array(["a", None, "b", "a"], dtype="string"), ["a", None, "b", "a"]),
    (pd.array([1.5, None, 2.5, 3.5], dtype="Float64"), [1.5, None, 2.5, 3.5]),
    (pd.array([1, None, 2, 3], dtype="int64[pyarrow]"), [1, None, 2, 3]),
    (np.ma.array([1.0, 2.0, 3.0, 4.0], mask=[0, 1, 0, 0]), [1.0, None, 3.0, 4.0]),
    (np.arange(4).astype(">f8"), [0.0, 1.0, 2.0, 3.0]),
    (np.arange(4).astype(np.longdouble), [0.0, 1.0, 2.0, 3.0]),
    (np.array(["2020-01", "NaT", "2020-02", "2020-03"], dtype="datetime64[M]"), None),
    (np.array([1, 2, 3, 4], dtype="timedelta64[h]"), [dt.timedelta(hours=h) for h in (1, 2, 3, 4)]),
    (torch.arange(4.0, requires_grad=True), [0.0, 1.0, 2.0, 3.0]),
    (torch.arange(4.0).bfloat16(), [0.0, 1.0, 2.0, 3.0]),
    (scipy.sparse.csr_array(np.array([[0.0], [1.0], [0.0], [2.0]])), [0.0, 1.0, 0.0, 2.0]),
    (np.matrix([[1.0], [2.0], [3.0], [4.0]]), [1.0, 2.0, 3.0, 4.0]),
    (pd.Series([1, 2, 3, 4], index=[0, 0, 0, 0]), [1, 2, 3, 4]),
]


@pytest.mark.parametrize(("cells", "values"), TAKEN)
def test_taken(cells, values):
    if isinstance(cells, np.matrix):  # which pandas refuses itself
        tables = [{"x": [1.0, 2.0, 3.0, 4.0], "c": cells, "y": LABELS}]
    else:
        tables = [] if scipy.sparse.issparse(cells) else list(frames(cells))
        tables = tables or [{"x": [1.0, 2.0, 3.0, 4.0], "c": cells, "y": LABELS}]
    for table in tables:
        data = read(table, ["y"])
        column = data.sources[0].inputs["c"]
        assert values is None or column.to_list() == values
        encoded = fit_schemas(data)["table"].encode(data.sources[0])
        assert all(np.isfinite(part).all() for part in encoded.values())


REFUSED = [
    (
        [8028, "08028", 8030, "n/a"],
        "mixes values of several types: numbers (8028 in row 0) and text",
    ),
    (
        [1, "a", float("nan"), 2],
        "mixes values of several types: numbers (1 in row 0) and text ('a' in",
    ),
    ([True, 1, 0, False], "true and false (True in row 0) and numbers (1 in row 1)"),
    (["a", dt.date(2020, 1, 1), "b", "c"], "text ('a' in row 0) and dates"),
    (
        [1 + 2j, 1j, 2j, 3j],
        "holds complex numbers ((1+2j) in row 0). Give their real and imaginary",
    ),
    (np.ones(4) * 1j, "holds complex numbers (1j in row 0)"),
    ([np.ones((2, 2)), np.ones((2, 3)), None, None], "((2, 2) in row 0, (2, 3) in row 1)"),
    ([{"a": 1}] * 4, "holds mappings ({'a': 1} in row 0). Make each of their keys a column"),
    ([{1}, {2}, {1, 2}, set()], "holds sets ({1} in row 0). Make a column of 0 and 1"),
    ([uuid.UUID(int=7)] * 4, "holds values of the type UUID"),
    ([b"\xff", b"a", b"b", b"c"], "holds bytes that are not UTF-8 text"),
    ([float("inf"), 1, 2, 3], "holds an infinite value (inf, first in row 0)"),
    ([Decimal("Infinity"), 1, 2, 3], "holds an infinite value"),
    ([10**400, 1, 2, 3], "holds whole numbers beyond the largest float"),
    ([LATER, LATER.replace(tzinfo=dt.UTC), None, None], "with and without a time zone"),
    (pd.Categorical([1, "1", "a", "a"]), "mixes values of several types"),
]


@pytest.mark.parametrize(("cells", "sentence"), REFUSED)
def test_refused(cells, sentence):
    for table in frames(cells):
        with pytest.raises(DataError) as caught:
            read(table, ["y"])
        assert "'c'" in str(caught.value)
        assert sentence in str(caught.value)
        assert "drop" in str(caught.value) or "Replace" in str(caught.value)
        assert read(table, ["y"], drop="c").sources[0].inputs.columns == ["x"]
        assert read(table, ["y"], features=["x"]).n_rows == 4


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        *[(cells, sentence) for cells, sentence in REFUSED if "infinite" not in sentence],
        ([[1, 2], [3, 4], [5, 6], [7, 8]], "Make each number of the arrays a column of its own"),
        ([[1, 2], [3], [4, 5], None], "holds lists of different lengths (2 in row 0, 1 in row 1)"),
        ([["a", "b"]] * 4, "Make a column of 0 and 1 for each value that occurs in them"),
        (np.ones((4, 3)), "Make each number of the arrays a column of its own"),
        (pd.period_range("2020-01", periods=4, freq="M"), "give the time since a fixed moment"),
        (pd.to_timedelta(range(4), unit="h"), "give the time since a fixed moment"),
    ],
)
def test_refused_as_a_target(cells, sentence):
    with pytest.raises(DataError) as caught:
        read({"x": [1.0, 2.0, 3.0, 4.0], "c": cells}, ["c"])
    assert "Task 'c'" in str(caught.value)
    assert sentence in str(caught.value)


def test_bins_are_classes():
    data = read({"x": [1.0, 2.0, 3.0, 4.0], "c": pd.cut([1, 2, 3, 4], [0, 2, 4])}, ["c"])
    assert fit_schemas(data)["table"].targets["c"].classes == ("(0, 2]", "(2, 4]")


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (pl.DataFrame({"c": [{"a": 1}, {"a": 2}]}), "holds mappings of a"),
        (pl.DataFrame({"c": [b"\xff", b"a"]}), "holds bytes that are not UTF-8 text"),
    ],
)
def test_refused_in_frames_of_polars(cells, sentence):
    with pytest.raises(DataError) as caught:
        read(cells.with_columns(x=pl.Series([1.0, 2.0]), y=pl.Series([0, 1])), ["y"])
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pl.Series([[1, 2], [3, 4]]), pl.Array(pl.Int64, 2)),
        (pl.Series([[[1, 2]], [[3, 4]]]), pl.Array(pl.Int64, (1, 2))),
        (pl.Series([b"a", b"b"]), pl.String),
        (np.ones((2, 3), dtype=bool), pl.Array(pl.UInt8, 3)),
        (pa.chunked_array([[1, 2]]), pl.Int64),
    ],
)
def test_lists_and_bytes_of_frames(column, dtype):
    assert to_polars({"c": column})["c"].dtype == dtype


def test_a_changed_column_is_described_in_prediction():
    data = read({"x": [1.0, 2.0, 3.0, 4.0], "y": LABELS}, ["y"])
    column = fit_schemas(data)["table"].columns[0]
    table = pl.DataFrame({"x": pl.Series([1, "a"], dtype=pl.Object)})
    with pytest.raises(DataError, match=r"held numbers .* mixes values of several types: numbers"):
        column.series(table)


# ── whole tables ──────────────────────────────────────────────────────────────────────────────────
ARFF = """@relation weather
@attribute degrees numeric
@attribute sky {clear,grey}
@attribute play {yes,no}
@data
20,clear,yes
?,grey,no
18,?,yes
17,grey,?
21,clear,no
"""


def test_bytes_of_an_arff_file():
    rows, _ = arff.loadarff(io.StringIO(ARFF))
    for table in (rows, rows.view(np.recarray), pd.DataFrame(rows)):
        data = read(table, ["play"])
        assert data.sources[0].inputs["sky"].to_list() == ["clear", "grey", None, "grey", "clear"]
        assert data.sources[0].inputs["degrees"].to_list() == [20.0, None, 18.0, 17.0, 21.0]
        assert list(data.sources[0].labelled().rows("play")) == [0, 1, 2, 4]
        assert data.notes[0] == "sky, play: cells b'?' are missing, as ARFF files write them"


def test_rows_as_mappings():
    data = read([{"x": 1, "y": 0}, {"y": 1, "x": 2.5}, {"y": 0}], ["y"])
    assert data.sources[0].inputs["x"].to_list() == [1.0, 2.5, None]


def test_hierarchical_names_are_joined():
    frame = pd.DataFrame({("size", "x"): [1.0, 2.0], ("size", "z"): [3.0, 4.0], ("y", ""): [0, 1]})
    assert read(frame, ["y"]).sources[0].inputs.columns == ["size_x", "size_z"]


@pytest.mark.parametrize("table", [[[1, 2], [3, 4]], pd.Series([1, 2]), 3])
def test_no_table(table):
    with pytest.raises(
        ParameterError, match=r"`frame` parameter of to_polars must be a polars, pan"
    ):
        read(table, ["y"])


@pytest.mark.parametrize("column", [pd.DataFrame({"a": [1, 2]}), {1, 2}, {"a": 1, "b": 2}, 1.0])
def test_no_column(column):
    with pytest.raises(DataError, match=r"Column 'x' must be a sequence of values, one per row"):
        read({"x": column, "y": [0, 1]}, ["y"])


# ── arrays ────────────────────────────────────────────────────────────────────────────────────────
X = np.arange(12.0).reshape(6, 2)
Y = np.array([[0, 0.5], [1, 1.5], [0, np.nan], [1, 3.5], [0, 4.5], [1, 5.5]])


@pytest.mark.parametrize(
    "inputs",
    [
        X,
        X.tolist(),
        scipy.sparse.csr_matrix(X),
        scipy.sparse.coo_array(X),
        torch.tensor(X, requires_grad=True),
        torch.tensor(X).to_sparse(),
        pd.DataFrame(X, columns=["x0", "x1"]),
        {"x0": X[:, 0], "x1": X[:, 1]},
        np.rec.fromarrays([X[:, 0], X[:, 1]], names=["x0", "x1"]),
    ],
)
@pytest.mark.parametrize(
    "targets",
    [
        {"sold": Y[:, 0], "price": Y[:, 1]},
        {"sold": Y[:, :1], "price": torch.tensor(Y[:, 1])},
        pd.DataFrame({"sold": Y[:, 0], "price": Y[:, 1]}),
        pl.DataFrame({"sold": Y[:, 0], "price": Y[:, 1]}),
        np.rec.fromarrays([Y[:, 0], Y[:, 1]], names=["sold", "price"]),
    ],
)
def test_inputs_and_targets_of_any_library(inputs, targets):
    data = MultiTaskDataset.from_arrays(inputs, targets)
    wanted = MultiTaskDataset.from_arrays(X, Y, ["sold", "price"])
    assert data.tasks == wanted.tasks
    assert data.digest() == wanted.digest()


def test_masked_arrays():
    data = MultiTaskDataset.from_arrays(np.ma.array(X, mask=X > 10), np.ma.array(Y, mask=Y > 5))
    assert data.sources[0].inputs["x1"].to_list() == [1.0, 3.0, 5.0, 7.0, 9.0, None]
    assert list(data.sources[0].labelled().rows("y1")) == [0, 1, 3, 4]


def test_some_of_many_targets():
    table = {"sold": Y[:, 0], "price": Y[:, 1]}
    assert MultiTaskDataset.from_arrays(X, table, ["price"]).tasks.names == ("price",)
    with pytest.raises(DataError, match=r"'prize' is not a column .* Did you mean 'price'"):
        MultiTaskDataset.from_arrays(X, table, ["sold", "prize"])


def test_a_series_is_called_by_its_name():
    for series in (pd.Series(Y[:, 0], name="sold"), pl.Series("sold", Y[:, 0])):
        assert MultiTaskDataset.from_arrays(X, series).tasks.names == ("sold",)
    assert MultiTaskDataset.from_arrays(X, pd.Series(Y[:, 0])).tasks.names == ("y0",)


def test_sparse_targets_hold_zeros():
    labels = scipy.sparse.csr_matrix(np.array([[0, 1], [1, 0], [0, 0], [1, 1], [0, 0], [1, 0]]))
    data = MultiTaskDataset.from_arrays(X, labels)
    assert data.notes[0].startswith("targets: what the sparse Y leaves out (7 cells) counts as 0")
    assert data.summary()["tasks"][1]["counts"] == [4, 2]
    labels.data[0] = 0
    with pytest.raises(DataError, match=r"stores zeros and leaves out 7 cells"):
        MultiTaskDataset.from_arrays(X, labels)


@pytest.mark.parametrize(
    ("inputs", "targets", "sentence"),
    [
        (X, 3, r"Y must have one value for each row and target"),
        (X, None, r"Y must have one value for each row and target"),
        (X, np.ones((6, 2, 2)), r"Got the shape \(6, 2, 2\)"),
        (X, [Y[:, 0], Y[:, 1]], r"X and Y must have one length\. Got 6 and 2 rows"),
        (X, {"x0": Y[:, 0]}, r"X and Y both have a column 'x0'"),
        ([[1, 2], [3]], [0, 1], r"The rows of an array must have one length"),
        (scipy.sparse.csr_matrix((10**5, 10**5)), Y, r"takes 75 GiB with its zeros"),
        (torch.ones(6, 2, device="meta"), Y, r"A tensor on the device 'meta' has no values"),
    ],
)
def test_arrays_of_another_shape(inputs, targets, sentence):
    with pytest.raises((DataError, ParameterError), match=sentence):
        MultiTaskDataset.from_arrays(inputs, targets)


def test_tables_of_tasks_of_any_library():
    data = MultiTaskDataset.from_per_task(
        {"a": (X, {"sold": Y[:, 0]}), "b": (scipy.sparse.csr_matrix(X), torch.tensor(Y[:, 0]))}
    )
    assert data.tasks.names == ("a", "b")
    with pytest.raises(DataError, match=r"Task 'a': y must have one value for each row\. Got 2"):
        MultiTaskDataset.from_per_task({"a": (X, Y)})
