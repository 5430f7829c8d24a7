"""`--set`, and `set` in study files."""

import json

import pytest
from cli_tables import census, write_csv
from users_encoder import users_encoder

from polytask._trust import only_trusted
from polytask.architectures import HardSharing, MMoE, SingleTask
from polytask.cli._balancing import balanced, balancing
from polytask.cli._encoders import with_encoder
from polytask.cli._learners import named_learner
from polytask.cli._set_option import with_settings
from polytask.cli._set_values import set_values
from polytask.cli._settings import CompareSettings, FitSettings, settings
from polytask.encoders import MLP, PiecewiseLinear, ResidualMLP, TabM
from polytask.exceptions import ParameterError, UnknownNameError, UntrustedError
from polytask.merging import DARE, TIES
from polytask.observers import GradientConflict
from polytask.penalties import GraphLaplacian, TaskCovariance, TraceNorm
from polytask.sampling import Temperature
from polytask.weighting import DynamicWeightAverage, Equal

NETWORKS = ("single_task", "hard_sharing")
ALL = (*NETWORKS, "linear", "gradient_boosting")


def learners(names, notes=None, *, given=(), **options):
    """Learners of some names after `--set` and other options."""
    asked = FitSettings(set=[f"{path}={text}" for path, text in given], **options)
    chosen = balanced([named_learner(name) for name in names], balancing(asked))
    return with_settings(chosen, asked, ([] if notes is None else notes).append)


def learner(name, *given, **options):
    return learners([name], given=given, **options)[0]


def test_any_setting_by_its_path():
    network = learner(
        "hard_sharing",
        ("trainer.optimizer", "rmsprop"),
        ("trainer.clip_norm", "1"),
        ("encoder.widths", "64,64"),
        ("encoder.normalization", "layer"),
        ("initializer", "orthogonal"),
        ("optimizer_options.momentum", "0.9"),
    )
    assert network.architecture == HardSharing(
        MLP((64, 64), normalization="layer"), initializer="orthogonal"
    )
    assert (network.trainer.optimizer, network.trainer.clip_norm) == ("rmsprop", 1.0)
    assert network.trainer.optimizer_options == {"momentum": 0.9}


def test_a_part_by_the_name_of_its_class_and_what_is_inside_it():
    given = ("encoder.depth", "3"), ("encoder", "residual_mlp")
    assert learner("single_task", *given).architecture == SingleTask(ResidualMLP(depth=3))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("hard_sharing", {"set": {"numbers": "piecewise_linear(by=quantiles, n_bins=8)"}}),
        ("hard_sharing", {"set": {"encoder.numbers": "piecewise_linear(by=quantiles,n_bins=8)"}}),
        ("hard_sharing", {"encoder": "mlp(numbers=piecewise_linear(by=quantiles, n_bins=8))"}),
        (
            "hard_sharing",
            {"set": {"encoder": "mlp(numbers=piecewise_linear(by=quantiles,n_bins=8))"}},
        ),
        ("hard_sharing+mlp(numbers=piecewise_linear(by=quantiles, n_bins=8))", {}),
        ("hard_sharing(numbers=piecewise_linear(by=quantiles, n_bins=8))", {}),
    ],
)
def test_numeric_embeddings_with_settings(name, options):
    asked = CompareSettings(model=[name], **options)
    chosen = with_encoder([named_learner(name)], asked)
    (network,) = with_settings(chosen, asked, [].append)
    assert network.architecture == HardSharing(MLP(numbers=PiecewiseLinear(8, "quantiles")))


def test_numeric_embeddings_with_settings_in_study_files(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("encoder: {tab_m: {numbers: piecewise_linear(by=quantiles), members: 4}}\n")
    asked = settings(CompareSettings, {"config": path})
    (network,) = with_encoder([named_learner("hard_sharing")], asked)
    numbers = PiecewiseLinear(by="quantiles")
    assert network.architecture.encoder == TabM(members=4, numbers=numbers)
    path.write_text("set: {numbers: piecewise_linear(by=quantiles)}\n")
    asked = settings(CompareSettings, {"config": path})
    (network,) = with_settings([named_learner("hard_sharing")], asked, [].append)
    assert network.architecture.encoder == MLP(numbers=numbers)


def test_a_penalty_with_settings():
    network = learner("soft_sharing", ("penalty", "trace_norm(alpha=0.5)"))
    assert network.architecture.penalty == TraceNorm(0.5)
    assert named_learner("soft_sharing(trace_norm(alpha=0.5))").architecture == network.architecture


def test_a_setting_in_brackets_that_no_model_has():
    asked = CompareSettings(set={"numbers": "piecewise_linear(bye=quantiles)"})
    models = [named_learner("hard_sharing"), named_learner("mmoe")]
    for some in (models, models[:1]):
        with pytest.raises(
            UnknownNameError, match=r"hard_sharing has .*Did you mean 'numbers\.by'"
        ):
            with_settings(some, asked, [].append)


def test_the_method_and_the_architecture_of_a_merged_network():
    merged = learner("ties", ("scale", "0.3"), ("architecture", "mmoe"), ("n_experts", "2"))
    assert merged.merging == TIES(scale=0.3)
    assert merged.architecture == MMoE(n_experts=2)
    assert merged.name == "ties(mmoe)"
    with pytest.raises(ParameterError, match=r"'merging' has an option of its own\. Give --model"):
        learner("ties", ("merging", "dare"))
    assert learner("dare", ("method", "ties"), ("density", "0.4")).merging == DARE(method=TIES(0.4))


def test_a_part_of_the_users_own():
    encoder = learner(
        "hard_sharing", ("encoder", "users_encoder:users_encoder")
    ).architecture.encoder
    assert encoder is users_encoder


def test_what_another_option_or_the_models_name_brings_has_settings_too():
    weighted = learner(
        "hard_sharing", ("weighting.temperature", "3"), weighting="dynamic_weight_average"
    )
    assert weighted.trainer.weighting == DynamicWeightAverage(temperature=3.0)
    mixed = learner("hard_sharing", ("sampler.alpha", "0.25"), sampler="temperature")
    assert mixed.trainer.sampler == Temperature(alpha=0.25)
    watched = learner("hard_sharing", ("trainer.observers", "gradient_conflict:2"))
    assert watched.trainer.observers == (GradientConflict(2),)
    named = learner("hard_sharing+ca_grad", ("aggregation.c", "0.7"))
    assert named.trainer.aggregation.c == 0.7


def test_every_model_that_has_it_gets_it_and_a_note_says_which():
    notes = []
    *networks, linear, trees = learners(ALL, notes, given=[("encoder.dropout", "0.25")])
    assert [network.architecture.encoder.dropout for network in networks] == [0.25, 0.25]
    assert (linear, trees) == (named_learner("linear"), named_learner("gradient_boosting"))
    (note,) = notes
    assert note == (
        "encoder.dropout=0.25 is set in single_task and hard_sharing; "
        "linear and gradient_boosting have no such setting"
    )


def test_there_is_no_note_where_all_have_it():
    notes = []
    learners(NETWORKS, notes, given=[("batch_size", "64")])
    assert notes == []


def test_balancing_is_set_in_joint_networks_alone():
    notes = []
    alone, joint = learners(NETWORKS, notes, given=[("trainer.weighting", "equal")])
    assert alone.trainer.weighting is None
    assert joint.trainer.weighting == Equal()
    assert notes == [
        "trainer.weighting=equal is set in hard_sharing; single_task has no such setting"
    ]


@pytest.mark.parametrize(
    ("names", "path", "sentence"),
    [
        (
            NETWORKS,
            "encoder.droput",
            "No model (single_task, hard_sharing) has a setting named 'encoder.droput'. Did you",
        ),
        (
            ["linear"],
            "alhpa",
            "linear has no setting named 'alhpa'. Did you mean 'alpha'?",
        ),
        (
            ["hard_sharing"],
            "weighting.temperature",
            "hard_sharing has no 'weighting.temperature', since its 'trainer.weighting' is None.",
        ),
    ],
)
def test_no_model_has_it(names, path, sentence):
    with pytest.raises(UnknownNameError) as caught:
        learners(names, given=[(path, "1")])
    assert str(caught.value).startswith(sentence)


def test_settings_of_other_methods_are_pointed_at():
    with pytest.raises(UnknownNameError) as caught:
        learners(["branching"], given=[("shared_stages", "1")])
    said = str(caught.value)
    assert said.startswith("branching has no setting named 'shared_stages'. Known: architecture, ")
    assert said.endswith(" hard_sharing and routed have 'shared_stages'.")
    with pytest.raises(UnknownNameError, match=r"'stage'\. Known: "):
        learners(["branching", "linear"], given=[("stage", "1")])


RELATIONS = ("penalty.relations", "((0,1,0),(1,0,2),(0,2,0))")


def test_known_relations():
    given = [("penalty", "graph_laplacian"), RELATIONS, ("penalty.alpha", "0.5")]
    wanted = GraphLaplacian(((0, 1, 0), (1, 0, 2), (0, 2, 0)), alpha=0.5)
    assert learner("soft_sharing", *given).architecture.penalty == wanted
    covariance = ("penalty.covariance", "((1,0.5),(0.5,1))")
    known = learner("soft_sharing", ("penalty", "task_covariance"), covariance)
    assert known.architecture.penalty == TaskCovariance(covariance=((1, 0.5), (0.5, 1)))


@pytest.mark.parametrize(
    ("text", "relations", "words"),
    [
        (
            "nope",
            None,
            r"parameter of SoftSharing cannot be 'nope': there is no penalty named 'nope'\. Known: \w+",
        ),
        (
            "graph_laplacian",
            None,
            r"`architecture\.penalty` .* cannot be 'graph_laplacian': it needs `penalty\.relations`, wh",
        ),
        (
            "graph_laplacian",
            "((0,1),(2,0))",
            r"^The `penalty\.relations` parameter of GraphLaplacian must be a symmetric matrix",
        ),
    ],
)
def test_penalties_that_are_none(text, relations, words):
    given = [("penalty", text), *([("penalty.relations", relations)] if relations else [])]
    with pytest.raises(ParameterError, match=words):
        learner("soft_sharing", *given)


def test_numbers_in_errors_have_no_quotes():
    with pytest.raises(ParameterError, match=r"n_experts` .* an int in \[1, 1,000\]\. Got 0"):
        learner("mmoe", ("n_experts", "0"))


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        (
            "encoder.dropout",
            "1.5",
            r"`encoder\.dropout` parameter of MLP must be a float in \[0, 1",
        ),
        ("encoder.widths", "64,x", r"`encoder\.widths` .* Got '64,x'"),
        ("encoder", "residual_mpl", r"`architecture\.encoder` .*Did you mean 'residual_mlp'"),
        ("trainer.optimizer", "rmspro", r"no optimizer named 'rmspro'"),
        ("trainer.engine", "features", r"`engine` .* without an aggregation"),
    ],
)
def test_values_that_are_none(path, text, words):
    with pytest.raises(ParameterError, match=words):
        learner("hard_sharing", (path, text))


@pytest.mark.parametrize(
    ("path", "text", "options", "words"),
    [
        ("trainer.weighting", "famo", {"weighting": "equal"}, r"--weighting and --set trainer\.w"),
        ("aggregation", "mgda", {"aggregation": "mean"}, r"--aggregation and --set aggregation"),
        ("trainer.engine", "auto", {"engine": "auto", "aggregation": "mgda"}, "--engine and --set"),
        (
            "aggregate_every",
            "1",
            {"aggregate_every": 1, "aggregation": "mgda"},
            "--aggregate-every",
        ),
        ("sampler", "uniform", {"sampler": "uniform"}, "--sampler and --set sampler"),
        (
            "trainer.observers",
            "gradient_conflict",
            {"observer": ["gradient_conflict"]},
            "--observer and --set trainer.observers",
        ),
        ("trainer.accelerator", "cpu", {"device": "cpu"}, "--device and --set"),
        ("precision", "32-true", {"precision": "32"}, "--precision and --set precision"),
        ("trainer.steps", "9", {}, "Give --steps in place of --set"),
        ("epochs", "9", {}, "Give --epochs in place of --set"),
        ("architecture", "hard_sharing", {}, "Give --model in place of --set"),
    ],
)
def test_what_has_an_option_of_its_own_is_given_once(path, text, options, words):
    with pytest.raises(ParameterError, match=words):
        learner("hard_sharing", (path, text), **options)


def test_what_the_models_name_says_is_given_once():
    with pytest.raises(ParameterError, match=r"hard_sharing\+mgda names its aggregation itself"):
        learner("hard_sharing+mgda", ("aggregation", "mean"))


@pytest.mark.parametrize("text", ["encoder.dropout", "=3", "", " = 3"])
def test_no_path_and_value(text):
    with pytest.raises(ParameterError, match=r"`set` parameter of the command line must be PATH=V"):
        settings(FitSettings, {"set": [text]})


def test_the_same_in_study_files(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        "set:\n"
        "  trainer.optimizer: adamw\n"
        "  trainer: {clip_norm: 1.0, scheduler: null, optimizer_options: {amsgrad: true}}\n"
        "  encoder.widths: [64, 32]\n"
    )
    found = settings(CompareSettings, {"config": path})
    assert found.set == {
        "trainer.optimizer": "adamw",
        "trainer.clip_norm": "1.0",
        "trainer.scheduler": "none",
        "trainer.optimizer_options.amsgrad": "true",
        "encoder.widths": "64,32",
    }
    (network,) = with_settings([named_learner("hard_sharing")], found, [].append)
    assert network.architecture.encoder.widths == (64, 32)
    assert network.trainer.optimizer_options == {"amsgrad": True}
    assert network.trainer.scheduler is None


@pytest.mark.parametrize("written", ["{a.b: 1, a.c: 2}", "[a.b=1, a.c=2]", "[{a: {b: 1}}, a.c=2]"])
def test_the_command_line_wins_path_by_path(tmp_path, written):
    path = tmp_path / "study.yaml"
    path.write_text(f"set: {written}")
    found = settings(FitSettings, {"config": path, "set": ["a.c=3", "a.d=4"]})
    assert found.set == {"a.b": "1", "a.c": "3", "a.d": "4"}


def test_one_text_needs_no_list(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("set: encoder.dropout=0.1")
    assert settings(FitSettings, {"config": path}).set == {"encoder.dropout": "0.1"}


@pytest.mark.parametrize("written", ["3", "[3]", "[[a=1]]", "[a]"])
def test_study_files_that_set_something_else(tmp_path, written):
    path = tmp_path / "study.yaml"
    path.write_text(f"set: {written}")
    with pytest.raises(ParameterError, match=rf"`set` parameter of {path} must be PATH=VALUE"):
        settings(FitSettings, {"config": path})


def test_values_may_hold_the_sign():
    assert set_values("a=b=c") == {"a": "b=c"}


NAMED = [
    ("encoder", "users_encoder:users_encoder"),
    ("trainer.weighting", "users_balancing:Halves"),
    ("trainer.aggregation", "users_balancing:Halves"),
]


@pytest.mark.parametrize("given", NAMED)
def test_a_study_file_imports_nothing_that_is_not_trusted(given):
    with only_trusted([]), pytest.raises(UntrustedError, match="users_"):
        learner("hard_sharing", given)


@pytest.mark.slow
def test_a_comparison_whose_models_were_set(polytask, tmp_path):
    table = write_csv(tmp_path / "census.csv", census(80))
    out = tmp_path / "study"
    chosen = ("--model", "hard_sharing", "--model", "linear", "--out", out, "--target", "score")
    budget = ("--steps", "5", "--seeds", "1", "--trials", "2", "--target", "income:binary")
    found = polytask("compare", table, *chosen, *budget, "--set", "encoder.dropout=0.25")
    assert "encoder.dropout=0.25 is set in hard_sharing; linear has no such setting" in found.err
    record = json.loads((out / "comparison.json").read_text())
    recipes = {one["name"]: json.dumps(one["recipe"]) for one in record["learners"]}
    assert '"dropout": 0.25' in recipes["hard_sharing"]
    assert '"dropout": 0.25' in recipes["single_task"]
    (run,) = next(one["runs"] for one in record["learners"] if one["name"] == "hard_sharing")
    assert [trial["settings"] for trial in run["trials"]] == [
        {"trainer.learning_rate": 0.001, "trainer.weight_decay": 0.0},
        {"trainer.learning_rate": 0.003, "trainer.weight_decay": 0.0},
    ]
