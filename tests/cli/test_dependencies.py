"""Tasks that feed others, on the command line and in study files."""

import json

import pytest
from cli_tables import write_csv

from polytask.cli._dependencies import with_dependencies
from polytask.cli._read_data import read_data
from polytask.cli._settings import CompareSettings, settings
from polytask.cli._voice import Voice
from polytask.exceptions import ParameterError
from polytask.predictor import load
from polytask.tasks import Task, TaskSet

HEAD = ("x", "view", "click", "buy")
ROWS = [(row, row % 2, row % 3 % 2, row % 5 % 2) for row in range(60)]
TARGETS = ("-t", "view", "-t", "click", "-t", "buy")


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["buy=click"], ("click",)),
        (["buy=click", "buy=view", "buy=click"], ("click", "view")),
        (["buy=click, view"], ("click", "view")),
        (["buy=a,b", "buy=c=d"], ("a,b", "c=d")),
        (["click=view,buy=click,view"], ("click", "view")),
        ([], ("view",)),
    ],
)
def test_upstream_tasks(texts, wanted):
    tasks = TaskSet([Task("buy", after="view"), "click", "view", "a,b", "c=d"])
    assert with_dependencies(tasks, texts).after("buy") == wanted


def test_a_task_whose_name_has_an_equals_sign():
    assert with_dependencies(TaskSet(["a=b", "c"]), ["a=b=c"]).after("a=b") == ("c",)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["buy"], r"--after must be written TASK=UPSTREAM, such as buy=click\. Got 'buy'"),
        (["=click"], "--after must be written TASK=UPSTREAM"),
        (["buy="], "--after must be written TASK=UPSTREAM"),
        (["byu=click"], r"--after names no task by 'byu'\. Did you mean 'buy'\?"),
        (
            ["buy=clik"],
            r"task 'buy' must be names of the tasks that feed it\. Got 'clik' instead, .*'click'\?",
        ),
        (["click=buy,buy=click"], r"must form no cycle\. Got click after buy after click instead"),
        (["click=view,byu=click"], r"--after names no task by 'byu'\. Did you mean 'buy'\?"),
        (["buy=buy"], r"task 'buy' must be names of other tasks, .* Got 'buy' instead"),
        (
            ["buy=click", "click=view", "view=buy"],
            r"must form no cycle\. Got view after buy after click after view instead; leave out one of them",
        ),
    ],
)
def test_what_cannot_be_understood(texts, sentence):
    with pytest.raises(ParameterError, match=sentence):
        with_dependencies(TaskSet(["view", "click", "buy"]), texts)


def test_an_only_task_is_fed_by_none():
    with pytest.raises(ParameterError, match=r"'click' instead, which is no task\. It is the only"):
        with_dependencies(TaskSet(["buy"]), ["buy=click"])


def test_compare_shows_and_records_them(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    ran = polytask(
        "compare", path, *TARGETS, "-m", "linear", "--seeds", 1, "--trials", 1,
        "--after", "click=view", "--after", "buy=click", "--after", "buy=view", "--out", "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "  buy: after click, view\n" in ran.err
    tasks = json.loads((tmp_path / "out" / "comparison.json").read_text())["study"]["tasks"]
    assert [task.get("after") for task in tasks] == [None, ["view"], ["click", "view"]]
    assert "<small>after click, view</small>" in (tmp_path / "out" / "report.html").read_text()


def test_fit_keeps_them_in_the_model(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    ran = polytask("fit", path, *TARGETS, "-m", "linear", "--after", "buy=click", "--out", "model")
    assert ran.status == 0, ran.err
    assert load(tmp_path / "model").tasks.after("buy") == ("click",)
    assert polytask("predict", "model", path).status == 0


def test_a_bad_option_ends_the_command(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    ran = polytask("fit", path, *TARGETS, "-m", "linear", "--after", "buy")
    assert ran.status == 2
    assert "--after must be written TASK=UPSTREAM, such as buy=click. Got 'buy'." in ran.error


@pytest.mark.parametrize("written", ["{buy: [click, view]}", "[buy=click, buy=view]"])
def test_study_files(tmp_path, written):
    config = tmp_path / "study.yaml"
    config.write_text(f"target: [view, click, buy]\nafter: {written}\n", encoding="utf-8")
    read = settings(CompareSettings, {"config": config})
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    data, _ = read_data(read.model_copy(update={"table": path}), Voice(quiet=True))
    assert data.tasks.after("buy") == ("click", "view")


def test_tasks_that_rows_name(tmp_path):
    rows = [(row, "ab"[row % 2], row % 3 % 2) for row in range(30)]
    path = write_csv(tmp_path / "t.csv", rows, ("x", "who", "y"))
    read = CompareSettings(table=path, target=["y"], task_column="who", after=["b=a"])
    data, _ = read_data(read, Voice(quiet=True))
    assert data.tasks.after("b") == ("a",)


def test_a_task_that_is_left_out_feeds_none(tmp_path):
    path = write_csv(tmp_path / "t.csv", [(*row, 0) for row in ROWS], (*HEAD, "never"))
    given = CompareSettings(table=path, target=["buy", "never"], after=["buy=never"])
    data, _ = read_data(given, Voice(quiet=True))
    assert data.tasks.names == ("buy",)
    assert not data.tasks.has_dependencies
