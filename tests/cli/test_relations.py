"""`polytask analyze` and `polytask group`: files, words, bad input."""

import json

import pytest

import polytask as package

QUICK = ("--steps", 5, "--folds", 2, "--seeds", 1, "--set", "encoder.widths=4")
TARGETS = ("-t", "score", "-t", "age")


@pytest.fixture
def grouped(polytask, table):
    return polytask("group", table, *TARGETS, *QUICK, "--random-groups", 0, "-o", "out")


def test_a_grouping_writes_its_record_report_log_and_a_model_that_predicts(
    grouped, table, tmp_path
):
    out = tmp_path / "out"
    assert grouped.status == 0, grouped.err
    assert {path.name for path in out.iterdir()} == {
        "grouping.json",
        "report.html",
        "log.txt",
        "model",
    }
    record = json.loads((out / "grouping.json").read_text())
    assert sorted(task for group in record["groups"] for task in group) == ["age", "score"]
    assert record["answer"] in {"apart", "together"}
    assert "Partitions that were trained" in (out / "report.html").read_text()
    model = package.load(out / "model")
    assert set(model.predict(package.data.scan_table(table))) == {"age", "score"}
    words = "Train the tasks apart." if record["answer"] == "apart" else "in one network."
    assert words in grouped.out
    assert "test rows:" in grouped.out


def test_an_analysis_writes_its_record_report_and_log(polytask, table, tmp_path):
    ran = polytask("analyze", table, *TARGETS, *QUICK, "--affinity", "explained_labels")
    assert ran.status == 0, ran.err
    out = tmp_path / "analysis"
    record = json.loads((out / "analysis.json").read_text())
    assert [one["name"] for one in record["affinities"]] == ["explained_labels"]
    assert {gain["task"] for gain in record["transfer"]["pairs"]} == {"age", "score"}
    page = (out / "report.html").read_text()
    assert "Gain of each task when it is trained with another" in page
    assert "Affinity: explained_labels" in page
    assert "Measured on" in ran.out


@pytest.mark.parametrize("command", ["analyze", "group"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-t", "score"), "Relations take at least two tasks, and there is one, 'score'."),
        ((*TARGETS, "-m", "linear"), "must be a network whose tasks share something"),
        (
            (*TARGETS, "-m", "mmoe", "-m", "ple"),
            "trains one network, and --model names mmoe and ple",
        ),
        ((*TARGETS, "--affinity", "likeness"), "There is no affinity named 'likeness'."),
        ((*TARGETS, "--folds", "1"), "`folds` parameter"),
        ((*TARGETS, "-o", "."), "holds other things, such as"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(polytask, table, command, options, words):
    ran = polytask(command, table, *options)
    assert ran.status == 2
    assert words in ran.error


def test_a_budget_too_small_to_verify_says_what_it_takes(polytask, table):
    ran = polytask("group", table, *TARGETS, *QUICK, "--most-networks", 3)
    assert ran.status == 2
    assert "`most_networks` parameter of group must be at least 6" in ran.error


def test_rows_split_by_time_are_measured_on_the_latest_before_the_test_rows(polytask, table):
    when = ("--split", "time:age", "--no-pairs", "--steps", 1, "--seeds", 1)
    targets = ("-t", "score", "-t", "income")
    ran = polytask("analyze", table, *targets, *when, "--set", "encoder.widths=4")
    assert ran.status == 0, ran.err
    assert "(validation rows, 1 seed)" in ran.out
    refused = polytask("analyze", table, *targets, *when, "--folds", 3)
    assert refused.status == 2
    assert "`folds` parameter of the command line must be left out where" in refused.error


def test_a_wrong_name_of_a_further_analysis_is_refused_before_the_table_is_read(polytask):
    ran = polytask("analyze", "no_such_table.csv", *TARGETS, "--also", "atributions")
    assert ran.status == 2
    assert "--also: there is no analysis named 'atributions'" in ran.error


def test_sizes_are_whole_numbers(polytask, table):
    ran = polytask("analyze", table, *TARGETS, "--sizes", "many")
    assert "`sizes` parameter of the command line must be whole numbers" in ran.error
