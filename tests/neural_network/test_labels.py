"""Names of networks that hold settings follow the settings."""

import dataclasses

import pytest

from polytask.architectures import HardSharing
from polytask.cli._encoders import with_encoder
from polytask.cli._set_option import with_settings
from polytask.cli._settings import CompareSettings
from polytask.encoders import MLP, PackedMLP, Periodic, PiecewiseLinear, TabM
from polytask.exceptions import ParameterError
from polytask.learners._labelled import with_distinct_names
from polytask.learners._table_networks import table_networks
from polytask.neural_network import MultiTaskNetwork
from polytask.tasks import Task as OneTask
from polytask.tasks import TaskSet

TASKS = TaskSet([OneTask("y", "regression"), OneTask("z", "regression")])


def default_names(**options):
    """Names of the network of a table of 800 rows, and of its baseline."""
    asked = CompareSettings(**options)
    learners = with_encoder(table_networks(TASKS, 800), asked)
    (network,) = with_settings(learners, asked, [].append)
    return network.name, network.single_task().name


def test_settings_of_the_encoder_are_joined():
    network = MultiTaskNetwork(HardSharing(PackedMLP(widths=(64, 64))))
    network = network.with_detail("widths=64,64").with_detail("members=8")
    assert network.name == "hard_sharing+packed_mlp(widths=64,64, members=8)"


@pytest.mark.parametrize(
    ("options", "encoder"),
    [
        ({}, "+packed_mlp(widths=64,64)"),
        ({"set": {"encoder.widths": "32,32"}}, "+packed_mlp(widths=32,32)"),
        ({"set": {"encoder.dropout": "0.2"}}, "+packed_mlp(widths=64,64)"),
        ({"encoder": "tab_m"}, "+tab_m"),
        ({"encoder": "packed_mlp(widths=16,16)"}, "+packed_mlp(widths=16,16)"),
        ({"encoder": "mlp"}, ""),
    ],
)
def test_a_label_follows_its_settings(options, encoder):
    assert default_names(**options) == (f"hard_sharing{encoder}", f"single_task{encoder}")


def test_recipes_among_settings_stand_in_labels_as_on_the_command_line():
    recipes = (PiecewiseLinear(n_bins=8), Periodic(sigma=0.3))
    networks = [MultiTaskNetwork(HardSharing(TabM(numbers=numbers))) for numbers in recipes]
    first, second = with_distinct_names(networks)
    assert first.name == "hard_sharing+tab_m(numbers=piecewise_linear(n_bins=8))"
    assert second.name == "hard_sharing+tab_m(numbers=periodic(sigma=0.3))"
    assert first.single_task().name == "single_task+tab_m(numbers=piecewise_linear(n_bins=8))"
    changed = first.configured({"numbers": PiecewiseLinear(n_bins=16)})
    assert changed.name == "hard_sharing+tab_m(numbers=piecewise_linear(n_bins=16))"


def test_long_values_in_labels_close_their_brackets():
    networks = [MultiTaskNetwork(HardSharing(MLP(tuple(range(1, n))))) for n in (3, 99)]
    short, long = (network.name for network in with_distinct_names(networks))
    assert short == "hard_sharing(widths=(1, 2))"
    assert long == "hard_sharing(widths=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,…))"


def test_a_label_of_somebody_stays():
    network = MultiTaskNetwork(HardSharing(PackedMLP()), label="mine (a=1)")
    assert network.configured({"encoder.widths": (8, 8)}).name == "mine (a=1)"
    network = MultiTaskNetwork().with_detail("batch_size=64")
    assert network.configured({"batch_size": 32}).name == "hard_sharing(batch_size=32)"


def test_an_encoder_whose_name_is_within_another_word():
    @dataclasses.dataclass(frozen=True)
    class Task(MLP):
        pass

    network = MultiTaskNetwork(HardSharing(Task())).with_detail("encoder.dropout=0.1")
    assert network.single_task().name == "single_task+task(dropout=0.1)"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("piecewise_linear()", "Leave out the brackets: piecewise_linear."),
        ("piecewise_linear(by)", "Settings are PATH=VALUE: piecewise_linear"),
    ],
)
def test_brackets_of_a_value(text, remedy):
    with pytest.raises(ParameterError, match=remedy.replace("(", r"\(")):
        default_names(set={"encoder.numbers": text})
