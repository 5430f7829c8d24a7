"""Device and precision of all networks at once."""

import pytest
import torch

import polytask
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.evaluation.running._candidates import make_candidates
from polytask.exceptions import ParameterError
from polytask.learners import Linear, fit, on_device
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import tiny_dataset
from polytask.training import Trainer

DATA = tiny_dataset(["regression", "binary"])
NETWORK = MultiTaskNetwork(HardSharing(MLP((4,))), Trainer(learning_rate=0.01))
STEPS = Budget(steps=3)


def test_networks_are_moved_and_other_learners_are_not():
    moved, linear = on_device([NETWORK, Linear()], "auto", "bf16", "compare")
    assert (moved.trainer.accelerator, moved.trainer.precision) == ("auto", "bf16-mixed")
    assert moved.trainer.learning_rate == 0.01
    assert linear == Linear()
    (same,) = on_device([NETWORK], None, None, "fit")
    assert same is NETWORK


def test_single_task_selves_are_trained_alike():
    found = make_candidates([NETWORK], DATA.tasks, "cpu", "bf16")
    trained = [one.learner.trainer.precision for one in found if not one.reference]
    assert trained == ["bf16-mixed", "bf16-mixed"]


def test_fit_and_compare():
    whole = fit(DATA, NETWORK, budget=STEPS).predict(DATA)["task0"].response
    half = fit(DATA, NETWORK, budget=STEPS, precision="bf16").predict(DATA)["task0"].response
    assert (whole != half).any()
    same = fit(DATA, NETWORK, budget=STEPS, device="CPU", precision="32-true").predict(DATA)
    assert (same["task0"].response == whole).all()
    found = polytask.compare(DATA, NETWORK, seeds=1, budget=STEPS, device="cpu", precision="bf16")
    assert len(found.learners) == 2 + ("constant" in {row.name for row in found.learners})


@pytest.mark.parametrize("run", [fit, polytask.compare])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"device": "abacus"}, r"The `device` parameter of .* must be an accelerator of this mach"),
        ({"precision": "8"}, r"The `precision` parameter of .* must be one of '32-true'"),
    ],
)
def test_unknown_devices_and_precisions(run, arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        run(DATA, NETWORK, **arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_missing_gpu():
    with pytest.raises(ParameterError, match=r"`device` parameter of fit .* Got 'cuda:1' instead"):
        fit(DATA, NETWORK, device="cuda:1")


@pytest.mark.parametrize("run", [fit, polytask.compare])
def test_no_network(run):
    with pytest.raises(
        ParameterError, match=r"`device` of .* is about networks, and linear is none"
    ):
        run(DATA, "linear", device="cpu")
