"""`polytask tune`: options, files, report, bad input."""

import json
import re
import sys

import pytest

from polytask.cli._tune_ranges import tune_ranges
from polytask.exceptions import ParameterError

pytest.importorskip("optuna")

QUICK = ("-m", "linear", "--trials", 3, "--seeds", 1, "--steps", 10, "-o", "out")
TARGETS = ("-t", "score", "-t", "age")


@pytest.fixture
def tuned(polytask, table):
    return polytask("tune", table, *TARGETS, *QUICK, "--tune", "alpha=0.1:10:log")


def test_a_tuning_writes_its_record_beside_comparison_report_and_model(tuned, tmp_path):
    out = tmp_path / "out"
    assert tuned.status == 0
    record = json.loads((out / "tuning.json").read_text())
    (linear,) = [one for one in record["learners"] if one["ranges"]]
    assert [trial["number"] for trial in linear["trials"]] == [0, 1, 2]
    assert linear["ranges"] == {"alpha": "0.1 to 10 (log)"}
    names = ("comparison.json", "tuning.sqlite", "log.txt")
    assert all((out / name).exists() for name in names)
    page = (out / "report.html").read_text()
    assert "Which settings mattered" in page
    assert "Best gain on the rows that choose, trial by trial" in page
    assert re.search(r"linear: trial \d was best, [+−]?[\d.]+ %", page)


@pytest.mark.slow
def test_the_same_command_goes_on_with_more_trials(polytask, tuned, table, tmp_path):
    assert tuned.status == 0
    more = polytask(
        "tune", table, *TARGETS, *QUICK, "--tune", "alpha=0.1:10:log", "--trials", 4, "-q"
    )
    assert more.status == 0
    record = json.loads((tmp_path / "out" / "tuning.json").read_text())
    assert [len(one["trials"]) for one in record["learners"] if one["ranges"]] == [4]


def test_a_study_file_names_what_to_tune(polytask, table, tmp_path):
    (tmp_path / "study.yaml").write_text(
        f"table: {table.name}\ntarget: [score]\nmodel: linear\ntrials: 2\nseeds: 1\n"
        "tune: ['alpha=1:2']\nsearch: random\nout: out\n"
    )
    ran = polytask("tune", "--config", "study.yaml")
    assert ran.status == 0, ran.err
    assert json.loads((tmp_path / "out" / "tuning.json").read_text())["sampler"] == "random"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--tune", "alhpa"), "No search range of linear fits 'alhpa'. Did you mean 'alpha'?"),
        (("--tune", "alhpa=1:2"), "no setting named 'alhpa'"),
        (("--tune", "alpha=2:1"), "The `high` parameter of Range must be greater than `low`"),
        (("--tune", "alpha=1:2:lin"), "--tune must be PATH"),
        (("--tune", "=1:2"), "--tune must be PATH"),
        (("--tune", "alpha=0:1:log"), "The `low` parameter of Range must be positive where"),
        (("--trials", 0), "--trials must be a whole number"),
        (("--folds", 0), "--folds must be a whole number"),
    ],
)
def test_bad_options_are_refused_in_words(polytask, table, options, words):
    ran = polytask("tune", table, *TARGETS, *QUICK, *options)
    assert ran.status == 2
    assert words in ran.err


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize("option", [("--search", "grid"), ("--pruner", "median")])
def test_unknown_ways_to_search_are_refused(polytask, table, option):
    ran = polytask("tune", table, *TARGETS, *QUICK, *option)
    assert ran.status == 2
    assert f"Got {option[1]!r} instead." in ran.err


def test_without_optuna_it_says_what_to_install(polytask, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    ran = polytask("tune", table, *TARGETS, *QUICK)
    assert ran.status == 2
    assert (
        "Tuning needs Optuna, which is not installed. Install it: pip install 'polytask[tune]'."
        in ran.err
    )


@pytest.mark.slow
def test_task_weights_are_searched_in_place_of_settings(polytask, table, tmp_path):
    options = ("-m", "hard_sharing", "--trials", 2, "--seeds", 1, "--steps", 5, "-o", "out")
    ran = polytask("tune", table, *TARGETS, *options, "--weights", "random")
    assert ran.status == 0, ran.err
    record = json.loads((tmp_path / "out" / "weights.json").read_text())
    assert [len(search["members"]) for search in record["searches"]] == [2]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Task weights of hard_sharing" in page
    assert "Gains of score and age under different task weights" in page


def test_options_about_settings_are_refused_with_weights(polytask, table):
    ran = polytask("tune", table, *TARGETS, *QUICK, "--weights", "random", "--tune", "alpha")
    assert ran.status == 2
    assert "--tune is about settings, and --weights about weights. Give one of them." in ran.err


def test_ranges_are_read_from_text():
    paths, ranges = tune_ranges(
        [
            "all",
            "widths=(64,64),(128,)",
            "dropout=0:0.5",
            "n_experts=2:8:log",
            "weighting=none,famo",
        ]
    )
    assert paths == ["*"]
    assert ranges["widths"] == ["64,64", "128"]
    assert ranges["weighting"] == ["none", "famo"]
    assert str(ranges["n_experts"]) == "2 to 8 (log)"
    assert isinstance(ranges["n_experts"].low, int)
    with pytest.raises(ParameterError, match="gives 'dropout' twice"):
        tune_ranges(["dropout=0:1", "dropout=0:2"])
