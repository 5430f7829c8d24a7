"""One table, written in every format, is read alike."""

import datetime as dt
import gzip

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from polytask.data import find_separator, read_table, scan_table, to_polars
from polytask.exceptions import DataError, SourceFileError

TABLE = pl.DataFrame(
    {
        "whole": [1, None, 3],
        "part": [0.5, 2.0, None],
        "word": ["a, b", None, 'say "c"'],
        "flag": [True, False, None],
        "day": [dt.date(2020, 2, 29), None, dt.date(1969, 1, 1)],
        "code": ["01", "x", None],
    }
)

WRITERS = {
    ".csv": TABLE.write_csv,
    ".tsv": lambda path: TABLE.write_csv(path, separator="\t"),
    ".csv.gz": lambda path: path.write_bytes(gzip.compress(TABLE.write_csv().encode())),
    ".tsv.gz": lambda path: path.write_bytes(
        gzip.compress(TABLE.write_csv(separator="\t").encode())
    ),
    ".parquet": TABLE.write_parquet,
    ".arrow": TABLE.write_ipc,
    ".feather": TABLE.write_ipc,
    ".ipc": TABLE.write_ipc,
    ".ndjson": TABLE.write_ndjson,
    ".jsonl": TABLE.write_ndjson,
}


@pytest.mark.parametrize("suffix", [*WRITERS, ".CSV", ".Parquet"])
def test_every_format_gives_the_same_table(tmp_path, suffix):
    path = tmp_path / f"a table[1]{suffix}"
    WRITERS[suffix.casefold()](path)
    assert_frame_equal(read_table(path), TABLE)
    assert_frame_equal(scan_table(str(path)).collect().select("whole"), TABLE.select("whole"))


def written(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_blanks_around_cells_and_names_are_cut_off(tmp_path):
    table = read_table(written(tmp_path, "a, b\n1, x \n 2, NA\n"))
    assert_frame_equal(table, pl.DataFrame({"a": [1, 2], "b": ["x", None]}))


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    assert read_table(written(tmp_path, "\ufeffa,b\n1,2\n")).columns == ["a", "b"]


@pytest.mark.parametrize("word", ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"])
def test_words_for_missing(tmp_path, word):
    table = read_table(written(tmp_path, f"a,b\n1,x\n{word},{word}\n"))
    assert table.row(1) == (None, None)
    assert table["a"].dtype == pl.Int64


def test_other_words_for_missing(tmp_path):
    path = written(tmp_path, "a,b\n?,x\n3,NA\n")
    assert_frame_equal(
        read_table(path, missing=["?"]), pl.DataFrame({"a": [None, 3], "b": ["x", None]})
    )


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (["1"] * 1500 + ["x"], pl.String),
        (["1"] * 1500 + ["2.5"], pl.Float64),
        ([""] * 1500 + ["7"], pl.Int64),
        (["True", "FALSE", "true"], pl.Boolean),
        (["true", "maybe"], pl.String),
        (["2020-01-31", "2020-02-30"], pl.String),
        (["2020-01-31 10:00:00", "2020-01-31T10:00:00.5"], pl.Datetime("us")),
        (["1e3", "-2"], pl.Float64),
        (["99999999999999999999", "1"], pl.String),
        (["99999999999999999999", "1.5"], pl.Float64),
    ],
)
def test_a_column_has_the_type_that_all_its_cells_fit(tmp_path, cells, dtype):
    lines = "\n".join(f"{cell},0" for cell in cells)
    assert read_table(written(tmp_path, f"a,b\n{lines}\n"))["a"].dtype == dtype


def test_columns_can_be_kept_as_text(tmp_path):
    path = written(tmp_path, "zip,n\n02139,1\n")
    assert_frame_equal(read_table(path, text=["zip"]), pl.DataFrame({"zip": ["02139"], "n": [1]}))


def test_only_some_columns_are_read(tmp_path):
    path = written(tmp_path, "a,b,c\n1,2,3\n")
    assert read_table(path, columns=["c", "a"]).columns == ["c", "a"]
    assert read_table(path, columns=["c", "no"]).columns == ["a", "b", "c"]


# ── bad files ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("t.csv", "", r"t\.csv is empty\."),
        ("t.csv", "\n\n", r"t\.csv is empty: its first line names no columns"),
        ("t.csv", "a,b\n", r"t\.csv holds a header \(a, b\) but no rows"),
        ("t.tsv", "a\tb\n", r"t\.tsv holds a header \(a, b\) but no rows"),
        ("t.xlsx", "a", r"t\.xlsx is of an unknown type '\.xlsx'\. Known: \.csv, \.tsv, .*\.jsonl"),
        ("t", "a", r"t holds a header \(a\) but no rows"),
        ("t.parquet", "a,b", r"t\.parquet cannot be read: "),
        ("t.arrow", "a,b", r"t\.arrow cannot be read: "),
        ("t.ndjson", "a,b", r"t\.ndjson cannot be read: "),
        ("t.csv.gz", "a,b", r"t\.csv\.gz cannot be read: "),
        ("t.csv", "a,b\n1,2,3\n", r"t\.csv: line 2 has 3 cells, but the header names 2 columns"),
    ],
)
def test_bad_files_are_named(tmp_path, name, text, sentence):
    with pytest.raises(SourceFileError, match=sentence):
        read_table(written(tmp_path, text, name))


def test_a_file_that_is_not_there_suggests_its_neighbour(tmp_path):
    written(tmp_path, "a\n1\n", "school.csv")
    with pytest.raises(
        SourceFileError, match=r"no file .*schol\.csv\. Did you mean 'school\.csv'\?"
    ):
        read_table(tmp_path / "schol.csv")
    with pytest.raises(SourceFileError, match=r"There is no folder .*nowhere either"):
        read_table(tmp_path / "nowhere" / "school.csv")


def test_a_file_that_is_not_in_an_empty_folder_says_that_the_folder_is_empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceFileError) as raised:
        read_table("school.csv")
    sentence = f"There is no file school.csv. The folder {tmp_path} is empty."
    assert str(raised.value) == sentence


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(SourceFileError, match=r"t\.csv is a folder"):
        read_table(tmp_path / "t.csv")


def test_text_must_be_utf8(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("name,y\nJos\xe9,1\n".encode("latin-1"))
    with pytest.raises(SourceFileError, match=r"t\.csv cannot be read: .*"):
        read_table(path)


@pytest.mark.parametrize("header", ["a,b,a", "a,b, a"])
def test_a_header_that_repeats_a_name(tmp_path, header):
    path = written(tmp_path, f"{header}\n1,2,3\n")
    with pytest.raises(
        DataError, match=r"t.*csv: The table has several columns of one name: 'a'\. Rename"
    ):
        read_table(path)


# ── frames ────────────────────────────────────────────────────────────────────
def test_nan_becomes_null():
    assert to_polars({"a": [1.0, float("nan")]})["a"].null_count() == 1


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_csv_file_without_commas_in_its_header(tmp_path, separator):
    lines = ["a;b", "1;x, y", "2;z"]
    path = written(tmp_path, "\n".join(lines).replace(";", separator))
    assert find_separator(path) == separator
    assert_frame_equal(read_table(path), pl.DataFrame({"a": [1, 2], "b": ["x, y", "z"]}))


def test_files_that_have_the_separator_of_their_suffix(tmp_path):
    for text, name in [("a,b;c\n", "t.csv"), ("a\n", "t.csv"), ("a;b\n", "t.tsv")]:
        assert find_separator(written(tmp_path, text, name)) is None


def test_decimal_commas(tmp_path):
    path = written(tmp_path, "a;b;c\n1,5;x;1\n2;1,5;2\n")
    with pytest.raises(SourceFileError, match=r"there are decimal commas in 'a', so .* points\."):
        read_table(path)
    assert read_table(path, text=["a"])["a"].to_list() == ["1,5", "2"]


def test_a_line_that_is_too_long(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n1,2,3\n")
    with pytest.raises(SourceFileError, match=r"line 3 has 3 cells, but the header names 2 col"):
        read_table(path)


def test_nan_in_a_file_is_missing_as_it_is_in_a_frame(tmp_path):
    pl.DataFrame({"x": [1.0, float("nan")]}).write_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["x"].to_list() == [1.0, None]
