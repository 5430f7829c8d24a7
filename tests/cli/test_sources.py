"""`--source NAME=FILE`: tables with rows and columns of their own."""

import csv
import io
import json
import random

import polars as pl
import pytest
from cli_tables import write_csv

import polytask as library
from polytask.cli._settings import CompareSettings, FitSettings, settings
from polytask.cli._source_paths import source_paths
from polytask.exceptions import ParameterError

SOURCES = ("--source", "red=red.csv", "--source", "white=white.csv")
LINEAR = ("-m", "linear", "--out", "model")


@pytest.fixture(autouse=True)
def wines(tmp_path):
    """``red.csv``: acid, ph, id, quality; ``white.csv``: sugar, ph, quality, sweet."""
    draw = random.Random(0)
    red, white = [], []
    for row in range(90):
        acid, ph = draw.gauss(0, 1), draw.gauss(0, 1)
        red.append((acid, ph, f"r{row}", acid - ph + 0.1 * draw.gauss(0, 1)))
    for _ in range(70):
        sugar, ph = draw.gauss(0, 1), draw.gauss(0, 1)
        sweet = "yes" if sugar + draw.gauss(0, 1) > 0 else "no"
        white.append((sugar, ph, sugar + ph + 0.1 * draw.gauss(0, 1), sweet))
    write_csv(tmp_path / "red.csv", red, ("acid", "ph", "id", "quality"))
    write_csv(tmp_path / "white.csv", white, ("sugar", "ph", "quality", "sweet"))


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


# ── fit ───────────────────────────────────────────────────────────────────────
def test_fit_speaks_of_sources_by_name(polytask):
    ran = polytask(
        "fit", *SOURCES, "-t", "quality:regression", "-t", "sweet", "--drop", "id", *LINEAR
    )
    assert ran.status == 0, ran.err
    assert (
        "red (red.csv): 90 rows, 2 inputs, 1 task\n  inputs: acid, ph\n  tasks: quality" in ran.err
    )
    assert "white (white.csv): 70 rows, 2 inputs, 2 tasks\n  inputs: sugar, ph" in ran.err
    assert "by source: red 72 and 18, white 56 and 14" in ran.err
    assert [line.split()[0] for line in ran.out.splitlines()] == ["quality", "sweet", "model:"]
    assert list(library.load("model").schemas) == ["red", "white"]


def test_targets_of_single_sources(polytask):
    ran = polytask(
        *("fit", *SOURCES, "-t", "red/quality:regression", "-t", "white/sweet", *LINEAR),
        *("--drop", "red/id,white/quality"),
    )
    assert ran.status == 0, ran.err
    assert library.load("model").tasks.names == ("quality", "sweet")
    ran = polytask("fit", *SOURCES, "-t", "*/quality:regression", *LINEAR, "--auxiliary", "sweet")
    assert ran.status == 0, ran.err
    tasks = library.load("model").tasks
    assert tasks.names == ("red/quality", "white/quality", "sweet")
    assert not tasks["sweet"].is_primary
    assert "'*/quality' stands for 2 columns: red/quality, white/quality" in ran.err
    assert "red: input id: 90 distinct texts" in ran.err


def test_options_of_single_tasks_and_columns(polytask):
    ran = polytask(
        *("fit", *SOURCES, "-t", "*/quality:regression", *LINEAR),
        *("--task-weight", "red/quality=2", "--metric", "white/quality=mae,rmse"),
        *(
            "--column",
            "red/id:drop",
            "--missing",
            "white/sugar=0",
            "--weight",
            "red/quality=red/ph",
        ),
    )
    assert ran.status != 0
    assert "Row weights must be finite and at least 0" in ran.error
    ran = polytask(
        *("fit", *SOURCES, "-t", "*/quality:regression", *LINEAR),
        *("--task-weight", "red/quality=2", "--metric", "white/quality=mae,rmse"),
        *("--column", "red/id:drop", "--missing", "white/sugar=0", "--features", "ph,acid,sugar"),
    )
    assert ran.status == 0, ran.err
    tasks = library.load("model").tasks
    assert tasks["red/quality"].weight == 2.0
    assert ran.out.splitlines()[1].startswith("white/quality  MAE ")
    assert "red (red.csv): 90 rows, 2 inputs" in ran.err


def test_one_source_has_a_name_too(polytask):
    ran = polytask("fit", "--source", "red=red.csv", "-t", "quality:regression", *LINEAR)
    assert ran.status == 0, ran.err
    assert polytask("predict", "model", "red.csv").status == 0
    assert (
        rows_of(polytask("predict", "model", "--source", "red=red.csv").out)[0]["source"] == "red"
    )


def test_own_rows(polytask, tmp_path):
    head = ("x", "school", "score")
    north = [(row / 7, 7 + row % 2, row / 7 + row % 2) for row in range(40)]
    south = [(row / 5, 8 + row % 2, row / 5 - row % 2) for row in range(40)]
    write_csv(tmp_path / "north.csv", north, head)
    write_csv(tmp_path / "south.csv", south, ("z", *head[1:]))
    sources = ("--source", "north=north.csv", "--source", "south=south.csv")
    ran = polytask(
        *("fit", *sources, "-t", "score:regression", "--task-column", "school", *LINEAR),
        *("--split", "random:0.25"),
    )
    assert ran.status == 0, ran.err
    assert library.load("model").tasks.names == ("7", "8", "9")
    found = rows_of(polytask("predict", "model", *sources).out)
    assert list(found[0]) == ["source", "row", "school", "score"]
    assert [row["source"] for row in found] == ["north"] * 40 + ["south"] * 40
    assert all(row["score"] for row in found)


# ── splits ────────────────────────────────────────────────────────────────────
def with_column(tmp_path, name, values, files=("red.csv", "white.csv")):
    for file in files:
        lines = (tmp_path / file).read_text().splitlines()
        cells = [name, *(str(values(row)) for row in range(len(lines) - 1))]
        text = "\n".join(f"{line},{cell}" for line, cell in zip(lines, cells, strict=True))
        (tmp_path / file).write_text(text + "\n")


def test_a_column_of_each_source_that_names_the_parts(polytask, tmp_path):
    with_column(tmp_path, "part", lambda row: "test" if row % 5 == 0 else "train")
    ran = polytask("fit", *SOURCES, "-t", "quality:regression", *LINEAR)
    assert ran.status == 0, ran.err
    assert "using the table's own column 'part' for train and test rows" in ran.err
    assert "32 test rows are left alone" in ran.err


def test_a_column_of_one_source_that_names_the_parts(polytask, tmp_path):
    with_column(tmp_path, "part", lambda row: ("train", "test")[row % 2], files=["red.csv"])
    ran = polytask("fit", *SOURCES, "-t", "quality:regression", *LINEAR)
    assert "red: column 'part' names train and test rows, but not every source has one" in ran.err
    ran = polytask("fit", *SOURCES, "-t", "quality:regression", *LINEAR, "--split", "column:part")
    assert "column 'part' must be in every source. It is missing in 'white'; add it" in ran.error


@pytest.mark.parametrize("split", ["time:day", "group:day", "group-folds:day:3"])
def test_splits_by_a_column_of_each_source(polytask, tmp_path, split):
    with_column(tmp_path, "day", lambda row: f"2020-01-{1 + row % 20:02}")
    ran = polytask(
        *("fit", *SOURCES, "-t", "quality:regression", *LINEAR, "--split", split),
        *("--features", "acid,sugar", "--drop", "white/ph"),
    )
    assert ran.status == 0, ran.err
    assert "red (red.csv): 90 rows, 1 input," in ran.err


# ── predict ───────────────────────────────────────────────────────────────────
@pytest.fixture
def model(polytask):
    ran = polytask(
        *("fit", *SOURCES, "-t", "quality:regression", "-t", "sweet", "--drop", "id", *LINEAR)
    )
    assert ran.status == 0, ran.err
    return "model"


def test_predictions_have_a_column_of_their_source(polytask, model):
    ran = polytask("predict", model, *SOURCES, "--keep", "id,white/sugar")
    assert ran.status == 0, ran.err
    found = rows_of(ran.out)
    head = ["source", "row", "id", "sugar", "quality", "sweet", "sweet_probability"]
    assert list(found[0]) == head
    assert [row["source"] for row in found] == ["red"] * 90 + ["white"] * 70
    assert [row["row"] for row in found] == [*map(str, range(90)), *map(str, range(70))]
    assert (found[0]["id"], found[0]["sugar"], found[0]["sweet"]) == ("r0", "", "")
    assert found[-1]["sweet"] in {"yes", "no"}
    expected = library.load(model).predict({"red": "red.csv", "white": "white.csv"})["quality"]
    assert [float(row["quality"]) for row in found] == expected.response.tolist()


def test_some_sources_alone(polytask, model):
    found = rows_of(polytask("predict", model, "--source", "white=white.csv").out)
    assert len(found) == 70
    assert list(found[0]) == ["source", "row", "quality", "sweet", "sweet_probability"]
    ran = polytask("predict", model, "--source", "white=white.csv", "--out", "new.csv")
    assert "new.csv: 70 rows predicted by linear" in ran.err


def test_named_tasks_of_sources(polytask, model):
    found = rows_of(polytask("predict", model, *SOURCES, "--task", "sweet").out)
    assert list(found[0]) == ["source", "row", "sweet", "sweet_probability"]
    assert [row["source"] for row in found] == ["white"] * 70
    ran = polytask("predict", model, "--source", "red=red.csv", "--task", "sweet")
    assert ran.status == 2
    assert ran.error.startswith("error: Task 'sweet' lies in none of the given sources, 'red'.")


def test_kept_columns_never_mix_with_answers(polytask, model, tmp_path):
    write_csv(tmp_path / "bare.csv", [(0.5, 1.5)], ("acid", "ph"))
    sources = ("--source", "red=bare.csv", "--source", "white=white.csv")
    (first, *_, last) = rows_of(polytask("predict", model, *sources, "--keep", "quality").out)
    assert first["quality"] == ""
    assert float(first["quality_predicted"])
    assert float(last["quality"]) != float(last["quality_predicted"])
    assert "quality_predicted_" not in last


def test_new_categories_are_noted_by_source(polytask, tmp_path):
    towns = [(row, "abc"[row % 3], row + row % 3) for row in range(60)]
    write_csv(tmp_path / "a.csv", towns, ("x", "town", "y"))
    sources = ("--source", "a=a.csv", "--source", "red=red.csv")
    ran = polytask("fit", *sources, "-t", "y:regression", "-t", "quality:regression", *LINEAR)
    assert ran.status == 0, ran.err
    write_csv(tmp_path / "new.csv", [(1, "z"), (2, "a")], ("x", "town"))
    ran = polytask("predict", "model", "--source", "a=new.csv")
    assert "note: a: town: 'z' (1 cell) was not seen in fitting" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("red.csv",), "learned from several sources, 'red', 'white'"),
        (("--source", "rose=red.csv"), "no source named 'rose'. It learned from 'red', 'white'"),
        (
            ("red.csv", "--source", "red=red.csv"),
            "either one table or sources by --source NAME=FILE, not both",
        ),
        ((), "Name the table to predict, such as rows.csv, or several by --source NAME=FILE"),
        (("--source", "red.csv"), "--source must be written NAME=FILE, such as red=red.csv"),
        (("--source", "red=none.csv"), "There is no file none.csv"),
        (("--source", "red=white.csv"), "Source 'red': The model needs the same inputs"),
        (("--source", "red=red.csv", "--keep", "sugar"), "'sugar', is not in any source"),
        (("--source", "red=red.csv", "--out", "red.csv"), "would be overwritten"),
        (("--source", "red=red.csv", "--missing", "sugar=?"), "'sugar' is not a column of any"),
        (("--source", "red=red.parquet", "--separator", ";"), "None of the sources is one; leave"),
        (("--source", "red=red.parquet", "--no-header"), "None of the sources is one; leave"),
        (
            ("--source", "red=red.parquet", "--source", "white=white.csv", "--decimal", "red=,"),
            "--decimal is for text files, and source 'red' is none; leave it out",
        ),
        (("--source", "red=red.csv", "--separator", ";", "--separator", ","), "twice, ';' and ','"),
        (
            ("--source", "red=red.csv", "--decimal", "red=,", "--decimal", "red=."),
            "--decimal is given twice for source 'red'",
        ),
    ],
)
def test_refused_predictions(polytask, model, arguments, words):
    pl.read_csv("red.csv").write_parquet("red.parquet")
    ran = polytask("predict", model, *arguments)
    assert ran.status != 0
    assert words in ran.error


def test_a_model_of_one_table_knows_no_source_by_another_name(polytask):
    assert polytask("fit", "red.csv", "-t", "quality:regression", *LINEAR).status == 0
    ran = polytask("predict", "model", "--source", "red=red.csv")
    assert "no source named 'red'. It learned from 'table'" in ran.error


# ── files that are written in different ways ──────────────────────────────────
def german(path):
    """``red.csv`` with semicolons, decimal commas and no header."""
    table = pl.read_csv("red.csv").drop("id")
    lines = [";".join(str(cell).replace(".", ",") for cell in row) for row in table.rows()]
    path.write_text("\n".join(lines) + "\n")


WRITTEN = ("--decimal", "red=,", "--separator", "red=;", "--names", "red=acid,ph,quality")


def test_each_source_as_its_file_is_written(polytask, model, tmp_path):
    plain = polytask("predict", model, *SOURCES)
    german(tmp_path / "german.csv")
    files = ("--source", "red=german.csv", "--source", "white=white.csv")
    assert polytask("predict", model, *files, *WRITTEN).out == plain.out
    refused = polytask("predict", model, *files, *WRITTEN[:-1], "acid,ph,quality")
    assert refused.status == 2
    options = {"decimal": {"red": ","}, "names": {"red": ["acid", "ph", "quality"]}}
    (tmp_path / "study.yaml").write_text(json.dumps(options))
    target = ("-t", "quality:regression", "-m", "linear")
    fits = [("--drop", "id", *SOURCES), (*files, *WRITTEN), (*files, "--config", "study.yaml")]
    for number, how in enumerate(fits):
        ran = polytask("fit", *how, *target, "--out", f"model{number}", "--drop", "sweet")
        assert ran.status == 0, ran.err
    asked = [SOURCES, (*files, *WRITTEN), (*files, *WRITTEN)]
    said = [polytask("predict", f"model{number}", *how).out for number, how in enumerate(asked)]
    assert said[0].startswith("source,row,quality\nred,0,")
    assert said[0] == said[1] == said[2]


@pytest.mark.usefixtures("unchecked_types")
def test_one_table_has_no_sources(polytask, tmp_path):
    german(tmp_path / "german.csv")
    ran = polytask("fit", "german.csv", *WRITTEN, "-t", "quality:regression", *LINEAR)
    assert "--decimal must be" in ran.error
    table = {"x": [1.0, 2.0], "y": [1.0, 2.0]}
    with pytest.raises(ParameterError, match="one value, since there is one table"):
        library.read(str(tmp_path / "german.csv"), "column_1", decimal={"red": ","})
    with pytest.raises(
        ParameterError, match=r"`separator` names 'rde', which is no source\. Did yo"
    ):
        library.read(sources={"red": table}, tasks="y", separator={"rde": ";"})


# ── settings ──────────────────────────────────────────────────────────────────
def test_a_study_file_maps_sources_to_files(polytask, tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(
        "source: {red: red.csv, white: white.csv}\ntarget: quality:regression\nmodel: linear\n"
    )
    ran = polytask("fit", "--config", study)
    assert ran.status == 0, ran.err
    assert list(library.load("model").schemas) == ["red", "white"]
    ran = polytask("fit", "red.csv", "--config", study)
    assert list(library.load("model").schemas) == ["table"]


def test_a_table_and_sources_are_too_much(polytask):
    ran = polytask("fit", "red.csv", *SOURCES, "-t", "quality", *LINEAR)
    assert ran.error.endswith("either one table or sources by --source NAME=FILE, not both.")


@pytest.mark.parametrize("value", ["{red: 3}", "[3]", "5", "{red: [a, b]}"])
def test_wrong_sources_of_a_study_file(tmp_path, value):
    path = tmp_path / "study.yaml"
    path.write_text(f"source: {value}\n")
    with pytest.raises(ParameterError, match=r"`source` parameter.*must be NAME=FILE, a list of t"):
        settings(FitSettings, {"config": path})


def test_sources_on_the_command_line_replace_those_of_the_study_file(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("source: {red: red.csv}\ntable: other.csv\n")
    assert settings(CompareSettings, {"config": path, "source": ["a=b.csv"]}).source == ["a=b.csv"]
    assert settings(CompareSettings, {"config": path, "source": ["a=b.csv"]}).table is None


@pytest.mark.parametrize("word", ["red.csv", "=red.csv", "red=", " =x.csv"])
def test_a_source_needs_name_and_file(word):
    with pytest.raises(ParameterError, match="--source must be written NAME=FILE"):
        source_paths([word])


def test_a_source_is_named_once():
    said = r"--source names red twice, a\.csv and b\.csv\. Rename one of them\."
    for second in ("red=b.csv", " red = b.csv"):
        with pytest.raises(ParameterError, match=said):
            source_paths(["red=a.csv", second])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name at least one target: --target NAME[:KIND]. red has the columns acid, ph, id"),
        (("-t", "qualty"), "not a column of any source. Did you mean 'quality' (in red, white)?"),
        (("-t", "red/sweet"), "not a column of source red. Did you mean 'white/sweet'?"),
        (("-t", "sweet"), "Source 'red' has no column of a target (these are sweet)"),
        (("-t", "quality", "--drop", "idd"), "Did you mean 'id' (in red)?"),
        (("-t", "quality", "--metric", "white/quality=mae"), "names no task by 'white/quality'"),
    ],
)
def test_refused_columns(polytask, arguments, words):
    ran = polytask("fit", *SOURCES, *LINEAR, *arguments)
    assert ran.status != 0
    assert words in ran.error


# ── compare ───────────────────────────────────────────────────────────────────
def test_compare(polytask, tmp_path):
    arguments = (
        *("compare", *SOURCES, "-t", "quality:regression", "-t", "sweet:binary", "--drop", "id"),
        *("-m", "hard_sharing", "-m", "linear", "--seeds", 1, "--trials", 1, "--steps", 20),
    )
    ran = polytask(*arguments)
    assert ran.status == 0, ran.err
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("red-white-")
    page = (folder / "report.html").read_text()
    assert ">red</th>" in page
    assert "quality 70, sweet 70" in page
    assert set(library.load(folder / "model").schemas) == {"red", "white"}
    assert "single_task" in ran.out
    assert list((tmp_path / "runs").iterdir()) == [folder]


# ── the same name or the same file twice ──────────────────────────────────────
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--source", "red=red.csv", "--source", "red=white.csv", "-t", "quality"),
            "--source names red twice, red.csv and white.csv. Rename one of them.",
        ),
        (
            (*SOURCES, "-t", "quality", "-t", "quality"),
            "must be tasks with unique names. Got 'quality' twice; rename one of them, or leave",
        ),
        (
            (*SOURCES, "-t", "sweet", "-t", "white/sweet,red/quality,white/sweet"),
            "must be tasks with unique names. Got 'white/sweet' twice",
        ),
        ((*SOURCES, "-t", "a=white/sweet", "-t", "a=red/quality"), "Got 'a' twice"),
        ((*SOURCES, "-t", "sweet", "--auxiliary", "sweet"), "Got 'sweet' twice"),
    ],
)
def test_names_given_twice(polytask, arguments, sentence):
    ran = polytask("fit", *arguments, *LINEAR)
    assert ran.status == 2
    assert sentence in ran.error


def test_a_study_file_that_names_a_source_twice(polytask, tmp_path):
    (tmp_path / "s.yaml").write_text("source: {red: red.csv, red: white.csv}\ntarget: quality\n")
    ran = polytask("fit", "--config", "s.yaml")
    assert (ran.status, "'red' stands there twice" in ran.error) == (2, True)


def test_rows_to_predict_of_one_source_twice(polytask):
    ran = polytask("predict", "model", "--source", "red=red.csv", "--source", "red=white.csv")
    assert ran.status == 2
    assert "--source names red twice, red.csv and white.csv. Rename one of them." in ran.error


def test_one_file_as_two_sources_is_noted(polytask):
    pair = ("--source", "red=red.csv", "--source", "rouge=./red.csv")
    ran = polytask("fit", *pair, "-t", "quality:regression", *LINEAR)
    assert ran.status == 0, ran.err
    said = "rouge: the same table as red, so that a row may be trained on in one source and tested"
    assert said in ran.err
    assert "red: the same table" not in polytask("fit", *SOURCES, "-t", "quality", *LINEAR).err


def test_a_wrong_separator(polytask):
    ran = polytask(
        "fit", *SOURCES, "-t", "white/sweet", "-t", "quality", "--separator", ";", *LINEAR
    )
    assert ran.status == 2
    assert "not a column of source white, whose only column is called 'sugar,ph,qu" in ran.error
