import json
import os
import re

import pytest
from cli_tables import census, write_csv

import polytask as library
from polytask.cli._voice import Voice
from polytask.learners import Linear

QUICK = ("--model", "linear", "--seeds", 1)


def test_a_table_with_two_targets(polytask, table, tmp_path):
    ran = polytask(
        "compare", table, "--target", "income:binary", "--target", "married",
        "--model", "hard_sharing", "--model", "linear", "--steps", 30, "--seeds", 2,
        "--trials", 2,
        "--out", "runs/census",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    folder = tmp_path / "runs" / "census"
    found = json.loads((folder / "comparison.json").read_text())
    assert [learner["name"] for learner in found["learners"]] == [
        "single_task",
        "hard_sharing",
        "linear",
        "constant",
    ]
    assert found["study"]["budget"] == {"trials": 2, "steps": 30}
    for word in ("learner", "single_task", "hard_sharing", "linear", "income, ROC-AUC ↑"):
        assert word in ran.out
    assert found["verdict"]["headline"] in ran.out
    assert found["warnings"][0] in ran.out
    assert "report  runs/census/report.html" in ran.out
    assert "<html" in (folder / "report.html").read_text()
    assert "income: binary, as given; positive class 1" in ran.err
    assert "married: binary, because of 2 distinct values; positive class 'yes'" in ran.err
    assert "census.csv: 60 rows, 4 inputs, 2 tasks\n  inputs: age, colour, " in ran.err
    assert "comparing hard_sharing, linear; all is kept in runs/census" in ran.err


def test_the_chosen_model_predicts(polytask, table, tmp_path):
    polytask("compare", table, "-t", "score:regression", *QUICK, "--out", "out")
    predictions = library.load(tmp_path / "out" / "model").predict({"age": [0.5], "colour": ["a"],
        "income": [1], "level": [0], "married": ["no"]})  # fmt: skip
    assert predictions["score"].decision.shape == (1,)
    assert polytask("predict", "out/model", table).status == 0


def test_quiet_leaves_the_result(polytask, table):
    ran = polytask("compare", table, "-t", "income:binary", *QUICK, "--out", "out", "--quiet")
    assert ran.status == 0
    assert [line[:18] for line in ran.err.splitlines()] == [
        "note: income: bina",
        "note: input age: a",
        "note: input score:",
    ]
    assert "report  out/report.html" in ran.out


def test_quiet_keeps_warnings_about_the_data(polytask, tmp_path):
    rows = [(k % 7, k, int(k > 30), "") for k in range(60)]
    table = write_csv(tmp_path / "t.csv", rows, ("x", "amount", "buy", "empty"))
    tasks = ("-t", "buy:binary", "-t", "empty*:binary")
    for command in ("compare", "fit"):
        model = ("--model", "constant")
        said = polytask(command, table, *tasks, *model, "--out", command)
        quiet = polytask(command, table, *tasks, *model, "--out", f"{command}-quiet", "--quiet")
        assert (said.status, quiet.status) == (0, 0), quiet.err
        lines = quiet.err.splitlines()
        assert all(line.startswith("note: ") for line in lines)
        assert "4 columns" not in quiet.err
        assert "input amount: alone nearly determines buy" in quiet.err
        assert "empty: left out, since no label is observed in the table" in quiet.err
        assert {line.removeprefix("note: ") for line in lines} < {
            line.strip() for line in said.err.splitlines()
        }


def test_a_task_for_every_value_of_a_column(polytask, table):
    ran = polytask(
        "compare", table, "-t", "score:regression", "--task-column", "colour", *QUICK, "-o", "out"
    )
    assert ran.status == 0, ran.err
    assert "60 rows, 4 inputs, 3 tasks" in ran.err
    assert re.search(r"a, RMSE ↓ +b, RMSE ↓ +c, RMSE ↓", ran.out)


def test_auxiliary_tasks_are_said_to_be(polytask, table, tmp_path):
    ran = polytask(
        "compare", table, "-t", "income:binary", "--auxiliary", "score", *QUICK, "-o", "out"
    )
    assert ran.status == 0, ran.err
    tasks = json.loads((tmp_path / "out" / "comparison.json").read_text())["study"]["tasks"]
    assert [(task["name"], task["role"]) for task in tasks] == [
        ("income", "primary"),
        ("score", "auxiliary"),
    ]


def test_the_same_command_does_nothing_twice(polytask, table, tmp_path):
    command = ("compare", table, "-t", "income:binary", *QUICK)
    first = polytask(*command)
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("census-")
    assert f"all is kept in runs/{folder.name}" in first.err
    before = {path.name: path.stat().st_mtime_ns for path in (folder / "runs").glob("*.json")}
    again = polytask(*command)
    assert again.out == first.out
    assert {p.name: p.stat().st_mtime_ns for p in (folder / "runs").glob("*.json")} == before


def test_other_studies_of_a_table_get_folders_of_their_own(polytask, table, tmp_path):
    polytask("compare", table, "-t", "income:binary", *QUICK)
    polytask("compare", table, "-t", "married:binary", *QUICK)
    polytask("compare", table, "-t", "income:binary", *QUICK, "--split", "random:0.3")
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_the_log_keeps_what_was_said(polytask, table, tmp_path):
    for _ in range(2):
        ran = polytask("compare", table, "-t", "income:binary", *QUICK, "-o", "out", "--quiet")
    log = (tmp_path / "out" / "log.txt").read_text()
    assert log.count("census.csv: 60 rows, 5 inputs, 1 task") == 2
    for line in ran.out.splitlines():
        assert line in log


def test_a_split_by_column_is_no_input(polytask, tmp_path):
    part = ["train"] * 30 + ["valid"] * 15 + ["test"] * 15
    rows = [(*row, word) for row, word in zip(census(), part, strict=True)]
    head = ("age", "colour", "income", "level", "score", "married", "part")
    path = write_csv(tmp_path / "t.csv", rows, head)
    for more in ((), ("--features", "age,colour"), ("--drop", "part")):
        ran = polytask(
            "compare", path, "-t", "income:binary", "--split", "column:part", *QUICK, *more
        )
        assert ran.status == 0, ran.err
        assert f"t.csv: 60 rows, {2 if '--features' in more else 5} inputs, 1 task" in ran.err
    (found,) = {
        str(json.loads(path.read_text())["study"]["split"]["rows"])
        for path in (tmp_path / "runs").glob("*/comparison.json")
    }
    assert found == str([{"fold": 0, "name": "column", "train": 30, "validation": 15, "test": 15}])


def test_a_column_that_names_the_parts_is_found(polytask, tmp_path):
    part = ["train"] * 30 + ["valid"] * 15 + ["test"] * 15
    rows = [(*row[:3], word) for row, word in zip(census(), part, strict=True)]
    path = write_csv(tmp_path / "t.csv", rows, ("age", "colour", "income", "part"))
    ran = polytask("compare", path, "-t", "income:binary", *QUICK, "-o", "out")
    assert ran.status == 0, ran.err
    assert "using the table's own column 'part' for train and test rows" in ran.err
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert found["study"]["split"]["rows"][0]["train"] == 30
    for more in (("-t", "part:multiclass"), ("--drop", "part"), ("--split", "random:0.2")):
        ran = polytask("compare", path, "-t", "income:binary", *QUICK, *more)
        assert ran.status == 0, ran.err
        assert "own column" not in ran.err


@pytest.mark.parametrize("more", [(), ("--features", "age,level")])
def test_groups_stay_together_and_are_no_input(polytask, table, tmp_path, more):
    ran = polytask(
        "compare", table, "-t", "income:binary", "--split", "group:colour", *QUICK, *more, "-o", "o"
    )
    assert ran.status == 0, ran.err
    assert f"60 rows, {2 if more else 4} inputs" in ran.err
    found = json.loads((tmp_path / "o" / "comparison.json").read_text())
    assert found["study"]["statistics"]["unit"] == "groups"


def test_epochs_are_passes_over_the_training_rows(polytask, table, tmp_path):
    ran = polytask("compare", table, "-t", "income:binary", *QUICK, "--epochs", 7, "-o", "out")
    assert ran.status == 0, ran.err
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert found["study"]["budget"]["steps"] == 7  # 36 rows are one batch


def test_a_study_file(polytask, table, tmp_path):
    (tmp_path / "study.yaml").write_text(
        "table: census.csv\ntarget: [income:binary]\nmodel: linear\nseeds: 2\nout: study\n"
    )
    ran = polytask("compare", "--config", "study.yaml", "--seeds", 1)
    assert ran.status == 0, ran.err
    found = json.loads((tmp_path / "study" / "comparison.json").read_text())
    assert found["study"]["runs"] == [{"fold": 0, "seed": 0}]


def test_what_was_read_and_inferred_can_be_put_right(polytask, tmp_path):
    rows = "".join(f"{row % 7};{row % 3};{500 * (row % 4)}\n" for row in range(60))
    (tmp_path / "t.csv").write_text(f"x;level;sales\n{rows}")
    ran = polytask("fit", "t.csv", "-t", "level", "-t", "sales", "--model", "linear")
    assert "cells separated by semicolons" in ran.err
    assert (
        "level: multiclass, because of 3 distinct whole numbers; write level:regression" in ran.err
    )
    assert "sales: regression, because of numbers" in ran.err


def test_default_models_that_cannot_learn_the_tasks_are_named(polytask, table, monkeypatch):
    monkeypatch.setattr(Linear, "serves", lambda _self, _tasks: False)
    few = ("--seeds", 1, "--trials", 1, "--steps", 5)
    ran = polytask("compare", table, "-t", "income:binary", *few)
    said = "The learner 'linear' cannot learn these tasks: income (binary). It is left out."
    assert said in ran.err
    assert "comparing single_task, hard_sharing, gradient_boosting" in ran.err


def test_the_ensemble_among_the_default_models_is_named(polytask, tmp_path):
    table = write_csv(tmp_path / "t.csv", census(500))
    few = ("-t", "income:binary", "--seeds", 1, "--trials", 1, "--steps", 2, "--quiet")
    named = "hard_sharing+packed_mlp(widths=64,64), an ensemble inside one network, is compared by"
    assert f"note: {named}" in polytask("compare", table, *few).err
    for chosen in (("--model", "linear"), ("--encoder", "mlp")):
        ran = polytask("compare", table, *few, *chosen)
        assert (ran.status, "an ensemble inside" in ran.err) == (0, False)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.write_bytes(b"\xff\n")])
def test_a_log_that_is_none(tmp_path, make):
    make(tmp_path / "log.txt")
    voice = Voice(quiet=True)
    voice.note("said")
    voice.write_log(tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_text(encoding="utf-8").endswith(" said\n")


def test_the_twin_of_a_joint_network(polytask, table, tmp_path):
    (tmp_path / "study.yaml").write_text("twins: true\nmodel: hard_sharing\ntrials: 1\nseeds: 1\n")
    ran = polytask(
        "compare", table, "-t", "income:binary", "-t", "married", "--config", "study.yaml",
        "--set", "encoder.widths=4", "--steps", 10, "--out", "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    rows = {learner["name"]: learner for learner in found["learners"]}
    assert list(rows) == ["single_task", "hard_sharing", "separate(hard_sharing)", "constant"]
    twin = rows["separate(hard_sharing)"]
    assert (twin["joint"], twin["baseline"]) == (False, None)
    assert twin["n_parameters"] == rows["single_task"]["n_parameters"]
    assert rows["hard_sharing"]["baseline"] == "single_task"
    assert "separate(hard_sharing)" in ran.out
