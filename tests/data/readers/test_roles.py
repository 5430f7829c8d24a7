"""What columns are declared to be, by their user or by their frame."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from polytask.data import (
    MultiTaskDataset,
    as_source,
    fit_schemas,
    open_table,
    read,
    schema_from_json,
    schema_to_json,
)
from polytask.exceptions import DataError, ParameterError

CODES = [3700, 3737, 3774, 3811] * 5
LABELS = list("abac") * 5


def encoders(data):
    return {column.name: column.encoder for column in fit_schemas(data)["table"].columns}


def declared(kind):
    """The codes as a column that its frame declares to be a category."""
    return {
        "pandas": lambda: pd.DataFrame({"code": pd.Categorical(CODES), "y": LABELS}),
        "mapping": lambda: {"code": pd.Categorical(CODES), "y": LABELS},
        "ordered": lambda: pd.DataFrame({"code": pd.Categorical(CODES, ordered=True), "y": LABELS}),
        "pyarrow": lambda: pa.table({"code": pa.array(CODES).dictionary_encode(), "y": LABELS}),
        "polars": lambda: pl.DataFrame({"code": CODES, "y": LABELS}).with_columns(
            pl.col("code").cast(pl.String).cast(pl.Categorical)
        ),
        "enum": lambda: pl.DataFrame({"code": CODES, "y": LABELS}).with_columns(
            pl.col("code").cast(pl.String).cast(pl.Enum(["3811", "3700", "3737", "3774"]))
        ),
    }[kind]()


KINDS = ["pandas", "mapping", "ordered", "pyarrow", "polars", "enum"]


@pytest.mark.parametrize("kind", KINDS)
def test_categories_of_a_frame_are_categories_as_inputs(kind):
    assert encoders(read(declared(kind), ["y"])) == {"code": "categorical"}


@pytest.mark.parametrize("kind", KINDS)
def test_categories_of_a_frame_are_classes_as_targets(kind):
    data = read(declared(kind), ["code"])
    assert data.tasks["code"].kind.name == "multiclass"
    (target,) = fit_schemas(data)["table"].targets.values()
    assert sorted(map(int, target.classes)) == sorted(set(CODES))
    if kind in {"pandas", "mapping", "ordered", "pyarrow"}:
        assert target.classes == (3700, 3737, 3774, 3811)


def test_two_categories_are_a_binary_target():
    table = pd.DataFrame({"x": [1.5, 2.5] * 3, "y": pd.Categorical([7, 9] * 3)})
    assert read(table, ["y"]).tasks["y"].kind.name == "binary"


def test_categories_beside_arrays_and_tables_of_their_own():
    code = pd.Series(CODES, dtype="category", name="code")
    data = MultiTaskDataset.from_arrays(pd.DataFrame({"code": code}), pd.Series(LABELS, name="y"))
    assert encoders(data) == {"code": "categorical"}
    data = MultiTaskDataset.from_arrays(np.eye(20), code)
    assert data.tasks["code"].kind.name == "multiclass"
    data = MultiTaskDataset.from_arrays(np.eye(20), code, task_index=[0, 1] * 10)
    assert {task.kind.name for task in data.tasks} == {"multiclass"}
    data = MultiTaskDataset.from_per_task({"t": (pd.DataFrame({"x": CODES}), code)})
    assert data.tasks["t"].kind.name == "multiclass"
    data = MultiTaskDataset.from_per_task({"t": (pd.DataFrame({"code": code}), LABELS)})
    assert {column.encoder for s in fit_schemas(data).values() for column in s.columns} == {
        "categorical"
    }


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1.5, 2.5, 1.5, 3.5], ("1.5", "2.5", "3.5")),
        ([1.0, 2.0, 1.0, 3.0], (1, 2, 3)),
        (["01", "02", "10", "02"], ("01", "02", "10")),
        ([2**53, 2**53 + 1, 2**53 + 2, 2**53], (2**53, 2**53 + 1, 2**53 + 2)),
        (pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01", "2020-01-01"]), None),
    ],
)
def test_declared_targets_keep_their_labels(values, labels):
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": values})
    for data in (
        read(table, ["y"], columns={"y": "categorical"}),
        read(table.astype({"y": "category"}), ["y"]),
    ):
        assert data.tasks["y"].kind.name == "multiclass"
        found = fit_schemas(data)["table"].targets["y"].classes
        assert found == labels or labels is None


def test_a_declared_number_is_a_regression_target():
    table = {"x": [1.0, 2.0, 3.0, 4.0], "y": [0, 1, 0, 1]}
    assert read(table, ["y"]).tasks["y"].kind.name == "binary"
    assert read(table, ["y"], columns={"y": "numeric"}).tasks["y"].kind.name == "regression"


# ── labels as they stood ──────────────────────────────────────────────────────
def test_labels_of_a_file_come_back_as_they_stood(tmp_path):
    path = tmp_path / "t.csv"
    rows = [(0.5, "01", 2**53 + 1, "123456789012345678901")] * 9
    rows += [(1.5, "10", 2**53, "123456789012345678902"), (2.5, "02", 2**53 + 2, "3")] * 9
    lines = ["x,y,big,long", *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines))
    for kind in ("multiclass", None):
        data = read(path, [f"y:{kind}" if kind else "y"], drop=["big", "long"])
        assert fit_schemas(data)["table"].targets["y"].classes == ("01", "02", "10")
    data = read(path, ["big:multiclass", "long"])
    targets = fit_schemas(data)["table"].targets
    assert targets["big"].classes == (2**53, 2**53 + 1, 2**53 + 2)
    assert targets["long"].classes == ("123456789012345678901", "123456789012345678902", "3")
    assert any("y: whole numbers, some with leading zeros" in note for note in data.notes)
    assert any("long: whole numbers too long for 64 bits" in note for note in data.notes)


def test_leading_zeros_of_a_regression_target(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{n},{n:03}\n" for n in range(30)))
    data = read(path, ["y:regression"])
    assert data.sources[0].labels.columns("y")["y"].tolist() == [float(n) for n in range(30)]


def test_nullable_whole_numbers_stay_whole():
    table = pd.DataFrame(
        {"x": [1.0, 2.0, 3.0, 4.0], "y": pd.array([2**53 + 1, None, 2**53, 5], dtype="Int64")}
    )
    data = read(table, ["y:multiclass"])
    assert fit_schemas(data)["table"].targets["y"].classes == (5, 2**53, 2**53 + 1)


BIG = 2**60 + 1
"""A float stands for this number and its neighbours alike."""


@pytest.mark.parametrize("kind", ["input", "target", "declared"])
@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2**64 + 1, 2**64 + 3], dtype=object),
        [2**70 + 1, 2**70 + 2],
        [2**130 + 1, 2**130 + 2],
        [BIG, 3.0],
        [Decimal(BIG), Decimal(BIG + 1)],
        [Decimal("5.00"), Decimal(BIG)],
        pl.Series([Decimal(BIG), Decimal(BIG + 1)]),
        pl.Series([Decimal(BIG), Decimal(BIG + 1)], dtype=pl.Decimal(38, 2)),
        pa.array([Decimal(BIG), Decimal(BIG + 1)]),
    ],
    ids=["64", "128", "more", "floats", "decimals", "cents", "polars", "scaled", "pyarrow"],
)
def test_no_whole_number_is_changed_by_a_float(values, kind):
    expected = {str(value).split(".")[0] for value in values}
    table = {"x": [0.5, 1.5], "q": values}
    if kind == "input":
        data = read(table, ["x:regression"], columns={"q": "categorical"})
        found = fit_schemas(data)["table"].columns[0].vocabulary
    else:
        how = {"columns": {"q": "categorical"}} if kind == "declared" else {}
        data = read(table, ["q" if how else "q:multiclass"], **how)
        found = fit_schemas(data)["table"].targets["q"].classes
    assert set(map(str, found)) == expected


def test_whole_numbers_of_a_file_of_decimals(tmp_path):
    values = pl.Series([Decimal(BIG), Decimal(BIG + 1)], dtype=pl.Decimal(38, 2))
    pl.DataFrame({"x": [0.5, 1.5], "q": values}).write_parquet(tmp_path / "t.parquet")
    data = read(tmp_path / "t.parquet", ["q:multiclass"])
    (schema,) = fit_schemas(data).values()
    assert schema.targets["q"].classes == (BIG, BIG + 1)


def test_large_numbers_of_new_rows_find_their_categories():
    table = {"q": [Decimal(BIG), Decimal(BIG + 1)], "y": [0.5, 1.5]}
    data = read(table, ["y:regression"], columns={"q": "categorical"})
    schema = fit_schemas(data)["table"]
    for new in (table["q"], [str(BIG), str(BIG + 1)], pl.Series(table["q"])):
        source = as_source({"q": new}, schema, data.tasks)
        assert schema.encode(source)["categorical"][:, 0].tolist() == [1, 2]


def test_large_floats_are_categories():
    table = {"q": [1e20, 2e20], "y": [0.5, 1.5]}
    data = read(table, ["y:regression"], columns={"q": "categorical"})
    assert fit_schemas(data)["table"].columns[0].vocabulary == ("1e+20", "2e+20")


# ── declared by the user ──────────────────────────────────────────────────────
def test_a_columns_own_name_wins_over_patterns_and_later_patterns_over_earlier_ones():
    table = {"x*": [1, 2], "x1": [1, 2], "x2": [1, 2], "z": [1, 2], "y": [0, 1]}
    columns = {"x2": "drop", "x*": "categorical", "x?": "numeric", "z,y": "numeric"}
    assert open_table(table, columns=columns).reading.roles == {
        "x*": "categorical",
        "x1": "numeric",
        "x2": "drop",
        "z": "numeric",
        "y": "numeric",
    }


@pytest.mark.parametrize(
    ("columns", "error", "sentence"),
    [
        ({"agee": "numeric"}, DataError, r"The declared column 'agee' is not .* 'age'\?"),
        ({"age": "categoric"}, ParameterError, r"'age' cannot be .* Did you mean 'categorical'"),
        ({"age": "numeric=%Y"}, ParameterError, r"'age' cannot be declared"),
        ({"word": "numeric"}, DataError, r"'word' was declared numeric, but holds 'a' in row 0"),
        ({"age": "date"}, DataError, r"'age' was declared to hold dates, but '31' in row 0"),
        ({"pair": "categorical"}, DataError, r"'pair' was declared to be categorical, but holds"),
        ({"pair": "numeric"}, DataError, r"'pair' was declared to be numeric, but holds"),
        ({"flag": "date"}, DataError, r"'flag' was declared to be a date, but holds"),
        ("age", ParameterError, r"The `columns` parameter of the data set must be a mapping"),
    ],
)
@pytest.mark.usefixtures("unchecked_types")
def test_roles_that_cannot_be(columns, error, sentence):
    table = {
        "age": [31, 44],
        "word": ["a", "b"],
        "pair": np.eye(2),
        "flag": [True, False],
        "y": [0, 1],
    }
    with pytest.raises(error, match=sentence):
        read(table, ["y"], columns=columns)


def test_dropped_columns_are_no_inputs():
    table = {"x": [1, 2], "x1": [1, 2], "y": [0, 1]}
    assert read(table, ["y"], columns={"x1": "drop"}).sources[0].inputs.columns == ["x"]


def test_numbers_of_every_kind_of_column():
    table = pd.DataFrame(
        {
            "text": ["007", "1,234.5", "?"],
            "kind": pd.Categorical(["1", "2", "1"]),
            "flag": [True, False, True],
            "when": [dt.date(2020, 1, 1)] * 3,
            "y": [0, 1, 0],
        }
    )
    names = ["text", "kind", "flag", "when"]
    data = read(table, ["y"], columns=dict.fromkeys(names, "numeric"))
    assert encoders(data) == dict.fromkeys(names, "numeric")
    assert data.sources[0].inputs["text"].to_list() == [7.0, 1234.5, None]
    assert data.sources[0].inputs["flag"].to_list() == [1, 0, 1]


def test_a_file_is_read_by_its_roles(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,c,y\n1.0,1/2/2020,007,0\n1,13/2/2020,8,1\n2.50,1/3/2020,9,0\n")
    data = read(path, ["y"], columns={"a": "categorical", "b": "categorical", "c": "numeric"})
    inputs = data.sources[0].inputs
    assert inputs["a"].to_list() == ["1.0", "1", "2.50"]
    assert inputs["b"].to_list() == ["1/2/2020", "13/2/2020", "1/3/2020"]
    assert inputs["c"].to_list() == [7, 8, 9]


@pytest.mark.parametrize(
    ("values", "new", "codes"),
    [
        ([1, 2, 10], [10, 1, 3], [2, 1, 0]),
        ([1, 2, 10], [10.0, 1.0, 3.5], [2, 1, 0]),
        ([1, 2, 10], ["10", "1.0", "new"], [2, 1, 0]),
        ([1.5, 2.0, 10.0], [10, 1.5, 2], [2, 1, 3]),
        ([True, False, True], [True, False, True], [2, 1, 2]),
    ],
)
def test_new_rows_find_their_categories(values, new, codes):
    table = {"c": values, "y": [0, 1, 0]}
    data = read(table, ["y"], columns={"c": "categorical"})
    schema = schema_from_json(schema_to_json(fit_schemas(data)["table"]))
    source = as_source({"c": new}, schema, data.tasks)
    assert schema.encode(source)["categorical"][:, 0].tolist() == codes


def test_roles_change_what_a_data_set_is():
    table = {"c": [1, 2, 10], "y": [0, 1, 0]}
    plain = read(table, ["y"])
    assert read(table, ["y"], columns={"c": "categorical"}).digest() != plain.digest()
    assert read(table, ["y"], columns={"c": "numeric"}).digest() == plain.digest()


@pytest.mark.parametrize("of", ["file", "frame"])
@pytest.mark.parametrize("cells", [["True", "False"], ["yes", "NO"], ["yes", "no", "?"]])
def test_truth_as_numbers(tmp_path, of, cells):
    table = {"x": range(30), "q": (cells * 15)[:30], "y": [0.5, 1.5] * 15}
    data = pl.DataFrame(table)
    if of == "file":
        data.write_csv(tmp_path / "t.csv")
        data = tmp_path / "t.csv"
    data = read(data, "y:regression", columns={"q": "numeric"})
    assert data.sources[0].inputs["q"].to_list()[:3] == [1, 0, None if "?" in cells else 1]
    (schema,) = fit_schemas(data).values()
    pl.DataFrame({"x": [1, 2], "q": cells[:2]}).write_csv(tmp_path / "new.csv")
    for new in ({"x": [1, 2], "q": cells[:2]}, tmp_path / "new.csv"):
        assert as_source(new, schema, data.tasks).inputs["q"].to_list() == [1, 0]


@pytest.mark.parametrize(
    ("cells", "remedy"),
    [
        (["red", "green", "blue"], "plain numbers, or do not declare the column"),
        (["1.5", "2.5", "3.5", "old"], "Add --missing 'q=old' if it means missing"),
        (["1.5", "2.5", "3.5", "(4.5)"], "Write it as a plain number, or add --missing 'q=\\(4.5"),
        (["1", "2", "3", "4", "a", "b'"], "Add --missing 'q=a' --missing 'q=b'\"'\"'' if they"),
        (["1 kg", "2 kg"], "Write the numbers alone"),
    ],
)
def test_what_is_not_numeric(cells, remedy):
    with pytest.raises(DataError, match=rf"'q' was declared numeric, but holds .* {remedy}"):
        open_table({"q": cells}, columns={"q": "numeric"})


# ── columns and missing in every constructor ──────────────────────────────────
HOW = {"columns": {"c": "categorical", "gone": "drop"}, "missing": [-9, "t=?"]}
CELLS = {
    "c": [1, 2, 10, 2],
    "gone": [0, 1, 2, 3],
    "n": [0.5, -9, 2.5, 3.5],
    "t": ["a", "?", "b", "a"],
}


def built(labels, **how):
    """The same table through all constructors but `from_long`."""
    frame = pd.DataFrame(CELLS)
    index = [0, 1, 0, 1]
    yield MultiTaskDataset.from_table(frame.assign(y=labels), "y:regression", **how)
    yield MultiTaskDataset.from_arrays(frame, pd.Series(labels, name="y"), ["y"], **how)
    yield MultiTaskDataset.from_arrays(frame, labels, task_index=index, **how)
    yield MultiTaskDataset.from_per_task({"y": (frame, labels)}, kinds="regression", **how)


def test_columns_and_missing_say_the_same_in_all_constructors():
    for data in built([0.5, 1.5, -9.0, 2.5], **HOW):
        (source,) = data.sources
        assert source.inputs.columns == ["c", "n", "t"]
        assert source.inputs["n"].to_list() == [0.5, None, 2.5, 3.5]
        assert source.inputs["t"].to_list() == ["a", None, "b", "a"]
        assert source.reading.roles["c"] == "categorical"
        assert sum(len(source.labelled().rows(name)) for name in data.tasks.names) == 3


def test_tables_of_tasks_may_differ_in_the_columns_that_are_declared():
    tables = {
        "a": ({"c": [1, 2, 10], "when": ["1/2/2020", "3/2/2020", "4/2/2020"]}, [0.5, 1.5, 2.5]),
        "b": ({"x": [1.0, "?", 3.0]}, [0.5, 1.5, 2.5]),
    }
    how = {"columns": {"c": "categorical", "when": "date=%d/%m/%Y"}, "missing": "x=?"}
    first, second = MultiTaskDataset.from_per_task(tables, **how).sources
    assert first.reading.roles == {"c": "categorical", "when": "date"}
    assert first.inputs["when"].dt.month().to_list() == [2, 2, 2]
    assert second.inputs["x"].to_list() == [1.0, None, 3.0]
    with pytest.raises(DataError, match="'d' is not a column"):
        MultiTaskDataset.from_per_task(tables, columns={"d": "drop"})


@pytest.mark.parametrize("how", [{"columns": {"c": "categorical"}}, {"missing": "?"}])
def test_what_comes_too_late_is_refused(how):
    table = open_table(CELLS | {"y": [0, 1, 0, 1]})
    with pytest.raises(ParameterError, match=r"opened before.*Give it to open_table"):
        read(table, "y", **how)
