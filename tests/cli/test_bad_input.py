"""What people get wrong, and the sentence that they read then."""

import json

import pytest
from cli_tables import HEAD, census, replaced, write_csv

WRITTEN = ".csv, .tsv, .csv.gz, .tsv.gz, .parquet, .arrow, .feather, .ipc, .ndjson, .jsonl"
TYPES = f"{WRITTEN}, .npz, .npy, .mat, .arff"
LEAST = min(row[4] for row in census())
FIRST = census()[0][1]
QUICK = ("--model", "linear", "--seeds", 1)


@pytest.fixture(params=["compare", "fit"])
def refused(polytask, request, tmp_path):
    """The sentence with which both commands that learn refuse; they leave nothing behind."""

    def run(*arguments: object) -> str:
        before = sorted(tmp_path.iterdir())
        ran = polytask(request.param, *arguments)
        assert ran.status == 2
        assert ran.out == ""
        assert "Traceback" not in ran.err
        assert sorted(tmp_path.iterdir()) == before
        assert ran.error.startswith("error: ")
        return ran.error.removeprefix("error: ")

    return run


# ── targets ───────────────────────────────────────────────────────────────────
def test_a_target_that_is_not_a_column(refused, table):
    assert refused(table, "-t", "incme:binary") == (
        "Task 'incme': the target 'incme' is not a column of the table. Did you mean 'income'?"
    )


def test_a_table_without_a_header(refused, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("0.5,1,7.5\n0.25,0,2.5\n")
    assert refused(path, "-t", "income").endswith(
        "'income' is not a column of the table. Known: 0.5, 1, 7.5. "
        "The first line looks like data; does the file lack a header? Then add --no-header, or "
        "--names with the names of its columns (no_header=, names= in Python)."
    )


def test_no_target(refused, table):
    assert refused(table) == (
        f"Name at least one target: --target NAME[:KIND]. {table} has the columns age, colour, "
        "income, level, score, married."
    )


@pytest.mark.parametrize("target", ["", " ", ":", ":binary"])
def test_a_target_without_a_name(refused, table, target):
    assert refused(table, "-t", target) == (
        f"A target must be written NAME[:KIND], such as income:binary. Got {target!r}."
    )


@pytest.mark.parametrize("kind", ["", ":binary", ":regression"])
def test_a_target_that_is_all_missing(refused, tmp_path, kind):
    path = write_csv(tmp_path / "t.csv", replaced("income", ""))
    assert refused(path, "-t", f"income{kind}") == (
        "Task 'income': column 'income' has no observed label to learn from: all 60 rows are "
        "missing."
    )


@pytest.mark.parametrize("kind", ["", ":binary"])
def test_a_target_of_one_class(refused, tmp_path, kind):
    path = write_csv(tmp_path / "t.csv", replaced("income", 1))
    assert refused(path, "-t", f"income{kind}") == (
        "Task 'income': column 'income' holds only one class, 1, in the training rows. A binary "
        "task needs both; check the split or drop the task."
    )


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            "level:binary",
            (
                "Task 'level' is binary, but column 'level' holds 3 distinct values (0, 1, 2). Choose "
                "the kind multiclass or regression."
            ),
        ),
        (
            "colour:binary",
            (
                "Task 'colour' is binary, but column 'colour' holds 3 distinct values ('a', 'b', 'c'). "
                "Choose the kind multiclass."
            ),
        ),
        (
            "score:multiclass",
            (
                f"Task 'score' is multiclass, but column 'score' holds fractions such as {LEAST}. Choose "
                "the kind regression."
            ),
        ),
        (
            "colour:regression",
            (
                "The target column 'colour' of a regression holds text. Give numbers, or choose the "
                "kind binary or multiclass."
            ),
        ),
        (
            "both=income,level:multilabel",
            (
                "Task 'both' is multilabel, but column 'level' holds 2. Give columns of 0 and 1 or of "
                "false and true."
            ),
        ),
    ],
)
def test_kind_and_column_disagree(refused, table, target, sentence):
    assert refused(table, "-t", target) == sentence


def test_an_infinite_target(refused, tmp_path):
    path = write_csv(tmp_path / "t.csv", replaced("score", "inf", slice(7, 9)))
    assert refused(path, "-t", "score") == (
        "Column 'score' holds an infinite value (inf, first in row 7). Replace it by a number, or "
        "by null if it is missing."
    )


def test_a_target_named_twice(refused, table):
    assert refused(table, "-t", "income", "-t", "income:binary") == (
        "--target must be tasks with unique names. Got 'income' twice; "
        "rename one of them, or leave it out."
    )


def test_several_targets_with_a_task_column(refused, table):
    assert refused(table, "-t", "score", "-t", "income", "--task-column", "colour") == (
        "With --task-column, one target serves all tasks. Got score, income; name one, or one "
        "task of several columns."
    )


# ── tables ────────────────────────────────────────────────────────────────────
def test_duplicate_column_names(refused, tmp_path):
    head = ("age", "colour", "income", "level", "age", "married")
    path = write_csv(tmp_path / "t.csv", census(), head)
    assert refused(path, "-t", "income") == (
        f"{path}: The table has several columns of one name: 'age'. Rename or remove all but one."
    )


def test_an_infinite_input(refused, tmp_path):
    path = write_csv(tmp_path / "t.csv", replaced("age", "-inf", slice(5, 6)))
    assert refused(path, "-t", "income") == (
        "Column 'age' holds an infinite value (-inf, first in row 5). Replace it by a number, or "
        "by null if it is missing."
    )


def test_a_missing_file(refused, table):
    assert refused("cesus.csv", "-t", "income") == (
        "There is no file cesus.csv. Did you mean 'census.csv'?"
    )


def test_a_missing_folder(refused):
    assert refused("data/census.csv", "-t", "income") == (
        "There is no file data/census.csv. There is no folder data either."
    )


def test_an_empty_file(refused, tmp_path):
    (tmp_path / "t.csv").write_text("")
    assert refused("t.csv", "-t", "income") == "t.csv is empty."


def test_a_file_of_a_header_alone(refused, tmp_path):
    write_csv(tmp_path / "t.csv", [])
    assert refused("t.csv", "-t", "income") == (
        "t.csv holds a header (age, colour, income, level, score) but no rows."
    )


def test_an_unknown_type_of_file(refused, tmp_path):
    write_csv(tmp_path / "t.xlsx", census())
    assert refused("t.xlsx", "-t", "income") == (
        f"t.xlsx is of an unknown type '.xlsx'. Known: {TYPES}."
    )


@pytest.mark.parametrize("option", ["--features", "--drop", "--weight", "--task-column"])
def test_an_option_that_names_no_column(refused, table, option):
    what = {
        "--features": "The feature",
        "--drop": "The dropped column",
        "--weight": "The weight column",
        "--task-column": "The task column",
    }
    assert refused(table, "-t", "income", option, "leve") == (
        f"{what[option]} 'leve' is not a column of the table. Did you mean 'level'?"
    )


# ── splits ────────────────────────────────────────────────────────────────────
_SHARE = (
    "The split '{}' must give a share of test rows, from 0 to below 0.8, since 0.2 of the rows are for "
    "validation, such as random:0.2."
)
FORMS = "random:0.2, group:COLUMN, time:COLUMN, folds:5, group-folds:COLUMN:5 or column:COLUMN."


def test_too_few_rows_to_split(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", census(1))
    ran = polytask("compare", path, "-t", "score:regression", *QUICK)
    assert ran.status == 2
    assert ran.error == (
        "error: Task 'score' has 1 labelled row, too few to split in 3 parts: at least 3 are "
        "needed. Add rows, or leave this task out of the table."
    )


def test_so_few_rows_that_a_part_is_empty(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", census(3))
    ran = polytask("compare", path, "-t", "income:binary", *QUICK)
    assert ran.status == 2
    assert ran.error == (
        "error: Split 'random' has no test rows. compare fits on training rows, chooses by "
        "validation rows and judges by test rows: it needs all three. Add rows, or split in "
        "another way."
    )


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        (
            "rndom:0.2",
            f"There is no split named 'rndom'. Did you mean 'random'? Write {FORMS}",
        ),
        ("random:half", _SHARE.format("random:half")),
        ("group:", f"The split 'group:' names no column. Write {FORMS}"),
        ("random:0.9", _SHARE.format("random:0.9")),
        ("folds:1", "The number of folds of the split 'folds:1' must be an int in [2, 1,000]. Got 1."),
        ("group:colr", "The group column 'colr' is not a column of the table. Did you mean 'colour'?"),
        (
            "time:colour",
            f"The time column 'colour' must hold dates, times or numbers. Got {FIRST!r} in row 0.",
        ),
        ("folds:x", "The split 'folds:x' must give a number of folds, such as folds:5 or folds:5x2."),
        (
            "column:colour",
            (f"The split column 'colour' must say train, validation or test in every row. Got {FIRST!r} "
            "in row 0."),
        ),
    ],
)  # fmt: skip
def test_a_split_that_cannot_be(refused, table, split, sentence):
    assert refused(table, "-t", "income", "--split", split) == sentence


# ── names and numbers ─────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("option", "name", "sentence"),
    [
        ("--target", "income:binry", ("There is no kind of task named 'binry'. Did you mean 'binary'? One of your own is "
            "written module:Class.")),
        ("--model", "hard_sharin", ("There is no model named 'hard_sharin'. Did you mean 'hard_sharing'? One of your own is "
            "written module:Class.")),
        (
            "--weighting",
            "uncertanty",
            ("There is no weighting named 'uncertanty'. Did you mean 'uncertainty_weighting'? One "
            "of your own is written module:Class."),
        ),
        ("--aggregation", "mgad", ("There is no aggregation named 'mgad'. Did you mean 'mgda'? One of your own is "
            "written module:Class.")),
    ],
)  # fmt: skip
def test_unknown_names(refused, table, option, name, sentence):
    assert refused(table, "-t", "score", option, name) == sentence


@pytest.mark.parametrize("number", [0, -3])
def test_numbers_out_of_range(refused, table, number):
    assert refused(table, "-t", "income", "--epochs", number) == (
        f"--epochs must be a whole number from 1 to 1,000,000,000. Got {number} instead."
    )
    assert refused(table, "-t", "income", "--steps", number) == (
        f"--steps must be a whole number from 1 to 1,000,000,000. Got {number} instead."
    )


def test_steps_and_epochs(refused, table):
    assert refused(table, "-t", "income", "--steps", 10, "--epochs", 1) == (
        "Give either --steps or --epochs, not both."
    )


def test_no_seeds(polytask, table):
    ran = polytask("compare", table, "-t", "income", "--seeds", 0)
    assert ran.status == 2
    assert ran.error.startswith("error: --seeds must be a whole number from 1 to 10,000.")


def test_a_word_where_a_number_belongs(polytask, table):
    ran = polytask("compare", table, "-t", "income", "--seeds", "three")
    assert ran.status == 2
    assert "Invalid value for '--seeds'" in ran.err


# ── folders ───────────────────────────────────────────────────────────────────
def test_a_folder_that_holds_another_study(polytask, table, tmp_path):
    polytask("compare", table, "-t", "income:binary", *QUICK, "--out", "out")
    before = (tmp_path / "out" / "comparison.json").read_bytes()
    ran = polytask("compare", table, "-t", "married:binary", *QUICK, "--out", "out")
    assert ran.status == 2
    assert ran.error == (
        "error: out holds another study: its data and split differ. Tasks and their options are part "
        "of the data. Choose another folder with --out, or remove this one."
    )
    assert (tmp_path / "out" / "comparison.json").read_bytes() == before


def test_a_folder_that_holds_something_else(polytask, table, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    ran = polytask("fit", table, "-t", "income:binary", "--model", "linear", "--out", "out")
    assert ran.status == 2
    assert ran.err == (
        f"error: {tmp_path / 'out'} holds something other than a saved model, so nothing is saved "
        "over it. Name another folder, or empty this one.\n"
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.txt"]


def test_a_file_where_a_folder_belongs(polytask, table):
    ran = polytask("compare", table, "-t", "income", *QUICK, "--out", table)
    assert ran.status == 2
    assert ran.error == f"error: {table} is a file. Choose another folder with --out."
    ran = polytask("fit", table, "-t", "income", "--out", table)
    assert ran.status == 2
    assert ran.err == (
        f"error: {table} is a file, so no model is saved there. Name another folder.\n"
    )


# ── saved models ──────────────────────────────────────────────────────────────
@pytest.fixture
def fitted(polytask, table, tmp_path):
    """A model of three inputs and two tasks in the folder ``model``."""
    targets = ("-t", "income:binary", "-t", "married:binary", "--drop", "score")
    ran = polytask("fit", table, *targets, "--model", "hard_sharing", "--steps", 5)
    assert ran.status == 0
    return tmp_path / "model"


def test_a_column_that_changed_its_type(polytask, fitted, tmp_path):
    new = write_csv(tmp_path / "new.csv", replaced("age", "old", slice(3, 4)))
    ran = polytask("predict", "model", new)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "error: Column 'age' held numbers when the model was fitted, and holds text now ("
        "'old' in row 3). Give it numbers again, or fit a new model.\n"
    )


def test_a_column_that_is_gone(polytask, fitted, tmp_path):
    new = write_csv(tmp_path / "new.csv", census(), ("years", *HEAD[1:]))
    ran = polytask("predict", "model", new)
    assert ran.status == 2
    assert ran.err.startswith("error: The model needs the same inputs as in fitting, but 'age' is")


def test_unseen_categories_are_fine(polytask, fitted, tmp_path):
    new = write_csv(tmp_path / "new.csv", replaced("colour", "violet", slice(0, 9)))
    ran = polytask("predict", "model", new, "--out", "p.csv")
    assert (ran.status, ran.out) == (0, "")


def test_an_infinite_value_to_predict(polytask, fitted, tmp_path):
    new = write_csv(tmp_path / "new.csv", replaced("age", "inf", slice(2, 3)))
    ran = polytask("predict", "model", new)
    assert ran.status == 2
    assert ran.err.startswith("error: Column 'age' holds an infinite value (inf")


def test_a_truncated_model(polytask, fitted, table):
    (weights,) = fitted.glob("*.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    ran = polytask("predict", "model", table)
    assert ran.status == 2
    assert ran.err == (
        f"error: model/{weights.name} has 100 bytes instead of {len(whole)}: it is truncated or "
        "edited. Copy the whole folder again, or save the model anew.\n"
    )


def test_an_edited_model(polytask, fitted, table):
    (weights,) = fitted.glob("*.safetensors")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    ran = polytask("predict", "model", table)
    assert ran.status == 2
    assert ran.err == (
        f"error: model/{weights.name} was edited or damaged after it was written. Copy the whole "
        "folder again, or save the model anew.\n"
    )


def test_an_edited_manifest(polytask, fitted, table):
    manifest = json.loads((fitted / "bundle.json").read_text())
    (fitted / "bundle.json").write_text(json.dumps({**manifest, "name": "mine"}))
    ran = polytask("predict", "model", table)
    assert ran.status == 2
    assert ran.err == (
        "error: model/bundle.json was edited or damaged after it was written. Copy the whole "
        "folder again, or save the model anew.\n"
    )


def test_a_truncated_manifest(polytask, fitted, table):
    text = (fitted / "bundle.json").read_text()
    (fitted / "bundle.json").write_text(text[: len(text) // 2])
    ran = polytask("predict", "model", table)
    assert ran.status == 2
    assert ran.err.startswith("error: model/bundle.json is truncated or damaged (")


def test_a_file_of_the_model_is_missing(polytask, fitted, table):
    (weights,) = fitted.glob("*.safetensors")
    weights.unlink()
    ran = polytask("predict", "model", table)
    assert ran.status == 2
    assert ran.err == (
        f"error: model/{weights.name} is missing from the saved model. Copy the whole folder "
        "again, or save the model anew.\n"
    )


def test_no_model_at_all(polytask, table, tmp_path):
    ran = polytask("predict", tmp_path, table)
    assert ran.status == 2
    assert ran.err == (
        f"error: {tmp_path} is not a saved model: it has no bundle.json. Give the folder that a "
        "model was saved to.\n"
    )


def test_predictions_never_overwrite_what_they_come_from(polytask, fitted, table, tmp_path):
    before = table.read_bytes()
    ran = polytask("predict", "model", "census.csv", "--out", tmp_path / "census.csv")
    assert ran.status == 2
    assert ran.err == (
        f"error: {table} holds the rows to predict and would be overwritten. Name another file.\n"
    )
    assert table.read_bytes() == before
    ran = polytask("predict", "model", table, "--out", "model/p.csv")
    assert ran.status == 2
    assert ran.err == (
        "error: model/p.csv lies in the model's folder, where only its own files may be.\n"
    )


def test_predictions_of_an_unknown_type(polytask, fitted, table):
    ran = polytask("predict", "model", table, "--out", "p.txt")
    assert ran.status == 2
    assert ran.err == f"error: p.txt is of an unknown type '.txt'. Known: {WRITTEN}.\n"


def test_a_named_task_without_a_label(polytask, tmp_path):
    rows = "".join(f"{n},{n % 2},,\n" for n in range(40))
    (tmp_path / "t.csv").write_text(f"x,a,b1,b2\n{rows}")
    for quiet in ((), ("--quiet",)):
        ran = polytask("compare", "t.csv", "-t", "a:binary", "-t", "b1:binary", *quiet)
        assert ran.status == 2
        assert "Task 'b1': column 'b1' has no observed label" in ran.error
        assert ran.error.endswith("Leave the task out.")
    ran = polytask("fit", "t.csv", "-t", "a:binary", "-t", "b*:binary", "-m", "constant")
    assert ran.status == 0, ran.err
    assert "b1, b2: left out, since no label is observed in the table" in ran.err
