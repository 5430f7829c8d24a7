"""Encoders by name: ``hard_sharing+residual_mlp``, ``--encoder residual_mlp``."""

import json

import pytest
from users_encoder import Suited, users_encoder

from polytask._naming import fold, snake_case
from polytask.architectures import HardSharing, MMoE, Separate, SingleTask
from polytask.cli._balancing import balanced, balancing
from polytask.cli._encoders import with_encoder
from polytask.cli._learners import named_learner
from polytask.cli._observers import with_observers
from polytask.cli._set_option import with_settings
from polytask.cli._settings import CompareSettings, FitSettings, settings
from polytask.encoders import MLP, CustomEncoder, ResidualMLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.training import Trainer


def learners(*names, **options):
    """Learners of some names after `--encoder`, `--set` and other options."""
    asked = CompareSettings(model=list(names), **options)
    chosen = with_encoder([named_learner(name) for name in names], asked)
    return with_settings(balanced(chosen, balancing(asked)), asked, [].append)


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("hard_sharing+residual_mlp", HardSharing(ResidualMLP())),
        ("single_task+residual_mlp", SingleTask(ResidualMLP())),
        ("mmoe+residual_mlp+famo+mgda", MMoE(ResidualMLP())),
        ("mmoe(n_experts=4)+residual_mlp+mgda", MMoE(ResidualMLP(), n_experts=4)),
        ("hard_sharing+residual_mlp(depth=4)", HardSharing(ResidualMLP(depth=4))),
        ("ties+residual_mlp(depth=4)", HardSharing(ResidualMLP(depth=4))),
        ("mmoe(n_experts=4)+residual_mlp(depth=4)+mgda", MMoE(ResidualMLP(depth=4), n_experts=4)),
        ("separate(mmoe(n_experts=4))+residual_mlp(depth=4)", None),
        ("hard_sharing+residual_mlp(numbers=piecewise_linear(by=trees), depth=4)", None),
        ("separate(hard_sharing+residual_mlp)", Separate(HardSharing(ResidualMLP()))),
        (
            "separate(mmoe(n_experts=4)+residual_mlp)",
            Separate(MMoE(ResidualMLP(), n_experts=4)),
        ),
        ("ties+residual_mlp", HardSharing(ResidualMLP())),
        ("ties(mmoe)+residual_mlp", MMoE(ResidualMLP())),
        ("soft_sharing(trace_norm)+residual_mlp", None),
    ],
)
def test_names_with_an_encoder_are_those_of_tables(name, architecture):
    (network,) = learners(name)
    assert network.name == name
    assert architecture is None or network.architecture == architecture
    (again,) = learners(network.name)
    assert again == network
    if network.joint:
        alone = network.single_task()
        settings = name.partition("+residual_mlp")[2].removesuffix("+mgda").removesuffix("+famo")
        assert alone.name == f"single_task+residual_mlp{settings}"
        assert learners(alone.name) == (alone,)


@pytest.mark.parametrize(
    ("name", "table_name"),
    [
        ("hard_sharing+ResidualMLP", "hard_sharing+residual_mlp"),
        ("hard_sharing+mgda+residual_mlp", "hard_sharing+residual_mlp+mgda"),
        ("hard_sharing+mlp", "hard_sharing"),
        ("hard_sharing(encoder.depth=4)+residual_mlp", "hard_sharing+residual_mlp(depth=4)"),
        ("hard_sharing(depth=4)+residual_mlp", "hard_sharing+residual_mlp(depth=4)"),
        (
            "mmoe(encoder.depth=4, n_experts=4)+residual_mlp+mgda",
            "mmoe(n_experts=4)+residual_mlp(depth=4)+mgda",
        ),
        ("hard_sharing+mlp(widths=64,64)", "hard_sharing(encoder.widths=64,64)"),
        ("separate(mmoe)+residual_mlp", "separate(mmoe+residual_mlp)"),
        (
            "separate(mmoe)+residual_mlp(depth=4)",
            "separate(mmoe+residual_mlp, encoder.depth=4)",
        ),
        (
            "separate(mmoe(n_experts=4))+residual_mlp",
            "separate(mmoe(n_experts=4))+residual_mlp",
        ),
        ("mmoe(label=wide, n_experts=8)+residual_mlp+mgda", "wide+residual_mlp+mgda"),
        ("mmoe(label=wide, encoder.depth=3)+residual_mlp", "wide+residual_mlp"),
        ("hard_sharing+users_encoder:Suited", "hard_sharing+suited"),
    ],
)
def test_other_spellings(name, table_name):
    (network,) = learners(name)
    assert network.name == table_name
    if "suited" not in table_name and "wide" not in table_name:
        assert learners(table_name) == (network,)


def test_settings_of_the_encoder_after_its_name():
    (network,) = learners("hard_sharing+residual_mlp", set={"encoder.depth": "4", "width": "32"})
    assert network.architecture == HardSharing(ResidualMLP(depth=4, width=32))
    (network,) = learners("hard_sharing+residual_mlp(depth=4)+mgda", set={"width": "32"})
    assert network.architecture == HardSharing(ResidualMLP(depth=4, width=32))


def test_the_option_reaches_all_networks():
    joint, alone, plain = learners(
        "mmoe(n_experts=4)", "single_task", "linear", encoder="residual_mlp(depth=4)"
    )
    assert joint.architecture == MMoE(ResidualMLP(depth=4), n_experts=4)
    assert alone.architecture == SingleTask(ResidualMLP(depth=4))
    assert plain == named_learner("linear")
    assert (joint.name, alone.name) == (
        "mmoe(n_experts=4)+residual_mlp",
        "single_task+residual_mlp",
    )
    (network,) = learners("hard_sharing", encoder="residual_mlp", set={"encoder.depth": "5"})
    assert network.architecture.encoder.depth == 5
    (network,) = learners("hard_sharing+mgda", encoder="residual_mlp")
    assert network.name == "hard_sharing+residual_mlp+mgda"


def test_encoders_of_the_users_own():
    assert learners("hard_sharing", encoder="users_encoder:Suited(width=3)")[0].architecture == (
        HardSharing(Suited(width=3))
    )
    (network,) = learners("hard_sharing", encoder="users_encoder:users_encoder")
    assert network.architecture.encoder is users_encoder
    (network,) = learners(
        "hard_sharing",
        encoder="custom_encoder",
        set={"encoder.factory": "users_encoder:users_encoder"},
    )
    assert network.architecture.encoder == CustomEncoder(users_encoder)
    assert network.name == "hard_sharing+custom_encoder"


@pytest.mark.parametrize(
    ("name", "alone"),
    [
        (
            "hard_sharing+custom_encoder(factory=users_encoder:users_encoder)+mgda",
            "single_task+custom_encoder(factory=users_encoder:users_encoder)",
        ),
        ("hard_sharing(encoder=users_encoder:users_encoder)", "single_task+custom_encoder"),
    ],
)
def test_networks_with_a_factory_are_named_so(name, alone):
    (network,) = learners(name)
    assert (network.name, network.single_task().name) == (name, alone)


@pytest.mark.parametrize(
    ("names", "options", "sentence"),
    [
        (
            ["hard_sharing+residual_mlp+mlp"],
            {},
            (
                "hard_sharing+residual_mlp+mlp names several encoders, residual_mlp and mlp. Name one."
            ),
        ),
        (
            ["hard_sharing(encoder=mlp)+residual_mlp"],
            {},
            "names several encoders, mlp and residual_mlp. Name one.",
        ),
        (
            ["separate(mmoe+mlp)+residual_mlp"],
            {},
            "names several encoders, mmoe+mlp and residual_mlp. Name one.",
        ),
        (
            ["linear+residual_mlp"],
            {},
            (
                "linear+residual_mlp: linear has no encoder. Name a network that has one, such as "
                "hard_sharing+residual_mlp."
            ),
        ),
        (
            ["hard_sharing(encoder.depth=3)+residual_mlp(depth=4)"],
            {},
            "gives 'encoder.depth' twice. Give it once.",
        ),
        (
            ["hard_sharing+residual_mlp", "mmoe"],
            {"encoder": "residual_mlp"},
            (
                "hard_sharing+residual_mlp chooses its encoder itself (residual_mlp), and --encoder "
                "chooses residual_mlp. Leave out one of them."
            ),
        ),
        (
            ["hard_sharing+mlp"],
            {"encoder": "residual_mlp(depth=4)"},
            (
                "hard_sharing+mlp chooses its encoder itself (mlp), and --encoder chooses "
                "residual_mlp(depth=4). Leave out one of them."
            ),
        ),
        (
            ["separate(mmoe+mlp)"],
            {"encoder": "residual_mlp"},
            "separate(mmoe+mlp) chooses its encoder itself (mlp), and",
        ),
        (
            ["mmoe(encoder=mlp)"],
            {"encoder": "residual_mlp"},
            "mmoe(encoder=mlp) chooses its encoder itself (encoder=mlp), and",
        ),
        (
            ["mmoe(n_experts=4, widths=64)"],
            {"encoder": "residual_mlp"},
            "mmoe(n_experts=4, widths=64) chooses its encoder itself (widths=64), and --encoder",
        ),
        (
            ["separate(mmoe(encoder.widths=64))"],
            {"encoder": "residual_mlp"},
            "chooses its encoder itself (encoder.widths=64), and --encoder",
        ),
        (
            ["mmoe(encoder.widths=64)"],
            {"set": {"encoder": "residual_mlp"}},
            (
                "--set encoder would replace encoder.widths of mmoe(encoder.widths=64). "
                "Leave out one of them."
            ),
        ),
        (
            ["mmoe"],
            {"encoder": "residual_mlp(depth=4)", "set": {"encoder.depth": "5"}},
            "--encoder residual_mlp(depth=4) and --set encoder.depth say the same. Leave out one",
        ),
        (
            ["mmoe", "linear"],
            {"encoder": "mlp(numbers=piecewise_linear(by=trees))", "set": {"by": "both"}},
            "--encoder mlp(numbers=piecewise_linear(by=trees)) and --set by say the same. Leave",
        ),
        (
            ["hard_sharing+users_encoder:users_encoder"],
            {},
            (
                "A factory of torch modules is an encoder where it is given as one: --encoder "
                "users_encoder:users_encoder, or hard_sharing(encoder=users_encoder:users_encoder)."
            ),
        ),
        (
            ["linear", "gradient_boosting"],
            {"encoder": "residual_mlp"},
            (
                "--encoder chooses how networks make features of a row, but linear and "
                "gradient_boosting have no encoder. Choose a model such as hard_sharing."
            ),
        ),
        (
            ["hard_sharing"],
            {"encoder": "residual_mlp", "set": {"encoder": "mlp"}},
            "--encoder and --set encoder say the same. Leave out one of them.",
        ),
        (
            ["hard_sharing+residual_mlp"],
            {"set": {"encoder": "mlp"}},
            "--set encoder and hard_sharing+residual_mlp say the same. Leave out one of them.",
        ),
        (
            ["hard_sharing"],
            {"encoder": "residual_mlp+mgda"},
            (
                "The `encoder` parameter of the command line must be NAME or NAME(PATH=VALUE, …). Got "
                "'residual_mlp+mgda' instead."
            ),
        ),
        *(
            (
                ["hard_sharing"],
                {"encoder": text},
                (
                    "The `encoder` parameter of the command line must be NAME or NAME(PATH=VALUE, …). "
                    f"Got {text!r} instead. Name one encoder, with settings in brackets: "
                    "tab_m(members=4)."
                ),
            )
            for text in ("tab_m(", "tab_m)", "tab_m()", "", "tab_m,mlp", "tab_m=4", "+", "tab_m(4)")
        ),
        (["hard_sharing"], {"encoder": "mgda"}, "it is an aggregator. Give --aggregation mgda."),
        (
            ["hard_sharing"],
            {"encoder": "residul_mlp"},
            "cannot be 'residul_mlp': there is no encoder named 'residul_mlp'. Did you mean 'residual_",
        ),
        (["hard_sharing"], {"encoder": "residual_mlp(dept=4)"}, "no setting named 'encoder.dept'"),
        (["hard_sharing"], {"encoder": "custom_encoder"}, "it needs `encoder.factory`"),
        (
            ["hard_sharing"],
            {"weighting": "residual_mlp"},
            "There is no weighting named 'residual_mlp': it is an encoder. Give --encoder residual_mlp.",
        ),
    ],
)
def test_what_is_refused(names, options, sentence):
    with pytest.raises(ParameterError) as caught:
        learners(*names, **options)
    assert sentence in str(caught.value)


def test_the_training_that_suits_an_encoder_unless_another_is_given():
    suited = Trainer(**Suited.training)
    for names, options in (
        (["hard_sharing+users_encoder:Suited", "single_task+users_encoder:Suited"], {}),
        (["hard_sharing", "single_task"], {"encoder": "users_encoder:Suited"}),
        (["hard_sharing", "single_task"], {"set": {"encoder": "users_encoder:Suited"}}),
    ):
        assert [network.trainer for network in learners(*names, **options)] == [suited] * 2
    (network,) = learners(
        "hard_sharing(trainer.clip_norm=none)+users_encoder:Suited+famo",
        set={"trainer.learning_rate": "0.001"},
    )
    trainer = network.trainer
    assert (trainer.clip_norm, trainer.learning_rate, trainer.optimizer) == (None, 0.001, "adamw")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("TabM", "tab_m"),
        ("DCN", "dcn"),
        ("FTTransformer", "ft_transformer"),
        ("PackedMLP", "packed_mlp"),
        ("ResidualMLP", "residual_mlp"),
    ],
)
def test_names_of_encoders(kind, name):
    assert snake_case(kind) == name
    assert fold(kind) == fold(name)


def test_study_files(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text("encoder: {residual_mlp: {depth: 4}}\nmodel: [mmoe, linear]\n")
    assert settings(CompareSettings, {"config": study}).encoder == "residual_mlp(depth=4)"
    study.write_text("encoder: residual_mlp\n")
    assert settings(FitSettings, {"config": study}).encoder == "residual_mlp"
    study.write_text("encoder: 3\n")
    with pytest.raises(ParameterError, match="text, or a mapping of an encoder's name to its set"):
        settings(FitSettings, {"config": study})
    named = {"hard_sharing+residual_mlp(depth=4)": {"label": "x"}}
    assert CompareSettings(model=named).model == ["hard_sharing(label=x)+residual_mlp(depth=4)"]


def test_a_comparison_with_an_encoder(polytask, table, tmp_path):
    arguments = (
        "compare", table, "-t", "income:binary", "-t", "married", "--set", "encoder.width=4",
        "--steps", 5, "--trials", 1, "--seeds", 1,
    )  # fmt: skip
    ran = polytask(
        *arguments, "-m", "hard_sharing+users_encoder:Suited", "-m", "linear", "--out", "one"
    )
    assert ran.status == 0, ran.err
    found = json.loads((tmp_path / "one" / "comparison.json").read_text())
    names = [learner["name"] for learner in found["learners"]]
    assert names == ["single_task+suited", "hard_sharing+suited", "linear", "constant"]
    assert ran.out.count("Networks with suited are trained with optimizer=adamw") == 1
    ran = polytask(*arguments, "--encoder", "residual_mlp", "-m", "mmoe", "--twins", "--out", "two")
    assert ran.status == 0, ran.err
    found = json.loads((tmp_path / "two" / "comparison.json").read_text())
    names = [learner["name"] for learner in found["learners"]]
    assert names == [
        "single_task+residual_mlp", "mmoe+residual_mlp", "separate(mmoe+residual_mlp)", "constant"
    ]  # fmt: skip


def test_a_model_is_fitted_with_an_encoder(polytask, table):
    ran = polytask(
        "fit", table, "-t", "income:binary", "--encoder", "residual_mlp(width=4)", "--steps", 2
    )
    assert ran.status == 0, ran.err
    assert "hard_sharing+residual_mlp" in ran.err + ran.out


def test_a_name_that_means_nothing():
    with pytest.raises(UnknownNameError) as caught:
        named_learner("hard_sharing+residul_mlp")
    assert str(caught.value) == (
        "There is no encoder, weighting or aggregation named 'residul_mlp'. Did you mean "
        "'residual_mlp'?"
    )


def test_methods_lists_encoders(polytask):
    assert "(--encoder NAME)" in polytask("methods", "encoders").out
    page = polytask("methods", "residual_mlp").out
    assert "--encoder residual_mlp" in page
    assert "encoder.depth=2" in page
    own = polytask("methods", "users_encoder:Suited").out
    assert "trains  optimizer=adamw, learning_rate=0.002" in own
    assert "is a model with its encoder" in polytask("methods", "mmoe+residual_mlp").err


def test_the_default_stays_unnamed():
    assert learners("hard_sharing")[0].architecture == HardSharing(MLP())


def test_options_of_networks_reach_the_members_of_an_ensemble():
    (found,) = learners("ensemble", encoder="residual_mlp(depth=4)", aggregation="mgda")
    assert found.learner.architecture == HardSharing(ResidualMLP(depth=4))
    assert found.learner.trainer.aggregation == Trainer(aggregation="mgda").aggregation
    assert found.name == "ensemble(hard_sharing+residual_mlp+mgda)"
    (watched,) = with_observers([found], ["gradient_conflict"])
    assert [one.name for one in watched.learner.trainer.observers] == ["gradient_conflict"]
    with pytest.raises(ParameterError, match=r"chooses its encoder itself \(residual_mlp\)"):
        learners("ensemble(mmoe+residual_mlp)", encoder="mlp")
    with pytest.raises(ParameterError, match="chooses its encoder itself"):
        learners("ensemble(encoder.widths=8)", encoder="mlp")
