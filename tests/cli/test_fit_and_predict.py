import csv

import numpy as np
import polars as pl
import pytest
from cli_tables import HEAD, census, replaced, write_csv

import polytask as library

ALL = ("-t", "income:binary", "-t", "level:multiclass", "-t", "score:regression")
LINEAR = ("--model", "linear", "--out", "model")


def test_fit_says_how_the_model_does_and_saves_it(polytask, table):
    ran = polytask("fit", table, *ALL, "--model", "hard_sharing", "--steps", 50)
    assert ran.status == 0, ran.err
    income, level, score, *by_class, where = ran.out.splitlines()
    assert by_class[0] == "level, by class"
    assert income.startswith("income  ROC-AUC ")
    assert level.startswith("level   accuracy ")
    assert score.startswith("score   RMSE ")
    assert where == "model: model"
    assert "48 training and 12 validation rows" in ran.err
    assert "fewer than 100 validation rows" in ran.err
    assert "census.csv: 60 rows, 3 inputs, 3 tasks\n  inputs: age, colour, married\n" in ran.err
    assert "hard_sharing, " in ran.err
    assert library.load("model").tasks.names == ("income", "level", "score")


def test_what_a_model_decides_by_itself_is_a_note_without_lines_of_code(polytask, table):
    for quiet in ([], ["--quiet"]):
        ran = polytask("fit", table, *ALL, "--model", "hard_sharing+tab_m", "--steps", 2, *quiet)
        assert ran.status == 0, ran.err
        (note,) = [line for line in ran.err.splitlines() if "tab_m are trained with" in line]
        assert note.startswith("note: Networks with tab_m are trained with optimizer=adamw, ")
        assert "Warning" not in ran.err
        assert ".py" not in ran.err


def test_what_observers_measure_is_kept_with_the_model(polytask, table):
    names = ("--observer", "gradient_conflict", "--observer", "users_observer:WeightNorm")
    more = ("--steps", 2, "--set", "observers.n_batches=1")
    ran = polytask("fit", table, *ALL, "--model", "hard_sharing", *names, *more)
    assert ran.status == 0, ran.err
    (record,) = library.load("model").history.epochs
    assert len(record.observed["gradient_conflict"]["cosines"]) == 3
    assert record.observed["weight_norm"]["norm"] > 0


def test_a_new_folder_of_predictions_is_named(polytask, table, tmp_path):
    polytask("fit", table, "-t", "income:binary", *LINEAR)
    ran = polytask("predict", "model", table, "--out", "new/deep/p.csv")
    assert ran.status == 0
    assert "new/deep/p.csv: 60 rows predicted by linear, in the new folder new/deep\n" in ran.err
    again = polytask("predict", "model", table, "--out", "new/deep/p.csv")
    assert "new/deep/p.csv: 60 rows predicted by linear\n" in again.err


def test_predictions_as_csv(polytask, table, tmp_path):
    polytask("fit", table, *ALL, *LINEAR)
    ran = polytask("predict", "model", table, "--out", "predictions.csv")
    assert (ran.status, ran.out) == (0, "")
    assert "predictions.csv: 60 rows predicted by linear" in ran.err
    with (tmp_path / "predictions.csv").open() as file:
        head, *rows = csv.reader(file)
    assert head == [
        "row",
        "income",
        "income_probability",
        "level",
        "level_probability_0",
        "level_probability_1",
        "level_probability_2",
        "score",
    ]
    assert [row[0] for row in rows] == [str(row) for row in range(60)]
    found = library.load("model").predict(pl.read_csv(table))
    assert [float(row[2]) for row in rows] == found["income"].response.tolist()
    assert [int(row[3]) for row in rows] == found["level"].decision.tolist()
    assert [float(row[7]) for row in rows] == found["score"].response.tolist()
    for row in rows:
        assert row[1] == str(int(float(row[2]) > 0.5))
        assert sum(map(float, row[4:7])) == pytest.approx(1)


def test_targets_are_not_needed_and_others_are_ignored(polytask, table, tmp_path):
    polytask("fit", table, "-t", "income:binary", "--drop", "level,score,married", *LINEAR)
    rows = [(row[1], "x", row[0]) for row in census()]
    new = write_csv(tmp_path / "new.csv", rows, ("colour", "note", "age"))
    assert polytask("predict", "model", new).out == polytask("predict", "model", table).out


def test_predictions_to_the_screen(polytask, table):
    polytask("fit", table, "-t", "married:binary", *LINEAR)
    ran = polytask("predict", "model", table, "--quiet")
    assert ran.err == ""
    head, first, *_ = ran.out.splitlines()
    assert head == "row,married,married_probability"
    assert first.startswith(("0,yes,", "0,no,"))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("p.tsv", lambda path: pl.read_csv(path, separator="\t")),
        ("p.csv.gz", pl.read_csv),
        ("p.parquet", pl.read_parquet),
        ("p.arrow", pl.read_ipc),
        ("p.NDJSON", pl.read_ndjson),
    ],
)
def test_the_suffix_says_what_is_written(polytask, table, tmp_path, name, read):
    polytask("fit", table, *ALL, *LINEAR)
    polytask("predict", "model", table, "--out", "p.csv")
    assert polytask("predict", "model", table, "--out", name).status == 0
    assert read(tmp_path / name).equals(pl.read_csv(tmp_path / "p.csv"))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_absent_inputs_are_all_named(polytask, table, tmp_path):
    polytask("fit", table, "-t", "income:binary", *LINEAR)
    (tmp_path / "few.csv").write_text("level,score,married\n0,1.5,no\n")
    assert polytask("predict", "model", "few.csv").error == (
        "error: The model needs the same inputs as in fitting, but 'age', 'colour' are not columns "
        "of the table. Check its header."
    )


def test_the_folder_of_a_comparison_is_no_model(polytask, table):
    polytask("fit", table, "-t", "income:binary", *LINEAR, "--out", "run/model")
    assert polytask("predict", "run", table).error == (
        "error: run is not a saved model: it has no bundle.json. Did you mean run/model?"
    )


def test_columns_to_keep(polytask, table, tmp_path):
    polytask("fit", table, "-t", "income:binary", *LINEAR)
    polytask("predict", "model", table, "--keep", "colour,age", "--keep", "income", "-o", "p.csv")
    found = pl.read_csv(tmp_path / "p.csv")
    assert found.columns == [
        "row",
        "colour",
        "age",
        "income",
        "income_predicted",
        "income_probability",
    ]
    assert found["colour"].to_list() == [row[1] for row in census()]
    assert found["income"].to_list() == [row[2] for row in census()]


def test_a_column_to_keep_that_is_not_there(polytask, table):
    polytask("fit", table, "-t", "income:binary", *LINEAR)
    ran = polytask("predict", "model", table, "--keep", "colur")
    assert ran.status == 2
    assert ran.err == (
        "error: The column to keep, 'colur', is not in the table. Did you mean 'colour'?\n"
    )


def test_one_task_a_row(polytask, table, tmp_path):
    polytask("fit", table, "-t", "score:regression", "--task-column", "colour", *LINEAR)
    polytask("predict", "model", table, "--out", "p.csv")
    found = pl.read_csv(tmp_path / "p.csv")
    assert found.columns == ["row", "colour", "score"]
    assert found["colour"].to_list() == [row[1] for row in census()]
    assert np.corrcoef(found["score"], [row[4] for row in census()])[0, 1] > 0.9


def test_one_task_a_row_needs_the_task_column(polytask, table, tmp_path):
    polytask("fit", table, "-t", "score:regression", "--task-column", "colour", *LINEAR)
    without = write_csv(
        tmp_path / "new.csv",
        [(row[0], *row[2:]) for row in census()],
        ("age", "income", "level", "score", "married"),
    )
    ran = polytask("predict", "model", without)
    assert ran.status == 2
    assert ran.error.startswith("error: The column that names each row's task, 'colour' is not")
    assert "Without it, name the tasks to predict for every row (`tasks=`, --task), or" in ran.error
    assert polytask("predict", "model", without, "--task", "a").status == 0


def test_fit_trains_one_model(polytask, table):
    ran = polytask("fit", table, "-t", "income", "--model", "mmoe", "-m", "ple+mgda")
    assert ran.status == 2
    assert ran.error == (
        "error: fit trains one model, and --model names mmoe and ple+mgda. Name one, or give all "
        "of them to polytask compare."
    )


def test_named_tasks(polytask, table):
    polytask("fit", table, "-t", "income:binary", "-t", "score", "-t", "level", *LINEAR)
    every = polytask("predict", "model", table).out.splitlines()
    ran = polytask("predict", "model", table, "--task", "score, income")
    assert ran.status == 0, ran.err
    head = ["row", "income", "income_probability", "score"]
    assert ran.out.splitlines()[0].split(",") == head
    columns = [every[0].split(",").index(name) for name in head]
    picked = [",".join(line.split(",")[column] for column in columns) for line in every]
    assert ran.out.splitlines() == picked
    again = polytask("predict", "model", table, "--task", "income", "--task", "score")
    assert again.out == ran.out
    ran = polytask("predict", "model", table, "--task", "incme")
    assert (ran.status, ran.error) == (
        2,
        "error: There is no task named 'incme'. Did you mean 'income'?",
    )
    ran = polytask("predict", "model", table, "--task", "income", "--task", "income")
    assert (ran.status, ran.error) == (2, "error: --task names income twice. Leave out one.")


def test_named_tasks_where_each_row_has_one(polytask, table, tmp_path):
    polytask("fit", table, "-t", "score:regression", "--task-column", "colour", *LINEAR)
    every = polytask("predict", "model", table).out.splitlines()
    ran = polytask("predict", "model", table, "--task", "a")
    assert ran.out.splitlines() == [every[0], *(line for line in every if ",a," in line)]
    new = tmp_path / "new.csv"
    pl.read_csv(table).drop("colour").write_csv(new)
    ran = polytask("predict", "model", new, "--task", "b, a")
    assert ran.status == 0, ran.err
    found = pl.read_csv(ran.out.encode())
    assert found.columns == ["row", "a", "b"]
    assert found.height == len(every) - 1
    known = [float(line.split(",")[2]) for line in every if ",a," in line]
    rows = [row for row, line in enumerate(every[1:]) if ",a," in line]
    assert found["a"][rows].to_list() == pytest.approx(known)


def test_rows_that_do_not_name_their_task(polytask, tmp_path):
    rows = [(k % 2 * 9 + k / 40, "ab"[k % 2], k / 40, f"r{k}") for k in range(40)]
    table = write_csv(tmp_path / "t.csv", rows, ("x", "shop", "price", "id"))
    fit = ("fit", table, "-t", "price:regression", "--task-column", "shop", "--drop", "id")
    assert polytask(*fit, "--model", "routed", "--steps", 30).status == 0
    bare = tmp_path / "bare.csv"
    pl.read_csv(table).drop("shop").write_csv(bare)
    ran = polytask("predict", "model", bare, "--keep", "id")
    assert ran.status == 0, ran.err
    assert "note: 40 rows name no task and are answered by" in ran.err
    found = pl.read_csv(ran.out.encode())
    assert found.columns == ["row", "id", "shop", "shop_probability", "price"]
    routed = library.load("model").predict(pl.read_csv(bare)).routed
    assert found["shop"].to_list() == routed.task.tolist()
    assert found["shop_probability"].to_list() == pytest.approx(routed.probability.max(axis=1))
    assert found["price"].to_list() == pytest.approx(routed.response)
    some = write_csv(
        tmp_path / "some.csv", [rows[0], (9.1, "", 0.1, "r")], ("x", "shop", "price", "id")
    )
    found = pl.read_csv(polytask("predict", "model", some).out.encode())
    assert found.columns == ["row", "shop", "shop_probability", "price"]
    assert found["shop"][0] == "a"
    assert found["shop_probability"].is_null().to_list() == [True, False]
    only = pl.read_csv(polytask("predict", "model", bare, "--task", "b").out.encode())
    assert set(only["shop"]) == {"b"}


def test_several_labels(polytask, tmp_path):
    rows = [(*row[:3], int(row[5] == "yes")) for row in census()]
    table = write_csv(tmp_path / "t.csv", rows, ("age", "colour", "rich", "wed"))
    polytask("fit", table, "-t", "both=rich,wed:multilabel", *LINEAR)
    found = polytask("predict", "model", table).out.splitlines()
    assert found[0] == "row,rich,rich_probability,wed,wed_probability"


def test_a_target_of_two_numbers(polytask, tmp_path):
    rows = [(*row[:2], row[4], 2 * row[4]) for row in census()]
    table = write_csv(tmp_path / "t.csv", rows, ("age", "colour", "x", "y"))
    polytask("fit", table, "-t", "where=x,y:regression", *LINEAR)
    found = polytask("predict", "model", table).out.splitlines()
    assert found[0] == "row,x,y"


def test_unseen_categories_are_predicted(polytask, table, tmp_path):
    new = write_csv(tmp_path / "new.csv", replaced("colour", "violet"))
    for model in ("linear", "gradient_boosting", "hard_sharing"):
        polytask("fit", table, "-t", "income:binary", "--model", model, "--steps", 20)
        ran = polytask("predict", "model", new)
        assert ran.status == 0
        assert len(ran.out.splitlines()) == 61
        assert "note: colour: 'violet' (60 cells) was not seen in fitting" in ran.err


def test_a_model_replaces_an_earlier_one(polytask, table):
    for target in ("income:binary", "married:binary"):
        assert polytask("fit", table, "-t", target, *LINEAR).status == 0
    assert library.load("model").tasks.names == ("married",)


def test_test_rows_of_a_column_are_left_alone(polytask, tmp_path):
    part = ["train"] * 30 + ["test"] * 30
    rows = [(*row[:3], word) for row, word in zip(census(), part, strict=True)]
    table = write_csv(tmp_path / "t.csv", rows, ("age", "colour", "income", "part"))
    ran = polytask("fit", table, "-t", "income:binary", "--split", "column:part", *LINEAR)
    assert ran.status == 0, ran.err
    assert "24 training and 6 validation rows; 30 test rows are left alone" in ran.err


def test_a_task_that_no_validation_row_labels(polytask, tmp_path):
    parts = ["train"] * 20 + ["validation"] * 10 + ["test"] * 5
    rows = [(row, row % 2, row / 7 if row < 20 else "", part) for row, part in enumerate(parts)]
    file = write_csv(tmp_path / "parts.csv", rows, ("x", "even", "size", "part"))
    options = ("-t", "even:binary", "-t", "size:regression", "--split", "column:part")
    ran = polytask("fit", file, *options, "--model", "linear", "--out", "model")
    assert ran.status == 0
    assert "size  undefined: no labelled rows" in ran.out


def test_the_same_seed_gives_the_same_model(polytask, table):
    command = ("fit", table, "-t", "income:binary", "--steps", 20, "--seed")
    said = []
    for seed in (1, 1, 2):
        polytask(*command, seed)
        said.append(polytask("predict", "model", table).out)
    assert said[0] == said[1] != said[2]


def test_many_tasks_are_cut_short(polytask, tmp_path):
    rows = [(site, 0.1 * step + site) for site in range(25) for step in range(20)]
    table = write_csv(tmp_path / "t.csv", [(a, b, 2 * b) for a, b in rows], ("site", "x", "y"))
    ran = polytask("fit", table, "-t", "y:regression", "--task-column", "site", *LINEAR)
    assert ran.status == 0, ran.err
    assert "… and 5 more tasks" in ran.out
    assert "mean RMSE of 25 tasks: " in ran.out


def test_tasks_of_one_class_are_left_out(polytask, tmp_path):
    later = [(0, "train")] * 48 + [(0, "test"), (1, "test")] * 6
    rows = [(*row, *cells) for row, cells in zip(replaced("income", 1), later, strict=True)]
    path = write_csv(tmp_path / "t.csv", rows, (*HEAD, "late", "part"))
    targets = ("-t", "income:binary", "-t", "late:binary", "-t", "score", "--split", "column:part")
    ran = polytask("fit", path, *targets, *LINEAR)
    assert ran.status == 0, ran.err
    assert "income: left out, since only one class, 1, is observed in the table" in ran.err
    assert "late: left out, since only one class, 0, is observed in the training rows" in ran.err
    assert ran.out.startswith("score  RMSE ")
    assert library.load("model").tasks.names == ("score",)


def test_patterns_and_lists_of_targets(polytask, table):
    ran = polytask("fit", table, "-t", "in*,married:binary", "--auxiliary", "sc*", *LINEAR)
    assert ran.status == 0, ran.err
    assert "'in*' stands for 1 column: income" in ran.err
    tasks = library.load("model").tasks
    assert [(task.name, task.known_kind.name, task.role) for task in tasks] == [
        ("income", "binary", "primary"),
        ("married", "binary", "primary"),
        ("score", "regression", "auxiliary"),
    ]


def test_patterns_in_a_study_file(polytask, table, tmp_path):
    (tmp_path / "study.yml").write_text(f"table: {table}\ntarget: '[im]*:binary'\nmodel: linear\n")
    ran = polytask("fit", "--config", "study.yml")
    assert ran.status == 0, ran.err
    assert library.load("model").tasks.names == ("income", "married")


def test_a_pattern_that_matches_nothing(polytask, table):
    ran = polytask("fit", table, "-t", "incme*:binary", *LINEAR)
    assert (ran.status, ran.error) == (
        2,
        "error: No column of the table matches 'incme*'. Did you mean 'income'?",
    )


def test_device_and_precision(polytask, table, tmp_path):
    ran = polytask("fit", table, *ALL, "--steps", 5, "--device", "cpu", "--precision", "bf16")
    assert ran.status == 0, ran.err
    (tmp_path / "study.yml").write_text(
        f"table: {table}\ntarget: income\nprecision: 32\nsteps: 5\n"
    )
    ran = polytask("fit", "--config", "study.yml")
    assert ran.status == 0, ran.err
    ran = polytask("fit", table, *ALL, "--device", "abacus")
    assert ran.status == 2
    assert ran.error.startswith("error: --device must be an acc")
    assert "Known: auto, cpu" in ran.error
    ran = polytask("fit", table, *ALL, "--device", "tpu")
    assert ran.status == 2
    assert "This machine has no such device, or lacks a package for it." in ran.error
    ran = polytask("fit", table, *ALL, "--device", "cpu:1")
    assert "must be an accelerator of this machine, such as 'cpu'. Got 'cpu:1'" in ran.error
    ran = polytask("fit", table, *ALL, "--precision", "fp16")
    assert "--precision must be 32, 16 or bf16. Got 'fp1" in ran.error
    ran = polytask("fit", table, *ALL, *LINEAR, "--device", "cpu")
    assert "--device of fit is about networks, and linear is none" in ran.error


def test_a_saved_model_decides_at_another_threshold(polytask, table):
    targets = ("-t", "income:binary", "-t", "married:binary", "-t", "score:regression")
    polytask("fit", table, *targets, "--model", "linear", "--threshold", "income=0.4")
    plain = polytask("predict", "model", table)
    assert polytask("predict", "model", table, "--threshold", "income=0.4").out == plain.out
    high = polytask("predict", "model", table, "--threshold", "income=0.9")
    all_high = polytask("predict", "model", table, "--threshold", "0.9")
    one, other, both = (pl.read_csv(ran.out.encode()) for ran in (plain, high, all_high))
    assert one.drop("income").equals(other.drop("income"))
    assert other["income"].to_list() == (one["income_probability"] > 0.9).cast(pl.Int64).to_list()
    assert both["income"].equals(other["income"])
    assert (both["married"] == "yes").to_list() == (one["married_probability"] > 0.9).to_list()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("income=f1", "A saved model takes numbers, such as --threshold income=0.3. Got 'f1'."),
        ("incme=0.3", "There is no task named 'incme'. Did you mean 'income'?"),
        ("income=1.5", "--threshold must be a number between 0 and 1. Got '1.5'."),
        ("score=0.3", "which those of regression have not. Got 0.3 instead."),
        ("income=", "--threshold must be written METRIC, NUMBER or TASK=METRIC. Got 'income='."),
    ],
)
def test_thresholds_that_a_saved_model_does_not_take(polytask, table, text, sentence):
    polytask("fit", table, "-t", "income:binary", "-t", "score:regression", "--model", "constant")
    ran = polytask("predict", "model", table, "--threshold", text)
    assert ran.status == 2
    assert sentence in ran.error


def test_a_saved_model_without_thresholds(polytask, table):
    polytask("fit", table, "-t", "score:regression", "--model", "constant")
    ran = polytask("predict", "model", table, "--threshold", "0.3")
    assert ran.error == (
        "error: --threshold is about tasks of two classes or several labels, and the model has none. "
        "Leave it out."
    )
