import re

import pytest

from polytask import aggregation, observers, sampling, weighting
from polytask._naming import snake_case
from polytask.cli._learners import methods_of


def names(room):
    return {snake_case(name) for name in methods_of(room)}


def test_every_public_method_is_listed_in_its_room(polytask):
    ran = polytask("methods")
    assert ran.status == 0
    first, rest = ran.out.split("aggregations: ")
    second, rest = rest.split("samplers: ")
    third, rest = rest.split("observers: ")
    fourth, fifth = rest.split("models: ")
    parts = {"weighting": first, "aggregation": second, "sampler": third, "observer": fourth}
    parts["model"] = fifth
    for room, part in parts.items():
        assert set(re.findall(r"^  (\w+)", part, re.MULTILINE)) == names(room)


def test_all_public_classes_are_methods_or_their_bases():
    bases = {"Weighting", "Aggregator", "GramianAggregator", "JacobianAggregator"}
    bases |= {"AmortisedAggregator", "Property"}
    listed = {*methods_of("weighting"), *methods_of("aggregation")}
    assert listed == {*weighting.__all__, *aggregation.__all__} - bases
    assert {*methods_of("sampler")} == {*sampling.__all__} - {"Sampler", "MixedSampler"}
    assert {*methods_of("observer")} == {*observers.__all__} - {"Observer", "View"}


def test_what_methods_ask_for(polytask):
    lines = polytask("methods").out.splitlines()
    asked = {
        words[0]: words[1] for line in lines if len(words := re.split(r"  +", line.strip())) > 1
    }
    assert asked["equal"] == "losses"
    assert asked["mgda"] == "gramian"
    assert asked["famo"] == "losses after step"
    assert asked["modo"] == "product, second batch"
    assert asked["every"] == "–"
    assert asked["gradient_conflict"] == "gramian"
    assert asked["gate_usage"] == "validation rows"


def test_lines_fit_the_terminal(polytask, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert max(map(len, polytask("methods").out.splitlines())) <= 100


def test_one_of_them(polytask):
    ran = polytask("methods", "FairGrad")
    assert ran.status == 0
    assert ran.out.startswith("fair_grad: ")
    assert "alpha=2.0" in ran.out
    assert "--set aggregation.alpha=0.5 to 10 (log)" in ran.out
    assert "ICML 2024" in ran.out
    assert "--aggregation fair_grad" in ran.out
    assert "from polytask.aggregation import FairGrad" in ran.out
    assert not re.search(r"[`\\]|:math:", ran.out)


def test_an_observer(polytask):
    out = polytask("methods", "gradient_conflict").out
    assert "n_batches=4" in out
    assert "--observer gradient_conflict" in out
    assert "from polytask.observers import GradientConflict" in out


def test_a_model(polytask):
    out = polytask("methods", "mmoe").out
    assert "n_experts=8" in out
    assert "--model mmoe" in out
    assert "--set n_experts=" in out
    assert "KDD 2018" in out


def test_one_that_needs_arguments(polytask):
    out = polytask("methods", "static").out
    assert "From Python alone: it needs task_weights." in out
    assert "--weighting" not in out


@pytest.mark.parametrize("name", sorted(names("weighting") | names("aggregation")))
def test_each_of_them_is_told_of(polytask, name):
    ran = polytask("methods", name)
    assert ran.status == 0
    assert ran.out.startswith(f"{name}: ")
    assert not re.search(r"[`\\]|:math:", ran.out)


def test_an_unknown_one(polytask):
    ran = polytask("methods", "mgad")
    assert ran.status == 2
    assert ran.error == (
        "error: There is no weighting or aggregation or sampler or observer or model named 'mgad'. Did you mean 'mgda'?"
    )


def test_a_models_name_points_to_its_methods(polytask):
    ran = polytask("methods", "hard_sharing+famo+mgda")
    assert ran.status == 2
    assert ran.error == (
        "error: 'hard_sharing+famo+mgda' is a model with its balancing. "
        "Ask for the latter: polytask methods famo or polytask methods mgda."
    )
    assert "named 'mgad'. Did you mean 'mgda'?" in polytask("methods", "hard_sharing+mgad").error


def test_training_with_all_that_can_be_said_of_balancing(polytask, table, tmp_path):
    config = tmp_path / "study.yaml"
    config.write_text("aggregate-every: 2\nengine: per_task\nsteps: 6\n")
    ran = polytask(
        "fit", table, "--target", "income:binary", "--target", "married:binary",
        "--weighting", "users_balancing:Squares", "--aggregation", "PC-Grad", "--config", config,
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "fitting hard_sharing+squares+pc_grad" in ran.err


def test_an_unknown_engine_is_refused(polytask, table):
    ran = polytask("fit", table, "-t", "income", "--model", "hard_sharing+mgda", "--engine", "x")
    assert ran.status == 2
    assert ran.error.startswith("error: The `engine` parameter of Trainer must be one of 'auto', ")
