import inspect
import re

import pytest

from polytask import aggregation, observers, penalties, sampling, weighting
from polytask._naming import fold, required, snake_case
from polytask.cli._rooms import ROOMS, EstimatorRoom, rooms_named

OWN_NAMES = {"logistic_regression": "logistic"}
JOINT = [room.title for room in ROOMS if isinstance(room, EstimatorRoom)]
METHODS = {room.slot: room.methods() for room in ROOMS}


def names(slot):
    return {snake_case(name) for name in METHODS[slot]}


def listed(text):
    """Names under every title."""
    parts = re.split(r"^([A-Z ]+): ", text, flags=re.MULTILINE)[1:]
    return {
        title.casefold(): re.findall(r"^  (\w+)", part, re.MULTILINE)
        for title, part in zip(parts[::2], parts[1::2], strict=True)
    }


def test_every_public_method_is_listed_in_its_room(polytask):
    ran = polytask("methods")
    assert ran.status == 0
    found = listed(ran.out)
    assert list(found) == [room.title for room in ROOMS]
    assert list(found)[:2] == ["architectures", "penalties"]
    for room in ROOMS:
        assert found[room.title] == sorted(found[room.title])
        written = {OWN_NAMES.get(snake_case(name), name) for name in room.methods()}
        assert set(map(fold, found[room.title])) == set(map(fold, written))


def test_all_public_classes_are_methods_or_their_bases():
    bases = {"Weighting", "Aggregator", "GramianAggregator", "JacobianAggregator"}
    bases |= {"AmortisedAggregator", "Property"}
    balancing = {*METHODS["weighting"], *METHODS["aggregation"]}
    assert balancing == {*weighting.__all__, *aggregation.__all__} - bases
    assert {*METHODS["sampler"]} == {*sampling.__all__} - {"Sampler", "MixedSampler"}
    assert {*METHODS["observer"]} == {*observers.__all__} - {"Observer", "View"}
    assert {*METHODS["penalty"]} == {*penalties.__all__} - {"Penalty", "QuadraticPenalty"}


@pytest.mark.parametrize(
    ("word", "titles"),
    [
        ("architectures", ["architectures"]),
        (
            "models",
            ["architectures", "other models", *JOINT, "models that search", "merging methods"],
        ),
        ("merging", ["merging methods"]),
        ("Penalty", ["penalties"]),
        ("aggregations", ["aggregators"]),
        ("losses", ["losses"]),
    ],
)
def test_one_room(polytask, word, titles):
    assert [room.title for room in rooms_named(word)] == titles
    assert list(listed(polytask("methods", word).out)) == titles


def test_what_methods_ask_for(polytask):
    out = " ".join(polytask("methods", "weightings").out.split())
    assert re.search(r"famo [^\[]* \[needs losses after step\] geometric_loss", out)
    assert re.search(r" equal [^\[]* famo", out)
    out = " ".join(polytask("methods", "aggregators").out.split())
    assert re.search(r"modo [^\[]* \[needs product, second batch\] nash_mtl", out)
    assert "From Python alone: it needs aggregator, n." in out


@pytest.mark.parametrize("asked", [(), ("penalties",), ("soft_sharing",), ("mmoe",), ("esm2",)])
def test_lines_fit_the_terminal(polytask, monkeypatch, asked):
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, polytask("methods", *asked).out.splitlines())) <= 80


def test_one_of_them(polytask):
    ran = polytask("methods", "FairGrad")
    assert ran.status == 0
    assert ran.out.startswith("fair_grad: ")
    assert "aggregation.alpha=2.0  [float]\n        Worth trying: 0.5 to 10 (log).\n" in ran.out
    assert "ICML 2024" in ran.out
    assert "--aggregation fair_grad" in ran.out
    assert "from polytask.aggregation import FairGrad" in ran.out


def test_defaults_that_are_recipes_and_tuples(polytask):
    out = polytask("methods", "soft_sharing").out
    assert "\n    encoder=mlp  [Encoder or callable]\n" in out
    assert "\n    penalty=mean_deviation  [Penalty or str]\n" in out
    assert "\n    stages=none  [tuple of int]\n" in out
    assert "\n    biases=false  [bool]\n" in out
    assert "\n    encoder.widths=256,256  [tuple of int]\n" in polytask("methods", "mlp").out


def test_an_observer(polytask):
    out = polytask("methods", "gradient_conflict").out
    assert "observers.n_batches=4" in out
    assert "--observer gradient_conflict" in out
    assert "from polytask.observers import GradientConflict" in out


def test_a_model(polytask):
    out = polytask("methods", "mmoe").out
    assert "\n    n_experts=8  [int]\n" in out
    assert "--model mmoe" in out
    assert "Worth trying: " in out
    assert "KDD 2018" in out


def test_one_that_needs_arguments(polytask):
    out = polytask("methods", "static").out
    assert "From Python alone: it needs task_weights." in out
    assert "--weighting" not in out
    assert "    task_weights=…, required" in out


def test_a_penalty_that_needs_arguments(polytask):
    out = polytask("methods", "graph_laplacian").out
    assert "--model soft_sharing --set penalty=graph_laplacian --set penalty.relations=…" in out


def test_one_of_the_users_own(polytask):
    out = polytask("methods", "users_balancing:Halves").out
    assert out.startswith("users_balancing:Halves: ")
    assert "--aggregation users_balancing:Halves" in out or "--weighting users_balancing" in out
    assert "from users_balancing import Halves" in out
    ran = polytask("methods", "users_balancing:torch")
    assert ran.status == 2
    assert "must be a class that extends one of these: Architecture, Penalty" in ran.error


EACH = sorted({(slot, name) for slot in METHODS for name in names(slot)})


@pytest.mark.parametrize(("slot", "name"), EACH)
def test_each_of_them_is_described(polytask, slot, name):
    ran = polytask("methods", name)
    assert ran.status == 0
    assert fold(ran.out.partition(":")[0]) == fold(OWN_NAMES.get(name, name))
    assert not re.search(r"[`\\]|:math:|<factory>|object at 0x", ran.out)
    (method,) = (m for written, m in METHODS[slot].items() if snake_case(written) == name)
    for parameter in inspect.signature(method).parameters:
        assert re.search(rf"^    (\w+\.)?{parameter}=", ran.out, re.MULTILINE)
    assert ("required" in ran.out) == bool(required(method))


@pytest.mark.parametrize(
    ("name", "guess"), [("mgad", "mgda"), ("penaltees", "penalties"), ("trace_nrom", "trace_norm")]
)
def test_an_unknown_one(polytask, name, guess):
    ran = polytask("methods", name)
    assert ran.status == 2
    assert ran.error == f"error: There is no method named {name!r}. Did you mean {guess!r}?"


def test_a_models_name_points_to_its_methods(polytask):
    ran = polytask("methods", "hard_sharing+famo+mgda")
    assert ran.status == 2
    assert ran.error == (
        "error: 'hard_sharing+famo+mgda' is a model with its balancing. Ask for one of them: "
        "polytask methods hard_sharing or polytask methods famo or polytask methods mgda."
    )
    assert "named 'mgad'. Did you mean 'mgda'?" in polytask("methods", "hard_sharing+mgad").error
    assert polytask("methods", "mmoe(n_experts=4)").error == (
        "error: 'mmoe(n_experts=4)' is a model with its settings. Ask for: polytask methods mmoe."
    )


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
    assert ran.error.startswith("error: --engine must be one of 'auto', ")
