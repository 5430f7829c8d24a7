"""Cells that mean “missing”: said by the user, or found in columns of numbers."""

import datetime as dt

import pandas as pd
import polars as pl
import pytest

from polytask.data import as_source, fit_schemas, open_table, read, read_table
from polytask.exceptions import DataError, ParameterError

NUMBERS = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5]


def written(tmp_path, columns, name="t.csv"):
    path = tmp_path / name
    pl.DataFrame({k: [str(v) for v in values] for k, values in columns.items()}).write_csv(path)
    return path


# ── said by the user ──────────────────────────────────────────────────────────
@pytest.mark.parametrize("marker", [-200, -200.0, "-200", "-200.0", " -200 "])
@pytest.mark.parametrize(
    "cells",
    [[1, -200, 3], [1.5, -200.0, 3.0], ["1", "-200", "3"], ["x", "-200", " -200.0"]],
    ids=["whole", "fractions", "text", "words"],
)
def test_numbers_compare_by_value_in_frames_and_files(tmp_path, cells, marker):
    expected = [row for row, cell in enumerate(cells) if str(cell).strip().startswith("-200")]
    files = [
        open_table(written(tmp_path, {"a": cells, "b": [1, 2, 3]}), missing=marker).frame,
        read_table(written(tmp_path, {"a": cells, "b": [1, 2, 3]}), missing=[marker]),
    ]
    frames = [{"a": cells}, pd.DataFrame({"a": cells}), pl.DataFrame({"a": cells})]
    for table in [*files, *(open_table(frame, missing=marker).frame for frame in frames)]:
        assert table["a"].is_null().arg_true().to_list() == expected


def test_markers_are_added_to_the_usual_words(tmp_path):
    path = written(tmp_path, {"a": ["1", "?", "NA", "n/a", "", "-"], "b": [1, 2, 3, 4, 5, 6]})
    table = read_table(path, missing=["?", "-"])
    assert table["a"].to_list() == [1, None, None, None, None, None]


@pytest.mark.parametrize(
    "missing",
    [["?", "a=-1"], {"*": "?", "a": -1}, {"[bc]": ["?"], "a": ["-1", "?"]}, ("a=-1", "?")],
)
def test_a_marker_of_one_column(missing):
    table = {"a": [1, -1, 3], "b": ["x", "?", "-1"], "c": [-1, 2, 3]}
    found = open_table(table, missing=missing).frame
    assert found["a"].to_list() == [1, None, 3]
    assert found["b"].to_list() == ["x", None, "-1"]
    assert found["c"].to_list() == [-1, 2, 3]


def test_a_column_whose_name_holds_an_equals_sign():
    found = open_table({"a=b": [1, 2], "a": [1, 2]}, missing="a=b=2").frame
    assert found.to_dict(as_series=False) == {"a=b": [1, None], "a": [1, 2]}


def test_a_column_that_is_not_there():
    with pytest.raises(DataError, match=r"column 'agee' named in `missing` .* Did you mean 'age'"):
        open_table({"age": [1, 2]}, missing="agee=-1")


@pytest.mark.parametrize("missing", [[None], [["?"]], object()])
def test_what_can_be_no_marker(missing):
    with pytest.raises(ParameterError, match=r"The `missing` parameter of the data set must be"):
        open_table({"age": [1, 2]}, missing=missing)


def test_every_type_of_column():
    moment = dt.datetime(1900, 1, 1)  # noqa: DTZ001 - naive is meant
    table = pl.DataFrame(
        {
            "small": pl.Series([1, 255], dtype=pl.UInt8),
            "short": pl.Series([1.5, -200.1], dtype=pl.Float32),
            "cents": pl.Series(["1.50", "-200.10"]).cast(pl.Decimal(8, 2)),
            "flag": [False, True],
            "kind": pl.Series(["a", "?"], dtype=pl.Categorical),
            "grade": pl.Series(["a", "?"], dtype=pl.Enum(["a", "?"])),
            "day": [dt.date(2020, 1, 1), dt.date(1900, 1, 1)],
            "moment": [dt.datetime(2020, 1, 1), moment],  # noqa: DTZ001
        }
    )
    missing = [255, -200.1, "true", "?", "1900-01-01"]
    found = open_table(table, missing=missing).frame
    assert found.null_count().row(0) == (1,) * 8
    assert found.schema == table.schema
    assert table.null_count().row(0) == (0,) * 8


def test_no_whole_number_is_changed_by_a_float():
    table = {"a": [2**53, 2**53 + 1, 2**53 + 2]}
    assert open_table(table, missing=2**53 + 1).frame["a"].to_list() == [2**53, None, 2**53 + 2]


def test_what_was_missing_is_said():
    notes = open_table({"a": [1, -1, -1], "b": ["?", "x", "y"]}, missing=["?", -1, "gone"]).notes
    assert notes == (
        "missing: '?' in 1 cell of b",
        "missing: '-1' in 2 cells of a",
        "missing: 'gone' occurs nowhere in a, b",
    )


# ── words such as NA among texts ──────────────────────────────────────────────
WORDS = {
    "sev": ["None", "Mild", "Severe", ""] * 6,
    "land": ["NA", "ZA", "ZA", "ZB"] * 6,
    "n": [1, "NA", 3, 4] * 6,
    "flag": ["true", "NA", "false", "true"] * 6,
    "y": [0.5, 1.5, 2.5] * 8,
}


def test_words_for_missing_among_texts_are_noted(tmp_path):
    table = open_table(written(tmp_path, WORDS))
    assert table.frame.null_count().row(0) == (12, 6, 6, 6, 0)
    assert table.notes == (
        "sev: 'None' (6 cells) read as missing; --column sev:categorical keeps categories",
        "land: 'NA' (6 cells) read as missing; --column land:categorical keeps categories",
    )
    table = open_table(written(tmp_path, WORDS), missing=["None", "land=NA"])
    assert table.frame["sev"].null_count() == 12
    assert not [note for note in table.notes if "read as missing" in note]


def test_several_columns_of_one_word_are_one_note(tmp_path):
    columns = {"a": ["x", "NA", "y"], "b": ["NA", "NA", "z"], "c": ["x", "NA", "null"]}
    assert open_table(written(tmp_path, columns)).notes == (
        "a, b: 'NA' (3 cells) read as missing; --column a:categorical keeps categories",
        "c: 'NA' and 'null' (2 cells) read as missing; --column c:categorical keeps categories",
    )


def test_declared_categories_keep_words_for_missing(tmp_path):
    path = written(tmp_path, WORDS)
    data = read(path, ["sev"], columns={"sev,land": "categorical"})
    assert fit_schemas(data)["table"].targets["sev"].classes == ("Mild", "None", "Severe")
    assert data.sources[0].inputs["land"].null_count() == 0
    kept = "sev: 'None' (6 cells) kept as categories, as declared; --missing 'sev=None' if that"
    assert data.notes[0].startswith(kept)
    data = read(path, ["sev"], columns={"sev": "categorical"}, missing="sev=None")
    assert fit_schemas(data)["table"].targets["sev"].classes == ("Mild", "Severe")


@pytest.mark.parametrize("of", ["file", "mapping"])
@pytest.mark.parametrize(
    ("role", "codes"), [({}, [3, 1, 0, 3, 3]), ({"land": "categorical"}, [1, 2, 0, 0, 0])]
)
def test_words_for_missing_in_new_rows(tmp_path, of, role, codes):
    data = read(written(tmp_path, WORDS), ["y"], columns=role, drop=["sev", "n", "flag"])
    schema = fit_schemas(data)["table"]
    new = {"land": ["NA", "ZA", "ZC", "null", ""], "n": range(5)}
    if of == "mapping":
        new["land"][-1] = None
    table = written(tmp_path, new, "new.csv") if of == "file" else new
    source = as_source(table, schema, data.tasks)
    assert schema.encode(source)["categorical"][:, 0].tolist() == codes


# ── found in columns of numbers ───────────────────────────────────────────────
@pytest.mark.parametrize("marker", ["?", "-", ".", "unknown", "Unknown", "n.a.", "#DIV/0!", "..."])
@pytest.mark.parametrize("of", ["file", "pandas", "mapping"])
def test_a_usual_marker_among_numbers(tmp_path, of, marker):
    cells = [*map(str, NUMBERS), marker]
    columns = {"a": cells, "x": [*NUMBERS, 0.0], "y": cells}
    data = {"pandas": pd.DataFrame(columns), "mapping": columns}.get(of)
    dataset = read(written(tmp_path, columns) if of == "file" else data, ["y"])
    assert dataset.sources[0].inputs["a"].to_list() == [*NUMBERS, None]
    assert dataset.tasks["y"].kind.name == "regression"
    assert len(dataset.sources[0].labels.rows("y")) == len(NUMBERS)
    sentence = f"a, y: numbers but for {marker!r} (1 cell), read as missing"
    assert [note for note in dataset.notes if note.startswith(sentence)]


@pytest.mark.parametrize("marker", ["none at all", "not measured"])
def test_any_word_that_repeats_among_many_numbers(marker):
    table = open_table({"a": [*map(str, NUMBERS), marker, marker, "?"]}).frame
    assert table["a"].to_list() == [*NUMBERS, None, None, None]


@pytest.mark.parametrize(
    "strange",
    [["old"], ["3+", "3+"], ["<5", "<5"], ["a", "a", "b", "b", "c", "c"]],
    ids=["once", "figures", "below", "classes"],
)
def test_other_cells_leave_text(strange):
    table = open_table({"a": [*map(str, NUMBERS), *strange]}).frame
    assert table["a"].dtype == pl.String


def test_several_usual_markers_are_one_note(tmp_path):
    columns = {"a": [*map(str, NUMBERS), "?", "-", ".", "?"], "x": range(16), "y": [0, 1] * 8}
    data = read(written(tmp_path, columns), ["y"])
    assert data.sources[0].inputs["a"].to_list() == [*NUMBERS, None, None, None, None]
    (note,) = [note for note in data.notes if note.startswith("a: ")]
    assert note.startswith("a: numbers but for '?', '-' and '.' (4 cells), read as missing")


def test_an_unusual_word_beside_usual_markers_is_named_with_a_remedy(tmp_path):
    cells = [*map(str, NUMBERS), "?", "-", ".", "x"]
    path = written(tmp_path, {"a": cells, "x": range(16), "y": [0, 1] * 8})
    (note,) = [note for note in read(path, ["y"]).notes if "a" in note.split(":")[0]]
    assert note.startswith("a: numbers but for '?', '-', '.' and 'x' (4 cells), so that all are")
    assert note.endswith("add --missing 'a=x' if it means missing")
    found = read(path, ["y"], missing="a=x").sources[0].inputs["a"]
    assert found.to_list() == [*NUMBERS, None, None, None, None]


def test_classes_are_no_markers():
    assert open_table({"a": ["1", "2", "X", "X"] * 5}).frame["a"].dtype == pl.String
    assert open_table({"a": ["1", "?", "1", "?"] * 5}).frame["a"].dtype == pl.String


def test_numbers_with_one_odd_cell_are_doubted(tmp_path):
    path = written(tmp_path, {"a": [*NUMBERS, "old"], "x": range(13), "y": [0, 1] * 6 + [0]})
    (note,) = [note for note in read(path, ["y"]).notes if note.startswith("a: ")]
    assert "numbers but for 'old' (1 cell), so that all are taken for categories" in note
    assert "--missing 'a=old'" in note
    assert read(path, ["y"], missing="a=old").sources[0].inputs["a"].to_list() == [*NUMBERS, None]


def test_text_of_a_frame_stays_text_unless_a_marker_explains_it():
    table = {"zip": ["02139", "10115", "?"], "code": ["1", "2", "3"], "n": ["1", "2", "?"]}
    found = open_table(table).frame
    assert found.schema == {"zip": pl.String, "code": pl.String, "n": pl.Int64}
    assert open_table(table, missing="?").frame.schema == found.schema


def test_a_declared_category_keeps_its_cells(tmp_path):
    path = written(tmp_path, {"a": ["1", "2", "?"], "b": [1, 2, 3]})
    found = open_table(path, columns={"a": "categorical"})
    assert found.frame["a"].to_list() == ["1", "2", "?"]
    assert found.notes == ()


@pytest.mark.parametrize("frame", [dict, pd.DataFrame])
def test_markers_among_numbers_of_python(frame):
    cells = [1, "?", 2.5, None, 4]
    found = open_table(frame({"a": cells}))
    assert found.frame["a"].to_list() == [1.0, None, 2.5, None, 4.0]
    assert found.reading.missing == {"a": ("?",)}
    assert found.notes[0].startswith("a: numbers but for '?' (1 cell), read as missing")
    odd = frame({"a": [1, "soon", 2, -200, 4], "y": [0, 1, 0, 1, 0]})
    with pytest.raises(DataError, match=r"Column 'a' mixes values of several types"):
        read(odd, ["y"])
    found = open_table(odd, missing=["soon", -200])
    assert found.frame["a"].to_list() == [1, None, 2, None, 4]
    assert found.notes == ("missing: 'soon' in 1 cell of a", "missing: '-200' in 1 cell of a")


# ── kept for new tables ───────────────────────────────────────────────────────
@pytest.mark.parametrize("of", ["file", "mapping", "typed"])
def test_new_tables_are_read_alike(tmp_path, of):
    columns = {"a": [*map(str, NUMBERS), "?"], "b": [*range(12), -9], "y": [0, 1] * 6 + [0]}
    data = read(written(tmp_path, columns), ["y"], missing="b=-9")
    schema = fit_schemas(data)["table"]
    new = {"a": ["1.5", "?"], "b": ["-9.0", "7"]}
    tables = {
        "file": written(tmp_path, new, "new.csv"),
        "mapping": new,
        "typed": {"a": [1.5, None], "b": [-9, 7]},
    }
    inputs = as_source(tables[of], schema, data.tasks).inputs
    assert inputs.to_dict(as_series=False) == {"a": [1.5, None], "b": [None, 7]}
