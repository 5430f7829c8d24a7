"""How tables are read: the options, the study file of the same names, and new rows."""

import pytest

from polytask.cli._reading_settings import column_roles
from polytask.cli._settings import FitSettings, settings
from polytask.data import schema_to_json
from polytask.exceptions import ParameterError
from polytask.predictor import load

LINEAR = ("--model", "linear")


@pytest.fixture
def write(tmp_path):
    def written(name, *lines):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return written


def rows(count=60):
    """Cells of x (with markers), code, when and y."""
    for row in range(count):
        x = "?" if row % 10 == 3 else "-200" if row % 10 == 7 else f"{row * 37 % 60 / 4}"
        yield (
            x,
            f"{row % 3 + 1:02}",
            f"{row % 28 + 1}/{row % 12 + 1}/2020",
            f"{row * 37 % 60 / 2 + 1}",
        )


HEAD = "x,code,when,y"


@pytest.fixture
def table(write):
    return write("t.csv", HEAD, *(",".join(cells) for cells in rows()))


def schemas(model):
    """What a saved model knows of its tables."""
    return [schema_to_json(schema) for schema in load(model).schemas.values()]


def test_options_of_reading(polytask, table, tmp_path):
    ran = polytask(
        *("fit", table, "-t", "y:regression", *LINEAR, "--missing", "?", "--missing", "x=-200.0"),
        *("--column", "code:categorical", "--column", "when:date"),
    )
    assert ran.status == 0, ran.err
    assert "missing: '?' in 6 cells of x" in ran.err
    assert "missing: '-200.0' in 6 cells of x" in ran.err
    (schema,) = schemas(tmp_path / "model")
    assert [column["encoder"] for column in schema["columns"]] == ["numeric", "categorical", "date"]
    assert schema["columns"][1]["vocabulary"] == ("01", "02", "03")
    assert schema["reading"]["missing"]["x"] == ["?", "-200.0"]


def test_a_study_file_says_the_same(polytask, table, tmp_path):
    (tmp_path / "study.yaml").write_text(
        "table: t.csv\ntarget: y:regression\nmodel: linear\nmissing: ['?', x=-200.0]\n"
        "column: {code: categorical, when: date}\nout: other\n"
    )
    polytask(
        *("fit", table, "-t", "y:regression", *LINEAR, "--missing", "?", "--missing", "x=-200.0"),
        *("--column", "code:categorical", "--column", "when:date"),
    )
    ran = polytask("fit", "--config", "study.yaml")
    assert ran.status == 0, ran.err
    assert schemas(tmp_path / "model") == schemas(tmp_path / "other")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("missing: -200", {"missing": ["-200"]}),
        ("missing: ['?', -200, 1.5]", {"missing": ["?", "-200", "1.5"]}),
        ("missing: {age: [-1, '?'], '*': x}", {"missing": ["age=-1", "age=?", "*=x"]}),
        ("column: code:categorical", {"column": ["code:categorical"]}),
        ("column: {code: categorical, 'x*': drop}", {"column": ["code:categorical", "x*:drop"]}),
        ("names: a,b", {"names": ["a,b"]}),
        ("names: {red: [a, b], white: c}", {"names": ["red=a,b", "white=c"]}),
        ("names: [a, b]\nno-header: true", {"names": ["a", "b"], "no_header": True}),
        ("separator: ';'\ndecimal: ','", {"separator": [";"], "decimal": [","]}),
        ("separator: {red: ';'}", {"separator": ["red=;"]}),
    ],
)
def test_forms_of_study_files(tmp_path, text, expected):
    (tmp_path / "study.yaml").write_text(text)
    found = settings(FitSettings, {"config": tmp_path / "study.yaml"})
    assert {name: getattr(found, name) for name in expected} == expected


def test_roles_of_columns_whose_names_hold_colons():
    texts = ["a:b:categorical", "when:date=%d/%m/%Y %H:%M", "x*,y:drop"]
    roles = {"a:b": "categorical", "when": "date=%d/%m/%Y %H:%M", "x*,y": "drop"}
    assert column_roles(texts) == roles
    with pytest.raises(ParameterError, match=r"'code' names no role\. Write NAME:ROLE, such as"):
        column_roles(["code"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--column", "cod:numeric"), "'cod' is not a column of the table. Did you mean 'code'?"),
        (("--column", "code:number"), "cannot be declared to be 'number'. Did you mean 'numeric'?"),
        (("--missing", "xx=1"), "The column 'xx' named in --missing is not in the table."),
        (("--decimal", ";"), "--decimal must be '.' or ','."),
        (("--names", "a,b"), "--names must name the 4 columns of"),
        (
            ("--separator", ";"),
            "its cells were separated by the wrong mark. Leave --separator out, or name the right",
        ),
    ],
)
def test_mistakes(polytask, table, arguments, sentence):
    ran = polytask("fit", table, "-t", "y:regression", *LINEAR, *arguments)
    assert ran.status == 2
    assert sentence in ran.error
    assert "Traceback" not in ran.err


def test_a_wrong_separator_of_new_rows(polytask, table):
    assert polytask("fit", table, "-t", "y:regression", *LINEAR).status == 0
    ran = polytask("predict", "model", table, "--separator", "|")
    assert ran.status == 2
    assert "whose only column is called 'x,code,when,y': its cells were separated by" in ran.error


def test_a_header_that_looks_like_data_is_doubted_aloud(polytask, write):
    lines = [",".join((f"{n * 7 % 40 / 8}", f"{n}", f"{n * 7 % 40 / 4}")) for n in range(1, 41)]
    path = write("t.data", *lines)
    target = lines[0].split(",")[2]
    ran = polytask("fit", path, "-t", f"{target}:regression", *LINEAR)
    assert "looks like data: --no-header keeps it as a row" in ran.err
    assert ": 39 rows" in ran.err
    ran = polytask("fit", path, "-t", "y:regression", *LINEAR, "--names", "x,n,y")
    assert ran.status == 0, ran.err
    assert "t.data: 40 rows, 2 inputs, 1 task" in ran.err
    assert "looks like data" not in ran.err
    new = write("new.data", *(line.rsplit(",", 1)[0] for line in lines[:3]))
    assert polytask("predict", "model", new, "--names", "x,n").out.count("\n") == 4
    ran = polytask("fit", path, "-t", "column_3:regression", *LINEAR, "--no-header")
    assert ": 40 rows" in ran.err


def test_new_rows_are_read_as_in_fitting(polytask, write):
    cells = [(x.replace(".", ","), *rest[:2], rest[2].replace(".", ",")) for x, *rest in rows()]
    path = write("t.csv", HEAD.replace(",", ";"), *(";".join(row) for row in cells))
    missing = ("--missing", "x=-200", "--decimal", ",")
    assert polytask("fit", path, "-t", "y:regression", *LINEAR, *missing).status == 0
    lines = ("x;code;when;id", "1,5;01;3/4/2020;7", "?;02;13/4/2020;8", "-200,0;03;1/1/2020;9")
    ran = polytask("predict", "model", write("new.csv", *lines), "--keep", "id")
    assert ran.status == 0, ran.err
    first, second, third = (line.split(",") for line in ran.out.splitlines()[1:])
    assert [row[1] for row in (first, second, third)] == ["7", "8", "9"]
    odd = write("odd.csv", *lines[:1], "n.v.;01;3/4/2020;7")
    ran = polytask("predict", "model", odd)
    assert ran.status == 2
    assert ran.error.startswith("error: Column 'x' held numbers when the model was fitted")
    assert polytask("predict", "model", odd, "--missing", "n.v.").status == 0
    plain = write("plain.csv", "x,code,when", "1.5,01,3/4/2020")
    ran = polytask("predict", "model", plain, "--decimal", ".")
    assert ran.out.splitlines()[1].split(",")[-1] == first[-1]


def test_a_dropped_column_may_say_how_to_split(polytask, table):
    ran = polytask(
        *("fit", table, "-t", "y:regression", *LINEAR, "--column", "when:drop"),
        *("--split", "time:when"),
    )
    assert ran.status == 0, ran.err
    assert "t.csv: 60 rows, 2 inputs, 1 task" in ran.err


@pytest.mark.parametrize("model", ["linear", "hard_sharing"])
def test_identifiers_are_the_same_however_new_rows_write_them(polytask, write, tmp_path, model):
    table = write("t.csv", "user,y", *(f"{row % 7 + 1},{row % 7 * 1.5}" for row in range(70)))
    ran = polytask(
        *("fit", table, "-t", "y:regression", "--model", model, "--steps", 20),
        *("--column", "user:identifier"),
    )
    assert ran.status == 0, ran.err
    (schema,) = schemas(tmp_path / "model")
    (column,) = schema["columns"]
    assert (column["encoder"], column["n_buckets"], column["holds"]) == ("hashed", 256, "numbers")
    answers = []
    for cells in (["7", "99", ""], ["7.0", "99.0", "NA"], ["07", " 99", ""]):
        ran = polytask("predict", "model", write("new.csv", "user,x", *(f"{c},0" for c in cells)))
        assert ran.status == 0, ran.err
        assert "not seen" not in ran.err
        answers.append(ran.out)
    assert answers[0] == answers[1] == answers[2]
    known, new, _ = (line.split(",")[1] for line in answers[0].splitlines()[1:])
    assert known != new


def test_identifiers_in_a_study_file(polytask, write, tmp_path):
    write("t.csv", "user,y", *(f"u{row % 7},{row % 7 * 1.5}" for row in range(70)))
    (tmp_path / "study.yaml").write_text(
        "table: t.csv\ntarget: y:regression\nmodel: linear\ncolumn: {user: identifier}\n"
    )
    ran = polytask("fit", "--config", "study.yaml")
    assert ran.status == 0, ran.err
    assert [column["encoder"] for column in schemas(tmp_path / "model")[0]["columns"]] == ["hashed"]
