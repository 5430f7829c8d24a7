"""Models with settings of their own: ``--model mmoe(n_experts=4)``, mappings in study files."""

import json

import pytest

from polytask.architectures import HardSharing, MMoE
from polytask.cli._balancing import balanced, balancing
from polytask.cli._distinct_models import check_distinct
from polytask.cli._learners import named_learner
from polytask.cli._set_option import with_settings
from polytask.cli._settings import CompareSettings, FitSettings, settings
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.learners import Learner, Linear
from polytask.learners.names import model_name


def learners(*names, **options):
    """Learners of some names after `--set` and other options."""
    asked = CompareSettings(model=list(names), **options)
    chosen = balanced([named_learner(name) for name in names], balancing(asked))
    return with_settings(chosen, asked, [].append)


def test_two_settings_of_one_architecture():
    few, many = learners("mmoe(n_experts=4)", "MMoE( n_experts = 16 )")
    assert (few.name, many.name) == ("mmoe(n_experts=4)", "mmoe(n_experts=16)")
    assert (few.architecture, many.architecture) == (MMoE(n_experts=4), MMoE(n_experts=16))
    assert few.single_task().name == "single_task"
    assert many.twin().name == "separate(mmoe(n_experts=16))"


def test_a_part_that_names_the_network_is_named_once():
    (network,) = learners("soft_sharing(penalty=trace_norm, penalty.alpha=0.1)")
    assert network.name == "soft_sharing(penalty=trace_norm, penalty.alpha=0.1)"


@pytest.mark.parametrize(
    "name",
    [
        "separate(mmoe)",
        "separate(mmoe(n_experts=4))",
        "ties(mmoe)",
        "dare(mmoe)+pc_grad",
        "soft_sharing(trace_norm)",
        "soft_sharing(trace_norm, penalty.alpha=0.1)",
    ],
)
def test_names_of_tables_can_be_typed(name):
    (network,) = learners(name)
    assert network.name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mmoe(label=wide)", "wide"),
        ("mmoe(label=wide, n_experts=16)+mgda", "wide+mgda"),
        ("separate(mmoe(label=wide))", "separate(wide)"),
        ("separate(mmoe, label=wide)", "wide"),
        ("ties(mmoe(label=wide))+mgda", "ties(wide)+mgda"),
        ("mmoe(label=none)", "mmoe"),
        ("linear(name=sparse, alpha=0.1)", "sparse"),
    ],
)
def test_a_model_is_given_its_name(text, name):
    (learner,) = learners(text)
    assert learner.name == name


def test_an_empty_name():
    with pytest.raises(ParameterError, match=r"The name of mmoe is empty\. Give one: label=mine\."):
        learners("mmoe(label=)")


def test_merged_copies_are_trained_as_their_network_says():
    (merged,) = learners("ties(mmoe(n_experts=2, learning_rate=0.1)+mgda)")
    assert merged.architecture == MMoE(n_experts=2)
    assert merged.trainer == named_learner("mmoe(learning_rate=0.1)+mgda").trainer


@pytest.mark.parametrize(
    ("names", "options", "sentence"),
    [
        (
            ["mmoe", "MMoE"],
            {},
            (
                "Two models have the name 'mmoe'. Leave out one, or give one another name: "
                "--model 'mmoe(label=NAME)'."
            ),
        ),
        (
            ["mmoe(n_experts=4)+mgda", "mmoe(n_experts=4)+mgda"],
            {},
            "or give one another name: --model 'mmoe(n_experts=4, label=NAME)+mgda'.",
        ),
        (["separate(mmoe)"] * 2, {}, "--model 'separate(mmoe, label=NAME)'."),
        (["linear", "mmoe", "linear"], {}, "--model 'linear(name=NAME)'."),
        (["mmoe", "ple"], {"set": {"label": "x"}}, "Two models have the name 'x'. Leave out"),
    ],
)
def test_two_models_of_one_name(names, options, sentence):
    with pytest.raises(ParameterError) as caught:
        check_distinct(learners(*names, **options), names)
    assert sentence in str(caught.value)


def test_a_learner_that_is_no_dataclass_is_left_to_compare():
    class Plain(Learner):
        def fit(self, train, validation, seed, budget):
            raise NotImplementedError

    check_distinct([Plain(), *learners("hard_sharing")], ["mine:Plain", "hard_sharing"])
    check_distinct([Plain(), Plain()], ["mine:Plain", "mine:Plain"])


def test_two_models_that_are_told_apart():
    names = ["mmoe(n_experts=4)", "mmoe(n_experts=16)", "mmoe", "mmoe(label=mine)"]
    check_distinct(learners(*names), names)


def test_the_command_says_so_before_anything_is_fitted(polytask, table):
    ran = polytask("compare", table, "-t", "income", "-m", "mmoe", "-m", "mmoe")
    assert ran.status == 2
    assert "--model 'mmoe(label=NAME)'" in ran.error


def test_a_name_in_brackets_is_of_something():
    with pytest.raises(
        ParameterError, match=r"mmoe\(ple\): what stands in brackets must be PATH=VALUE"
    ):
        learners("mmoe(ple)")
    with pytest.raises(ParameterError, match=r"separate\(linear\): linear is no network"):
        learners("separate(linear)")


@pytest.mark.parametrize("text", ["ties(dare(mmoe))", "separate(ties(mmoe))", "separate(ties)"])
def test_a_merged_network_in_brackets(text):
    with pytest.raises(ParameterError, match=r"in brackets must be an architecture, such as mmoe"):
        learners(text)


def test_values_are_read_as_set_reads_them():
    (network,) = learners(
        "hard_sharing(encoder.widths=64,64, initializer=orthogonal, learning_rate=1e-2)"
    )
    assert network.architecture == HardSharing(MLP((64, 64)), initializer="orthogonal")
    assert network.trainer.learning_rate == 0.01
    assert model_name("branching(groups=((a,b),(c)),((a),(b),(c)))").settings == {
        "groups": "((a,b),(c)),((a),(b),(c))"
    }


def test_other_models_have_settings_too():
    assert learners("linear(alpha=0.1)") == (Linear(alpha=0.1, name="linear(alpha=0.1)"),)


def test_balancing_follows_the_bracket():
    (network,) = learners("mmoe(n_experts=4)+ca_grad", set={"aggregation.c": "0.2"})
    assert network.name == "mmoe(n_experts=4)+ca_grad"
    assert network.trainer.aggregation.c == 0.2
    (network,) = learners("mmoe(n_experts=4)", weighting="famo")
    assert network.name == "mmoe(n_experts=4)+famo"
    assert network.twin().name == "separate(mmoe(n_experts=4)+famo)"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("mmoe(n_experts=4", "Close the bracket after the settings: mmoe(n_experts=4)."),
        ("mmoe n_experts=4)", "Open the bracket before the settings: mmoe(n_experts=4)."),
        ("mmoe(2, 3)", "Settings are PATH=VALUE, as --set takes them: mmoe(n_experts=4)."),
        ("mmoe(=4)", "Settings are PATH=VALUE, as --set takes them: mmoe(n_experts=4)."),
        ("mmoe()", "Leave out the brackets: mmoe."),
        ("mmoe+mgda(n_experts=4)", "Settings follow the model: mmoe(n_experts=4)+mgda."),
        ("mmoe(n_experts=4)mgda", "Settings follow the model: mmoe(n_experts=4)+mgda."),
        ("(n_experts=4)", "Settings follow the model: mmoe(n_experts=4)+mgda."),
        ("mmoe(n_experts=4)+", "Name a method after each plus: mmoe(n_experts=4)+mgda."),
        ("mmoe+", "Name a method after each plus: mmoe(n_experts=4)+mgda."),
        ("mmoe+ +mgda", "Name a method after each plus: mmoe(n_experts=4)+mgda."),
        ("+mgda", "Begin with a model: hard_sharing+mgda."),
        ("", "Begin with a model: hard_sharing+mgda."),
        ("mmoe[n_experts=4]", "Settings stand in brackets: mmoe(n_experts=4)."),
        ("mmoe n_experts=4", "Settings stand in brackets: mmoe(n_experts=4)."),
        ("mmoe,ple", "Name every model by a --model of its own."),
    ],
)
def test_malformed_names(text, remedy):
    with pytest.raises(ParameterError) as caught:
        named_learner(text)
    assert str(caught.value) == (
        "The `model` parameter of the command line must be NAME, NAME+METHOD, or "
        f"NAME(PATH=VALUE, …) and then +METHOD. Got {text!r} instead. {remedy}"
    )


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("mmoe(n_experts=4, n_experts=8)", ParameterError, "gives 'n_experts' twice"),
        ("mmoe(n_exprts=4)", UnknownNameError, "mmoe has no setting named 'n_exprts'. Did you"),
        ("mmoe(n_experts=few)", ParameterError, "`architecture.n_experts` parameter of MMoE must"),
        ("mmo(n_experts=4)", UnknownNameError, "There is no model named 'mmo'. Did you mean"),
        ("mmoe(weighting=famo)+equal", ParameterError, "names its weighting itself"),
    ],
)
def test_settings_that_do_not_fit(text, error, said):
    with pytest.raises(error) as caught:
        named_learner(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("mmoe(steps=4)", {}, "'steps' has an option of its own. Give --steps in place of mmoe("),
        ("mmoe(architecture=ple)", {}, "'architecture' has an option of its own. Give --model"),
        ("mmoe(n_experts=4)", {"set": {"n_experts": "8"}}, "--set n_experts and mmoe(n_experts=4)"),
        (
            "mmoe(numbers=periodic(sigma=1))",
            {"set": {"sigma": "2"}},
            "--set sigma and mmoe(numbers=",
        ),
        (
            "mmoe(encoder=mlp(numbers=periodic(sigma=1)))",
            {"set": {"numbers.sigma": "2"}},
            "--set numbers.sigma and mmoe(encoder=",
        ),
        (
            "mmoe(trainer.accelerator=cpu)",
            {"device": "cpu"},
            "--device and mmoe(trainer.accelerator=cpu) say the same. Leave out one of them.",
        ),
    ],
)
def test_a_setting_is_given_once(name, options, said):
    with pytest.raises(ParameterError) as caught:
        learners(name, **options)
    assert said in str(caught.value)


def test_study_files_have_mappings():
    study = {"mmoe": {"n_experts": 4, "encoder": {"widths": [64, 64]}}, "ple+mgda": None}
    assert CompareSettings(model=study).model == [
        "mmoe(n_experts=4, encoder.widths=64,64)",
        "ple+mgda",
    ]
    named = {"separate(mmoe)": {"encoder": {"widths": 4}}, "ties(mmoe+mgda)+famo": {"label": "x"}}
    assert CompareSettings(model=named).model == [
        "separate(mmoe, encoder.widths=4)",
        "ties(mmoe+mgda, label=x)+famo",
    ]
    several = [{"mmoe+mgda": {"n_experts": 4}}, "mmoe(n_experts=16)"]
    assert CompareSettings(model=several).model == ["mmoe(n_experts=4)+mgda", "mmoe(n_experts=16)"]
    assert FitSettings(model={"mmoe": {"n_experts": 4}}).model == "mmoe(n_experts=4)"


@pytest.mark.parametrize("kind", [CompareSettings, FitSettings])
def test_study_files_that_name_no_model(kind, tmp_path):
    (tmp_path / "study.yaml").write_text("model: {mmoe: 4, ple: 3}\n")
    with pytest.raises(ParameterError, match="or a mapping of a model's name to its settings"):
        settings(kind, {"config": tmp_path / "study.yaml"})


def test_a_comparison_of_two_settings(polytask, table, tmp_path):
    (tmp_path / "study.yaml").write_text(
        "model:\n- hard_sharing: {encoder.widths: [4]}\n- hard_sharing: {encoder.widths: [4, 4]}\n"
    )
    ran = polytask(
        "compare", table, "-t", "income:binary", "-t", "married", "--config", "study.yaml",
        "--steps", 5, "--trials", 1, "--seeds", 1, "--out", "out",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert [learner["name"] for learner in found["learners"]] == [
        "single_task",
        "single_task (hard_sharing(encoder.widths=4,4))",
        "hard_sharing(encoder.widths=4)",
        "hard_sharing(encoder.widths=4,4)",
        "constant",
    ]
    assert "(widths (4, 4), not (4,))" in ran.out
