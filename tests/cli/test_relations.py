"""`polytask analyze` and `polytask group`: files, words, bad input."""

import json
import re

import pytest

import polytask as package
from polytask._naming import public_classes
from polytask._naming._unknown import spelt
from polytask.analysis import Affinity
from polytask.cli._read_data import read_data
from polytask.cli._relation_data import relation_data, relation_settings
from polytask.cli._relation_options import AffinityNames
from polytask.cli._settings import CompareSettings, GroupSettings
from polytask.cli._voice import Voice
from polytask.data import splits_of

QUICK = ("--steps", 5, "--folds", 2, "--seeds", 1, "--jobs", 1, "--set", "encoder.widths=4")
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
        "runs",
        "study.json",
        ".lock",
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
    also = ("--also", "relations")
    ran = polytask("analyze", table, *TARGETS, *QUICK, "--affinity", "explained_labels", *also)
    assert ran.status == 0, ran.err
    (out,) = (tmp_path / "runs").glob("analysis-census-*")
    record = json.loads((out / "analysis.json").read_text())
    assert [one["name"] for one in record["affinities"]] == ["explained_labels"]
    assert {gain["task"] for gain in record["transfer"]["pairs"]} == {"age", "score"}
    page = (out / "report.html").read_text()
    assert "Gain of each task when it is trained with another" in page
    assert "Affinity: explained_labels" in page
    assert json.loads((out / "relations.json").read_text())["n_rows"] > 0
    assert "What the network has learned of relations" in page
    assert "serve all tasks" in ran.out
    assert "Measured on" in ran.out


def test_the_same_command_trains_nothing_again_and_another_study_is_refused(
    polytask, grouped, table, tmp_path
):
    def files():
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").iterdir()}

    before = files()
    again = polytask("group", table, *TARGETS, *QUICK, "--random-groups", 0, "-o", "out")
    assert again.status == 0, again.err
    assert files() == before
    seconds = re.compile(r"\d+ s\.")
    assert seconds.sub("", again.out) == seconds.sub("", grouped.out)
    other = polytask("group", table, *TARGETS, *QUICK, "--steps", 6, "-o", "out")
    assert other.status == 2
    assert "out holds another study: its budget differs." in other.error


def test_test_rows_are_those_of_compare_whatever_the_seed(table):
    def split(seed):
        given = {"table": table, "target": ["score", "age"], "model": None, "seed": seed}
        return relation_data(relation_settings(GroupSettings, "group", given), Voice(quiet=True))

    data, splitter = read_data(CompareSettings(table=table, target=["score", "age"]), Voice(True))
    _, (compared,), _ = splits_of(data, splitter, seed=0)
    assert split(0).split.digest() == split(7).split.digest() == compared.digest()


@pytest.mark.parametrize("command", ["compare", "group"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("rey",), "There is no executor named 'rey'. Did you mean 'ray'?"),
        (("ray(adress=a:1)",), "The executor ray has no setting 'adress'. Did you mean 'address'?"),
        (("local(2)",), "must be local with settings of its own"),
        (("local(jobs=2)", "--jobs", 3), "which local(jobs=2) says itself. Leave it out."),
        (("local(jobs=0)",), "`jobs` parameter of LocalExecutor must be"),
    ],
)
def test_executors_by_name_are_checked_before_anything_is_trained(
    polytask, table, command, options, words
):
    ran = polytask(command, table, *TARGETS, "--executor", *options)
    assert ran.status == 2
    assert words in ran.error
    assert not list(table.parent.glob("runs/*/runs/*.json"))


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
        ((*TARGETS, "--folds", "1"), "--folds must be an int in"),
        ((*TARGETS, "-o", "."), "holds other things, such as"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(polytask, table, command, options, words):
    ran = polytask(command, table, *options)
    assert ran.status == 2
    assert words in ran.error


def test_a_budget_too_small_to_verify_says_what_it_takes(polytask, table):
    for command, least in (("group", 6), ("analyze", 6)):
        ran = polytask(command, table, *TARGETS, *QUICK, "--most-networks", 3)
        assert ran.status == 2
        assert f"--most-networks must be at least {least}" in ran.error
        assert "is kept in" not in ran.err
        assert [path.name for path in table.parent.iterdir()] == [table.name]


def test_rows_split_by_time_are_measured_on_the_latest_before_the_test_rows(polytask, table):
    when = ("--split", "time:age", "--no-pairs", "--steps", 1, "--seeds", 1)
    targets = ("-t", "score", "-t", "income")
    ran = polytask("analyze", table, *targets, *when, "--set", "encoder.widths=4")
    assert ran.status == 0, ran.err
    assert "(validation rows, 1 seed)" in ran.out
    refused = polytask("analyze", table, *targets, *when, "--folds", 3)
    assert refused.status == 2
    assert "--folds must be left out where" in refused.error


def test_a_wrong_name_of_a_further_analysis_is_refused_before_the_table_is_read(polytask):
    ran = polytask("analyze", "no_such_table.csv", *TARGETS, "--also", "atributions")
    assert ran.status == 2
    assert "--also: there is no analysis named 'atributions'" in ran.error


@pytest.mark.slow
def test_further_analyses_write_their_records_and_sections_of_the_report(polytask, table, tmp_path):
    ran = polytask(
        "analyze",
        table,
        *TARGETS,
        *QUICK,
        "--also",
        "attributions",
        "--also",
        "sources",
        "-o",
        "analysis",
    )
    assert ran.status == 0, ran.err
    out = tmp_path / "analysis"
    attributions = json.loads((out / "attributions.json").read_text())
    assert attributions["tasks"] == ["age", "score"] or attributions["tasks"] == ["score", "age"]
    assert len(attributions["importance"][0]) == len(attributions["columns"])
    sources = json.loads((out / "sources.json").read_text())
    assert {effect["task"] for effect in sources["effects"]} == {"age", "score"}
    page = (out / "report.html").read_text()
    assert "What each task looks at: permutation importance" in page
    assert "Which source task helped which prediction" in page
    assert "Importance is how much worse" in ran.out
    assert "was left out of" in ran.out
    (out / "sources.json").write_text(json.dumps(sources | {"tasks": []}))
    again = polytask("analyze", table, *TARGETS, *QUICK, "--also", "relations", "-o", "analysis")
    assert again.status == 0, again.err
    assert json.loads((out / "attributions.json").read_text()) == attributions
    assert "from earlier commands: attributions" in again.err
    assert "sources.json is no record of this study and is not shown" in again.err
    assert "Importance is how much worse" not in again.out
    page = (out / "report.html").read_text()
    assert "What each task looks at: permutation importance" in page
    assert "Importance is how much worse" in page
    assert "What the network has learned of relations" in page
    assert "Which source task helped which prediction" not in page


def test_a_further_analysis_names_the_extra_that_it_takes_before_anything_is_read(
    polytask, monkeypatch
):
    from polytask.cli import _further_analyses

    monkeypatch.setattr(_further_analyses, "find_spec", lambda _: None)
    ran = polytask("analyze", "no_such_table.csv", *TARGETS, "--also", "gradients")
    assert "takes captum, which is not installed" in ran.error
    assert "pip install 'polytask[explain]'" in ran.error


def test_sizes_are_whole_numbers(polytask, table):
    ran = polytask("analyze", table, *TARGETS, "--sizes", "many")
    assert "--sizes must be whole numbers" in ran.error


def test_the_help_of_affinity_names_every_affinity():
    names = {spelt(name, None) for name in public_classes("polytask.analysis", Affinity)}
    option, _ = AffinityNames.__metadata__
    assert names <= set(re.findall(r"\w+", option.help))
    assert "head_similarity" in names
