"""Text files however they are laid out: separators, headers, names, decimal marks, lines aside."""

import gzip

import polars as pl
import pytest

from polytask.data import (
    as_source,
    find_separator,
    fit_schemas,
    open_table,
    read,
    read_table,
    rows_to_predict,
)
from polytask.exceptions import DataError, ParameterError, SourceFileError


@pytest.fixture
def written(tmp_path):
    def write(text, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def cells(path, **how):
    return open_table(path, **how).frame.to_dict(as_series=False)


# ── separators ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "separator", "columns"),
    [
        ('"Weight, kg";Age;Height\n77;23;156\n104;43;164\n', ";", ["Weight, kg", "Age", "Height"]),
        ("Weight, kg;Age;Height\n77;23;156\n104;43;164\n", ";", ["Weight, kg", "Age", "Height"]),
        ("a;b\n1;x, y\n2;z, w\n", ";", ["a", "b"]),
        ('a;b\n"1;2";x\n"3;4";y\n', ";", ["a", "b"]),
        ("a\tb\n1\tx, y\n2\tz\n", "\t", ["a", "b"]),
        ("a|b\n1|x\n2|y\n", "|", ["a", "b"]),
        ("a b c\n1 2 3\n4 5 6\n", " ", ["a", "b", "c"]),
        (" a   b\n 1   2.5\n10  -3\n", " ", ["a", "b"]),
        ('a b name\n1 2\t"x y"\n3 4\t"z w"\n', " ", ["a", "b", "name"]),
        ('1.5  2.5  3\t"x y"\n3.5  4.5  1\t"z w"\n', " ", ["1.5", "2.5", "3", "x y"]),
        ("a\tb\tc\n1\tx, y1\t2\n2\tz, y2\t4\n", "\t", ["a", "b", "c"]),
        ("a,b\n1,x;y\n2,z;w\n", None, ["a", "b"]),
        ("a,b\n2020-01-01 10:00,1\n2020-01-02 11:00,2\n", None, ["a", "b"]),
        ("words\nhello there\ngood morning\n", None, ["words"]),
        ('a,b\n"x\ny",1\n"z;\nw",2\n', None, ["a", "b"]),
    ],
)
def test_separators_are_found_by_consistency(written, text, separator, columns):
    path = written(text)
    assert find_separator(path) == separator
    table = open_table(path)
    assert table.frame.columns == columns
    assert any("cells separated by" in note for note in table.notes) == (separator is not None)


def test_the_suggestion_keeps_its_last_letter(written):
    path = written('"Weight, kg";Age;Height\n77;23;156\n104;43;164\n')
    with pytest.raises(DataError, match=r"Did you mean 'Height'\?"):
        read(path, ["Heigth"])


@pytest.mark.parametrize(
    ("word", "mark"),
    [("semicolon", ";"), (";", ";"), ("tab", "\t"), ("\\t", "\t"), ("pipe", "|"), ("space", " ")],
)
def test_a_separator_that_is_named(written, word, mark):
    path = written(mark.join("ab") + "\n" + mark.join("1,") + "\n", "t.txt")
    assert cells(path, separator=word) == {"a": [1], "b": [","]}


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"separator": "ab"}, r"The `separator` parameter .* must be one character, or one of the"),
        ({"separator": "."}, r"The `separator` parameter"),
        (
            {"separator": ",", "decimal": ","},
            r"Cells cannot be separated by ',' if that is the dec",
        ),
        ({"decimal": ";"}, r"The `decimal` parameter of the data set must be '\.' or ','"),
        ({"names": "a,,b"}, r"The `names` parameter of the data set must be names of all columns"),
    ],
)
def test_options_that_cannot_be(written, how, sentence):
    with pytest.raises(ParameterError, match=sentence):
        open_table(written("a,b\n1,2\n"), **how)


def test_options_of_text_are_none_of_frames(tmp_path):
    for how in ({"names": "a"}, {"no_header": True}, {"separator": ";"}, {"decimal": ","}):
        with pytest.raises(ParameterError, match=r"say how a text file is written\. Got a table"):
            open_table({"a": [1]}, **how)
        path = tmp_path / "t.parquet"
        pl.DataFrame({"a": [1]}).write_parquet(path)
        with pytest.raises(ParameterError, match=r"t\.parquet says itself what its columns are"):
            open_table(path, **how)


# ── decimal marks ─────────────────────────────────────────────────────────────
def test_decimal_commas(written):
    path = written("a;b;c\n1,5;1.234,5;x\n2;-1.000;y\n,5;7;z\n")
    assert cells(path, decimal=",") == {
        "a": [1.5, 2.0, 0.5],
        "b": [1234.5, -1000.0, 7.0],
        "c": ["x", "y", "z"],
    }
    with pytest.raises(SourceFileError, match=r"decimal commas in 'a'.*Add --decimal , \(dec"):
        open_table(path)


def test_markers_beside_decimal_commas(written):
    path = written("a;b\n1,5;1\n-200,0;2\n?;3\n3,25;4\n")
    assert cells(path, decimal=",", missing=-200)["a"] == [1.5, None, None, 3.25]


def test_decimal_points_in_spite_of_decimal_commas(written):
    assert cells(written("a;b\n1,5;0.25\n2,5;12.5\n"), decimal=",")["b"] == [0.25, 12.5]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("marker", ["", "?", "-"])
def test_decimal_commas_in_quotes_and_beside_markers(written, mark, marker):
    cells = [marker if row % 10 == 3 else f"{row},05" for row in range(60)]
    rows = [f'{row % 7}{mark}{row % 2}{mark}"{cell}"' for row, cell in enumerate(cells)]
    path = written("\n".join([mark.join("xyq"), *rows]))
    for target in ("y", "q"):
        with pytest.raises(SourceFileError, match=r"decimal commas in 'q'.*Add --decimal ,"):
            read(path, target)
    with pytest.raises(DataError, match=r"declared numeric.*Add --decimal ,"):
        read(path, "y", columns={"q": "numeric"})
    found = open_table(path, decimal=",").frame["q"]
    assert found.null_count() == 6
    assert found[1] == 1.05


def test_commas_between_thousands_in_quotes_are_noted(written):
    path = written("x,q\n" + "".join(f'{row},"{row + 1},628"\n' for row in range(30)))
    (note,) = open_table(path).notes
    assert note.startswith("q: numbers with marks between thousands")


def test_marks_between_thousands_are_doubted(written):
    path = written('a,b\n"1,234",x\n"12,345",y\n7,z\n')
    table = open_table(path)
    assert table.frame["a"].dtype == pl.String
    assert table.notes[0].startswith("a: numbers with marks between thousands, such as '1,234'")
    assert cells(path, columns={"a": "numeric"})["a"] == [1234.0, 12345.0, 7.0]


# ── headers and names ─────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "text",
    [
        "5.1,3.5,setosa\n4.9,3.0,setosa\n6.2,3.1,virginica\n",
        "39, State-gov, <=50K\n50, Private, <=50K\n38, State-gov, >50K\n",
        "2020-01-01,5\n2020-01-02,6\n2020-01-03,7\n",
        "p,x,s\np,x,y\ne,b,s\n",
        "1,5.5\n2,6.5\n7,7.5\n",
        "?,5.5,1\n2,6.5,7\n7,7.5,2\n",
    ],
)
def test_a_first_row_that_looks_like_data_is_doubted(written, text):
    path = written(text)
    table = open_table(path)
    (note,) = [note for note in table.notes if note.startswith("the first line (")]
    assert "looks like data: --no-header keeps it as a row, --names names the columns" in note
    assert table.frame.height == 2
    assert open_table(path, no_header=True).frame.height == 3


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "country,2019,2020,2021\nx,1,2,3\ny,4,5,6\n",
        "0,1,2\n0.5,1.5,2.5\n0.1,0.2,0.3\n",
        "1,2\n0.5,1.5\n0.1,0.2\n",
        "word,label\nx,a\ny,b\n",
        "when,y\n2020-01-01,1\n2020-01-02,2\n",
        "a,?\n1,2\n3,4\n",
    ],
)
def test_names_are_not_doubted(written, text):
    assert not [note for note in open_table(written(text)).notes if "looks like data" in note]


def test_repeated_values_in_a_first_row(written):
    path = written("0,0,5.5\n1,0,6.5\n0,1,7.5\n")
    with pytest.raises(DataError, match=r"one name: '0'.*The first line looks like data; .*--no-h"):
        open_table(path)
    assert cells(path, names="a,b,c") == {"a": [0, 1, 0], "b": [0, 0, 1], "c": [5.5, 6.5, 7.5]}


@pytest.mark.parametrize("names", ["a,b,c", " a, b ,c", ["a", "b", "c"]])
def test_names_imply_no_header(written, names):
    path = written("1,2,3\n4,5,6\n")
    assert cells(path, names=names) == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}
    assert cells(path, no_header=True) == {
        "column_1": [1, 4],
        "column_2": [2, 5],
        "column_3": [3, 6],
    }


@pytest.mark.parametrize("names", ["a,b", "a,b,c,d"])
def test_names_of_all_columns(written, names):
    with pytest.raises(SourceFileError, match=r"`names` must name the 3 columns .* Got \d names"):
        open_table(written("1,2,3\n4,5,6\n"), names=names)
    with pytest.raises(DataError, match=r"several columns of one name: 'a'"):
        open_table(written("1,2,3\n4,5,6\n"), names="a,a,c")


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("x,y,,\n1,2,,\n3,4,,\n", {}),
        ("x,y\n1,2,\n3,4,\n", {}),
        ("x;y;;\n1;2;;\n3;4;;\n;;;\n;;;\n", {}),
        ("1,2,\n3,4,\n", {"names": "x,y"}),
        ("x,y,,\r\n1,2,,\r\n3,4,,\r\n,,,\r\n", {}),
    ],
)
def test_empty_columns_without_a_name_are_left_out(written, text, how):
    table = open_table(written(text), **how)
    assert table.frame.to_dict(as_series=False) == {"x": [1, 3], "y": [2, 4]}
    assert [note for note in table.notes if "without a name left out" in note]
    assert [note for note in table.notes if "empty row" in note] == (
        ["2 empty rows left out"] if ";;;" in text else []
    )


def test_a_named_empty_column_stays(written):
    assert cells(written("x,y\n1,\n2,\n")) == {"x": [1, 2], "y": [None, None]}


def test_an_index_without_a_name(written):
    path = written(",x,y\n0,5,a\n1,6,b\n2,7,a\n")
    table = open_table(path)
    assert table.frame.columns == ["column_1", "x", "y"]
    (note,) = table.notes
    assert note == (
        "column_1: a column without a name that counts the rows, as an index does; --drop "
        "column_1 leaves it out"
    )


def test_other_columns_without_a_name(written):
    table = open_table(written("x,,column_2,\n5,a,1,7\n6,b,2,9\n"))
    assert table.frame.columns == ["x", "column_2_", "column_2", "column_4"]
    assert table.notes == ("column_2_, column_4: named so here, since the header gives no name",)


@pytest.mark.parametrize("text", ['"x" "y"\n"1" 5 2.5\n"2" 6 3.5\n', "x,y\nBob,5,2.5\nAnn,6,3.5\n"])
def test_row_names_as_r_writes_them(written, text):
    table = open_table(written(text))
    assert table.frame.columns == ["column_1", "x", "y"]
    assert table.frame["y"].to_list() == [2.5, 3.5]


# ── lines that are no rows ────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("sep=;\na;b;c\n1;2;3\n4;5;6\n", None),
        ("\ufeffsep=;\r\na;b;c\r\n1;2;3\r\n4;5;6\r\n", None),
        ("# made by hand\n# in May\na,b,c\n1,2,3\n4,5,6\n", "'# made by hand' and 1 more"),
        ("% made by hand\n\na,b,c\n1,2,3\n4,5,6\n", "'% made by hand'"),
        ("Report of May\n\na,b,c\n1,2,3\n4,5,6\n", "'Report of May'"),
        ("Report of May,,\n,,\na,b,c\n1,2,3\n4,5,6\n", "'Report of May,,' and 1 more"),
        ("\n\na,b,c\n1,2,3\n\n4,5,6\n\n", None),
        ("#a,b,c\n1,2,3\n4,5,6\n", None),
        ("# a b c\n1 2 3\n4 5 6\n", None),
    ],
)
def test_lines_before_the_table(written, text, note):
    table = open_table(written(text))
    assert table.frame.to_dict(as_series=False) == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}
    left_out = [words for words in table.notes if "before the table left out" in words]
    assert left_out == ([] if note is None else [w for w in table.notes if w.endswith(note)])
    assert bool(left_out) == (note is not None)


def test_a_remark_above_names_is_no_header(written):
    rows = "".join(f"{number},1.5,2\n" for number in range(12))
    assert open_table(written("# in,cm,kg\na,b,c\n" + rows)).frame.columns == ["a", "b", "c"]


def test_a_single_quote_in_a_remark(written):
    path = written('# pipes of 5" each\na,b\n1,2\n3,4\n')
    assert cells(path) == {"a": [1, 3], "b": [2, 4]}


def test_a_wide_table_below_a_remark(written):
    names = [f"c{number}" for number in range(40)]
    rows = "\n".join([",".join(names), ",".join(["1"] * 40), "2"])
    found = open_table(written(f"# made by hand\n{rows}\n")).frame
    assert found.columns == names
    assert found["c0"].to_list() == [1, 2]
    assert found["c39"].to_list() == [1, None]


def test_a_title_before_rows_without_a_header(written):
    path = written("|1x3 Cross validator\n25, Private, <=50K.\n38, ?, >50K.\n", "adult.test")
    assert cells(path, names="age,work,income", missing="?") == {
        "age": [25, 38],
        "work": ["Private", None],
        "income": ["<=50K.", ">50K."],
    }


# ── text of every kind ────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["t.txt", "t.data", "t.dat", "t", "t.csv.txt", "t.TXT", "t.DATA"])
def test_other_names_are_sniffed(written, name):
    assert cells(written("a b\n1 2\n3 4\n", name)) == {"a": [1, 3], "b": [2, 4]}
    assert cells(written("a,b\n1,2\n3,4\n", name)) == {"a": [1, 3], "b": [2, 4]}
    assert cells(written("a\tb\n1\t2\n3\t4\n", name)) == {"a": [1, 3], "b": [2, 4]}


def test_zipped_text_by_any_name(tmp_path):
    for name in ("t.data.gz", "t.txt"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(b"a b\n1 2\n3 4\n"))
        assert cells(path) == {"a": [1, 3], "b": [2, 4]}


def test_other_formats_by_their_content(tmp_path):
    table = pl.DataFrame({"a": [1, 3], "b": [2, 4]})
    table.write_parquet(tmp_path / "one")
    table.write_ipc(tmp_path / "two.data")
    table.write_ndjson(tmp_path / "three.txt")
    for name in ("one", "two.data", "three.txt"):
        assert cells(tmp_path / name) == {"a": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04 rest", r"is a workbook or another zip archive\. Save its sheet as a CSV"),
        (b"a,b\n\x00\x01,2\n", r"is no text but a binary file\. Save the table as a CSV or Parq"),
        ("a,b\n1,2\n".encode("utf-16"), r"cannot be read: it is UTF-16\. Save it as UTF-8 text"),
        ("name,y\nJos\xe9,1\n".encode("latin-1"), r"cannot be read: .* Save it as UTF-8 text"),
        (b"a,b\n1,2\n" * 60000 + b"\xe9,1\n", r"cannot be read: "),
        (b"\x1f\x8bno gzip", r"cannot be read: "),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.data", "t"])
def test_what_is_no_text(tmp_path, data, sentence, name):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceFileError, match=rf"{name} {sentence}"):
        open_table(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_cells_with_line_ends(written, end):
    text = end.join(['\ufeff"a\nb", c ,d', '1, "x, y" ,"p\nq"', '2,"say ""hi""",r', ""])
    assert cells(written(text)) == {
        "a\nb": [1, 2],
        "c": ["x, y", 'say "hi"'],
        "d": ["p\nq", "r"],
    }


def test_quotes_behind_blanks(written):
    path = written('a, b, c\n1, "x, y", 5\n2, "z, w", 6\n')
    assert cells(path) == {"a": [1, 2], "b": ["x, y", "z, w"], "c": [5, 6]}


@pytest.mark.parametrize("last", ["", "\n"])
@pytest.mark.parametrize(
    "found", [['5" pipe', "z", 'a "b" c'], ['5"', '6"', "z"], ["z", 'q" q" q"', 'say "hi"']]
)
def test_quotes_within_cells_without_quotes(written, found, last):
    """As inches are written."""
    lines = [f"{number},{cell},0" for number, cell in enumerate(found)]
    assert cells(written("\n".join(["a,b,c", *lines]) + last))["b"] == found


@pytest.mark.parametrize("beyond", [0, 500])
@pytest.mark.parametrize("cell", ['"5 pipe', '"5" pipe'])
def test_quotes_that_do_not_end_a_cell(written, cell, beyond):
    """Such a quote would take in the rows that follow, where they are read in silence."""
    lines = ["1,z,0"] * beyond + [f"2,{cell},1", "3,z,0", '4,"z",0', "5,z,1"]
    path = written("\n".join(["a,b,c", *lines, ""]))
    with pytest.raises(SourceFileError, match=f"line {beyond + 2} has a cell that begins with a"):
        open_table(path)


def test_an_open_quote_before_more_than_a_cell_holds(written):
    path = written('a,b,c\n1,"5 pipe,2\n' + "1,zzzz,3\n" * 20_000)
    with pytest.raises(SourceFileError, match=r"line 2 has a cell .*longer than [0-9,]+ letters"):
        open_table(path)


def test_a_bad_quote_in_the_header(written):
    path = written('a,"b" x,c\n1,z,3\n' + '1,5" p,2\n')
    with pytest.raises(SourceFileError, match="line 1 has a cell that begins with a quote"):
        open_table(path)


@pytest.mark.parametrize("cell", ["\ue000", "x\ue000", '5"'])
def test_no_letter_ends_a_file(written, cell):
    assert cells(written(f"# hi\na,b\n1,p\n2,{cell}\n3,q\n"))["b"] == ["p", cell, "q"]


@pytest.mark.parametrize("cell", ["5 w", '5" w'])
def test_empty_lines_of_one_column_are_rows_however_it_is_read(written, cell):
    assert cells(written(f"a\nu\n\n{cell}\n"))["a"] == ["u", None, cell]


def test_a_file_that_begins_as_packed_ones_do(written):
    """polars would unpack it."""
    assert cells(written("x^2,x\n4,2\n9,3\n")) == {"x^2": [4, 9], "x": [2, 3]}


def test_a_parquet_file_of_another_name(tmp_path):
    path = tmp_path / "t.csv"
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)
    with pytest.raises(SourceFileError, match=r"t\.csv is a Parquet file, .* Name it t\.parquet\."):
        open_table(path)


def test_an_open_quote_in_a_file_of_blanks(written):
    path = written('a b\n1 2\n3 "4\n5 6\n', "t.txt")
    with pytest.raises(SourceFileError, match="line 3 has a cell that begins with a quote"):
        open_table(path)


def test_a_line_that_is_too_long_in_a_file_of_blanks(written):
    path = written("a b\n1 2\n" + "3 4\n" * 30 + "1 2 3\n", "t.txt")
    with pytest.raises(SourceFileError, match=r"line 33 has 3 cells, but the header names 2 col"):
        open_table(path)


@pytest.mark.parametrize("mark", [",", " "])
def test_lines_that_end_early(written, mark):
    lines = [mark.join(cells) for cells in ("abc", "123", "4", "789")]
    table = open_table(written("\n".join(lines)))
    assert table.frame["b"].to_list() == [2, None, 8]
    note = "one line has fewer cells than the header has names; the last columns are missing there"
    assert note in table.notes


# ── new rows ──────────────────────────────────────────────────────────────────
def test_new_rows_keep_their_positions(written):
    path = written("a,b,y\n1,2,0\n3,4,1\n5,6,0\n")
    data = read(path, ["y"])
    schemas = fit_schemas(data)
    new = written("a,b\n1,2\n,\n\n3,4\n,\n\n", "new.csv")
    assert rows_to_predict(new, schemas.values(), data.tasks)["a"].to_list() == [1, None, 3, None]
    assert as_source(new, schemas["table"], data.tasks).n_rows == 4


def test_new_rows_are_written_as_in_fitting(written):
    data = read(written("a;b;y\n1,5;x;0\n2,5;y;1\n3,5;x;0\n"), ["y"], decimal=",")
    schemas = fit_schemas(data)
    new = written("a;b\n2,25;y\n1.000,5;x\n", "new.csv")
    assert rows_to_predict(new, schemas.values(), data.tasks)["a"].to_list() == [2.25, 1000.5]
    plain = written("a,b\n2.25,y\n", "plain.csv")
    found = rows_to_predict(plain, schemas.values(), data.tasks, decimal=".")
    assert found["a"].to_list() == [2.25]
    assert rows_to_predict(
        written("9,5;x\n", "bare.csv"), schemas.values(), data.tasks, names="a,b"
    ).to_dict(as_series=False) == {"a": [9.5], "b": ["x"]}


def test_columns_that_are_kept_beside_have_types_of_their_own(written):
    data = read(written("a,b,y\n1,01,0\n3,02,1\n5,01,0\n"), ["y"])
    new = written("id,a,b,when\n7,1,01,2020-01-01\n8,2,02,2020-01-02\n", "new.csv")
    found = rows_to_predict(new, fit_schemas(data).values(), data.tasks)
    assert found.schema == {"id": pl.Int64, "a": pl.Int64, "b": pl.String, "when": pl.Date}


def test_read_table_keeps_empty_rows(written):
    assert read_table(written("a,b\n1,2\n,\n")).height == 2
    assert read_table(written("a\n1\n\n2\n"))["a"].to_list() == [1, None, 2]


def test_commas_that_may_stand_between_thousands(written):
    ambiguous = written("a;b\n1,628;5\n12;6\n12,345;7\n")
    with pytest.raises(SourceFileError, match=r"'a' may be decimal or .* --column 'a:numeric'"):
        open_table(ambiguous)
    assert cells(ambiguous, columns={"a": "numeric"})["a"] == [1628.0, 12.0, 12345.0]
    assert cells(ambiguous, decimal=",")["a"] == [1.628, 12.0, 12.345]
    pointed = open_table(written("a;b\n1,628;0.5\n12;6.5\n12,345;7\n"))
    assert pointed.notes[1].startswith("a: numbers with marks between thousands, such as '1,628'")
    for decimal in ("a;b\n0,123;5\n12,345;6\n", "a;b\n1234;5\n12,345;6\n"):
        with pytest.raises(SourceFileError, match="there are decimal commas in 'a'"):
            open_table(written(decimal))


def test_the_typographers_minus(written):
    table = open_table(written("a,b,c\n−1,−1.5,x−1\n2,2.5,y\n3,?,z\n"))
    assert table.frame["a"].to_list() == [-1, 2, 3]
    assert table.frame["b"].to_list() == [-1.5, 2.5, None]
    assert table.frame["c"].to_list() == ["x−1", "y", "z"]


def test_wide_tables_are_read_as_narrow_ones(tmp_path):
    cells = {"a": ["1", "2", ""], "b": ["0.5", "1e3", "NA"], "c": ["true", "FALSE", "x"]}
    wide = {f"{name}{copy}": column for copy in range(40) for name, column in cells.items()}
    for name, table in (("wide", wide), ("narrow", cells)):
        pl.DataFrame(table).write_csv(tmp_path / f"{name}.csv")
    frame = open_table(tmp_path / "wide.csv").frame
    narrow = open_table(tmp_path / "narrow.csv").frame
    for name in wide:
        assert frame[name].rename(name[0]).equals(narrow[name[0]])
        assert frame[name].dtype == narrow[name[0]].dtype
