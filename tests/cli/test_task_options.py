"""TASK=VALUE: row weights, weights of tasks and classes, metrics."""

import json

import pytest
from cli_tables import write_csv

from polytask import tasks
from polytask.cli._data_options import Target
from polytask.cli._read_data import read_data
from polytask.cli._settings import CompareSettings, settings
from polytask.cli._task_options import row_weight, task_options
from polytask.cli._voice import Voice
from polytask.exceptions import ParameterError

HEAD = ("x", "a", "b", "w", "v", "odd=w")
ROWS = [(row, row % 2, row / 7, row + 1, 2, 3) for row in range(20)]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], None),
        (["w"], "w"),
        (["a=w"], {"a": "w"}),
        (["w", "a=v"], {None: "w", "a": "v"}),
        (["odd=w"], "odd=w"),
        (["a=odd=w"], {"a": "odd=w"}),
        (["a=b=v"], {"a=b": "v"}),
        (["a=unknown"], {"a": "unknown"}),
    ],
)
def test_row_weights(words, wanted):
    assert row_weight(words, HEAD) == wanted


def test_row_weights_named_twice():
    with pytest.raises(ParameterError, match="--weight names the row weights of a twice, w and v"):
        row_weight(["a=w", "a=v"], HEAD)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"task_weight": ["a=2", "x=y=0.5"]}, {"task_weight": {"a": 2.0, "x=y": 0.5}}),
        ({"class_weight": "balanced"}, {"class_weight": "balanced"}),
        ({"class_weight": ["a=balanced"]}, {"class_weight": {"a": "balanced"}}),
        ({"class_weight": ["a=>=50:2, no:1"]}, {"class_weight": {"a": {">=50": 2.0, "no": 1.0}}}),
        ({"metric": ["mae,rmse"]}, {"metric": ["mae", "rmse"]}),
        ({"metric": ["a=f1", "a=roc_auc", "b=mae"]}, {"metric": {"a": ["f1", "roc_auc"], "b": ["mae"]}}),
        ({"loss": ["x=y=huber", "b=mine:Cubic"]}, {"loss": {"x=y": "huber", "b": "mine:Cubic"}}),
        ({"loss": "huber"}, {"loss": None}),
        ({"loss": ["x=y=focal_loss(gamma=1, alpha=0.3)"]}, {"loss": {"x=y": "focal_loss(gamma=1, alpha=0.3)"}}),
        ({"loss": "f(x)=huber"}, {"loss": {"f(x)": "huber"}}),
        ({"metric": ["top_k(k=3),f1"]}, {"metric": ["top_k(k=3)", "f1"]}),
        ({"metric": {"a": ["top_k(k=3)", "f1"]}}, {"metric": {"a": ["top_k(k=3)", "f1"]}}),
        ({"threshold": ["x=y=f1", "b=0.3"]}, {"threshold": {"x=y": "f1", "b": 0.3}}),
        ({"threshold": 0.25}, {"threshold": 0.25}),
    ],
)  # fmt: skip
def test_options_of_tasks(given, wanted):
    names = ("task_weight", "class_weight", "metric", "loss", "threshold")
    nothing = dict.fromkeys(names)
    assert task_options(CompareSettings(**given)) == nothing | wanted


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"task_weight": "2"}, "--task-weight must be written TASK=2. Got '2'"),
        ({"task_weight": "a=two"}, "--task-weight must be written TASK=2. Got 'a=two'"),
        ({"task_weight": "a=-2"}, "--task-weight must be a number above 0. Got 'a=-2'"),
        ({"task_weight": "a=nan"}, "--task-weight must be a number above 0. Got 'a=nan'"),
        ({"threshold": "a="}, "--threshold must be written METRIC, NUMBER or TASK=METRIC"),
        (
            {"threshold": ["a=f1", "a=mcc"]},
            "--threshold names the threshold of a twice, f1 and mcc",
        ),
        ({"threshold": ["f1", "a=mcc"]}, "--threshold must be one for all tasks, or one for each"),
        ({"threshold": "a=1.5"}, "--threshold must be a number between 0 and 1. Got '1.5'"),
        ({"class_weight": "a"}, "--class-weight must be written TASK=balanced"),
        ({"class_weight": "a=1"}, "--class-weight must be written TASK=balanced.* Got 'a=1'"),
        ({"class_weight": "a=yes:2,1"}, "--class-weight must be written TASK=balanced"),
        ({"class_weight": "a=yes:many"}, "--class-weight must be written TASK=balanced"),
        ({"metric": ["a="]}, "--metric must be written NAME or TASK=NAME. Got 'a='"),
        ({"metric": [","]}, "--metric must be written NAME or TASK=NAME. Got ','"),
        ({"loss": ["a="]}, "--loss must be written NAME or TASK=NAME. Got 'a='"),
        ({"loss": [""]}, "--loss must be written NAME or TASK=NAME. Got ''"),
        ({"metric": ["mae", "a=f1"]}, "--metric must name metrics for all tasks, or for single"),
        ({"loss": ["huber", "a=huber"]}, "--loss must name the loss of all tasks, or of single"),
        ({"loss": ["a=huber", "a=b:C"]}, "--loss names the loss of a twice, huber and b:C"),
        ({"loss": ["huber", "b:C"]}, "--loss names the loss of all tasks twice, huber and b:C"),
    ],
)
def test_options_that_cannot_be_read(given, words):
    with pytest.raises(ParameterError, match=words):
        task_options(CompareSettings(**given))


STUDY = """
table: t.csv
target: [a, b]
weight: {a: w, b: v}
task-weight: {a: 2}
class-weight: {a: {0: 1, 1: 5}}
metric: {a: [f1, roc_auc], b: mae}
loss: {b: huber}
"""


def test_a_study_file_holds_mappings(tmp_path):
    config = tmp_path / "study.yaml"
    config.write_text(STUDY, encoding="utf-8")
    found = settings(CompareSettings, {"config": config})
    assert found.weight == ["a=w", "b=v"]
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    data, _ = read_data(found.model_copy(update={"table": path}), Voice(quiet=True))
    assert data.sources[0].inputs.columns == ["x", "odd=w"]
    assert data.sources[0].weights_of("b").tolist() == [2.0] * 20
    assert [task.weight for task in data.tasks] == [2.0, 1.0]
    assert data.tasks["a"].class_weight == {"0": 1.0, "1": 5.0}
    assert [task.metrics for task in data.tasks] == [("f1", "roc_auc"), ("mae",)]
    assert [task.loss for task in data.tasks] == [None, "huber"]


def test_the_same_on_the_command_line(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS * 5, HEAD)
    ran = polytask(
        "compare", path, "-t", "a", "-t", "b", "-m", "linear", "--seeds", 1, "--trials", 1,
        "--weight", "w", "--weight", "b=v", "--task-weight", "a=2", "--class-weight", "balanced",
        "--metric", "a=f1,roc_auc", "--metric", "b=mae", "--out", "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    study = json.loads((tmp_path / "out" / "comparison.json").read_text())["study"]
    assert [(task["metric"], task["weight"]) for task in study["tasks"]] == [("f1", 2), ("mae", 1)]
    assert "inputs: x, odd=w" in ran.err


def test_an_unknown_task_is_guessed(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    ran = polytask("fit", path, "-t", "a", "-m", "linear", "--metric", "aa=f1")
    assert ran.status == 2
    assert ran.error == "error: --metric names no task by 'aa'. Did you mean 'a'?"


def test_one_loss_for_all_tasks_that_it_serves(tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    options = {"table": path, "target": ["a", "b:regression"], "drop": ["w", "v", "odd=w"]}
    data, _ = read_data(CompareSettings(**options, loss="huber"), Voice(quiet=True))
    assert [task.loss for task in data.tasks] == [None, "huber"]
    options["target"] = ["a"]
    with pytest.raises(ParameterError, match=r"'huber' serves none of the tasks: a \(binary\)"):
        read_data(CompareSettings(**options, loss="huber"), Voice(quiet=True))


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        ("aa=huber", "--loss names no task by 'aa'. Did you mean 'a'?"),
        (
            "b=hubber",
            (
                "There is no loss named 'hubber'. Did you mean 'huber'? One of your own is "
                "written module:Class."
            ),
        ),
        (
            "hubber",
            (
                "There is no loss named 'hubber'. Did you mean 'huber'? One of your own is "
                "written module:Class."
            ),
        ),
        (
            "a=huber",
            (
                "Task 'a': Huber serves tasks of kind regression. Got 'binary' instead. Choose from "
                "BinaryCrossEntropy, FocalLoss, LogitAdjustedLoss, or write one whose `kinds` name Binary."
            ),
        ),
    ],
)
def test_a_loss_that_cannot_be(polytask, tmp_path, loss, sentence):
    path = write_csv(tmp_path / "t.csv", ROWS, HEAD)
    ran = polytask("fit", path, "-t", "a", "-t", "b:regression", "-m", "linear", "--loss", loss)
    assert (ran.status, ran.error) == (2, f"error: {sentence}")


def test_a_loss_of_ones_own(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS * 5, HEAD)
    ran = polytask(
        "fit", path, "-t", "b:regression", "--loss", "b=users_measures:Cubic", "--steps", 5
    )
    assert ran.status == 0, ran.err
    bundle = json.loads((tmp_path / "model" / "bundle.json").read_text())
    assert "users_measures:Cubic" in json.dumps(bundle)


def test_defaults_of_ones_own_kind(polytask, tmp_path):
    path = write_csv(tmp_path / "t.csv", ROWS * 5, HEAD)
    options = ("-t", "b:users_gumbel:Gumbel", "--drop", "w,v", "--steps", 5)
    ran = polytask("fit", path, *options)
    assert ran.status == 0, ran.err
    assert "  b: the loss is GumbelLoss, the default of gumbel\n" in ran.err
    assert "  b: the headline is miss, the default of gumbel\n" in ran.err
    assert ran.out.startswith("b  miss ")
    refused = polytask("fit", path, "-t", "b:users_kinds:Mixture", "-m", "constant")
    assert refused.status == 2
    assert refused.error.startswith("error: No metric serves the kind 'mixture' of task 'b'. Name")


def test_help_names_every_kind():
    option, _ = Target.__metadata__
    public = [getattr(tasks, name) for name in tasks.__all__]
    kinds = [one for one in public if isinstance(one, type) and issubclass(one, tasks.Kind)]
    absent = [
        kind.name for kind in kinds if kind is not tasks.Kind and kind.name not in option.help
    ]
    assert absent == []
