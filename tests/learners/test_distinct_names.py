"""Networks of one name are told apart by their settings."""

import pytest
from torch import nn
from users_encoder import users_encoder

from polytask.architectures import HardSharing, MMoE, SoftSharing
from polytask.cli._learners import named_learner
from polytask.encoders import MLP, ByRole, CustomEncoder, ResidualMLP, TabM
from polytask.exceptions import ParameterError
from polytask.learners import as_learners
from polytask.neural_network import MultiTaskNetwork
from polytask.penalties import TraceNorm
from polytask.tasks import Task, TaskSet
from polytask.training import Trainer

TASKS = TaskSet([Task("a", "regression"), Task("b", "binary")])


def names(*learners):
    return [learner.name for learner in as_learners(list(learners), "compare", TASKS)]


def test_networks_of_one_name_are_called_by_what_differs():
    assert names(MMoE(n_experts=4), MultiTaskNetwork(MMoE(n_experts=16))) == [
        "mmoe(n_experts=4)",
        "mmoe(n_experts=16)",
    ]
    rates = [MultiTaskNetwork(trainer=Trainer("equal", learning_rate=rate)) for rate in (0.1, 0.01)]
    assert names(*rates) == ["hard_sharing(learning_rate=0.1)+equal",
                             "hard_sharing(learning_rate=0.01)+equal"]  # fmt: skip


def test_only_settings_that_differ_are_named():
    first = MMoE(MLP((8,)), n_experts=4)
    second, third = MMoE(MLP((8, 8)), n_experts=4), MMoE(MLP((8, 8)), n_experts=2)
    assert names(first, second, third, "linear") == [
        "mmoe(widths=(8,), n_experts=4)",
        "mmoe(widths=(8, 8), n_experts=4)",
        "mmoe(widths=(8, 8), n_experts=2)",
        "linear",
    ]


def test_settings_join_what_stands_in_brackets():
    weak, strong = (MultiTaskNetwork(SoftSharing(penalty=TraceNorm(alpha=a))) for a in (0.1, 1.0))
    assert names(weak, strong) == [
        "soft_sharing(trace_norm, alpha=0.1)",
        "soft_sharing(trace_norm, alpha=1.0)",
    ]


def test_parts_of_different_classes_are_one_setting():
    joined = (HardSharing(ByRole(joint=joint)) for joint in (MLP((8,)), ResidualMLP()))
    plain, residual = names(*joined)
    assert plain == "hard_sharing+by_role(joint=mlp(widths=(8,)))"
    assert residual == "hard_sharing+by_role(joint=residual_mlp)"


@pytest.mark.parametrize("wrapped", [False, True])
def test_factories_are_named_as_the_command_line_reads_them(wrapped):
    factories = [CustomEncoder(f) if wrapped else f for f in (users_encoder, nn.Linear)]
    first, second = (MultiTaskNetwork(HardSharing(factory)) for factory in factories)
    assert first.name == second.name == "hard_sharing+custom_encoder"
    named = names(first, second)
    assert named == [
        "hard_sharing+custom_encoder(factory=users_encoder:users_encoder)",
        "hard_sharing+custom_encoder(factory=torch.nn.modules.linear:Linear)",
    ]
    assert [named_learner(name).name for name in named] == named


def test_encoders_have_names_already():
    assert names(HardSharing(MLP((8,))), HardSharing(ResidualMLP())) == [
        "hard_sharing",
        "hard_sharing+residual_mlp",
    ]
    assert names(*(HardSharing(ResidualMLP(depth=depth)) for depth in (1, 3))) == [
        "hard_sharing+residual_mlp(depth=1)",
        "hard_sharing+residual_mlp(depth=3)",
    ]


def test_settings_of_encoders_stand_after_their_names():
    weak, strong = (
        MultiTaskNetwork(
            MMoE(TabM(members=members), n_experts=2), Trainer("equal", batch_size=size)
        )
        for members, size in ((2, 64), (4, 32))
    )
    assert names(weak, strong) == [
        "mmoe(batch_size=64)+tab_m(members=2)+equal",
        "mmoe(batch_size=32)+tab_m(members=4)+equal",
    ]
    alone = [learner.single_task().name for learner in as_learners([weak, strong], "f", TASKS)]
    assert alone == ["single_task+tab_m(members=2)", "single_task+tab_m(members=4)"]


def test_equal_networks_and_given_names_stay_an_error():
    slow = [MultiTaskNetwork(MMoE(n_experts=n), label="mine") for n in (4, 16)]
    for learners, name in (((MMoE(), MMoE()), "mmoe"), (slow, "mine")):
        with pytest.raises(ParameterError, match=f"unique names. Got '{name}' twice"):
            as_learners(list(learners), "compare", TASKS)
