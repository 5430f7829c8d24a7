"""Schedules of the learning rate, by name."""

import math

import pytest
import torch
from torch import nn
from training_tables import regression_table

from polytask._paths import Written
from polytask.architectures import HardSharing, SingleTask
from polytask.encoders import MLP
from polytask.exceptions import ParameterError, UnknownNameError
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import check_search_ranges
from polytask.training import CosineWithWarmup, Trainer

SMALL = MLP((8,))


def rates(n_steps, **options):
    """Learning rates of the steps, and of one step further."""
    optimizer = torch.optim.SGD(nn.Linear(2, 1).parameters(), lr=2.0)
    schedule = CosineWithWarmup(optimizer, n_steps, **options)
    passed = []
    for _ in range(n_steps + 1):
        passed.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return passed


def test_the_rate_rises_linearly_and_falls_along_half_a_cosine():
    passed = rates(101, warmup=0.2, final=0.1)
    torch.testing.assert_close(passed[:20], [2 * (step + 1) / 21 for step in range(20)])
    assert passed[20] == 2.0
    middle = 2 * (0.1 + 0.9 / 2)
    assert passed[60] == pytest.approx(middle)
    quarter = 2 * (0.1 + 0.9 * (1 + math.cos(math.pi / 4)) / 2)
    assert passed[40] == pytest.approx(quarter)
    assert passed[100] == pytest.approx(0.2)
    assert passed[101] == pytest.approx(0.2), "steps beyond the plan keep the final rate"


@pytest.mark.parametrize("n_steps", [1, 2, 3, 7])
@pytest.mark.parametrize("warmup", [0.0, 0.05, 0.5, 0.99])
def test_short_plans_have_a_rate_for_every_step(n_steps, warmup):
    passed = rates(n_steps, warmup=warmup, final=0.0)
    assert all(0 <= rate <= 2 for rate in passed)
    assert passed[0] > 0


@pytest.mark.parametrize("name", ["cosine_with_warmup", "CosineWithWarmup", "cosine with warm-up"])
def test_the_schedule_has_a_name_in_any_spelling(name):
    data = regression_table(n_rows=100)
    trainer = Trainer(epochs=4, batch_size=25, scheduler=name, evaluate_every=1)
    history = trainer.fit(HardSharing(SMALL), data).history
    shares = [epoch.learning_rate / trainer.learning_rate for epoch in history.epochs]
    expected = rates(16)  # the rate of the next step stands in the record of an evaluation
    torch.testing.assert_close(shares, [rate / 2 for rate in expected[1:]])


@pytest.mark.parametrize("architecture", [HardSharing(SMALL), SingleTask(SMALL)])
def test_the_length_counts_optimiser_steps_and_not_batches(architecture):
    data = regression_table(n_rows=100)
    trainer = Trainer(epochs=4, batch_size=25, accumulate=2, scheduler="cosine_with_warmup")
    history = trainer.fit(architecture, data).history
    assert history.n_steps == 8
    assert history.epochs[-1].learning_rate == pytest.approx(trainer.learning_rate * 0.01)


@pytest.mark.parametrize("architecture", [HardSharing(SMALL), SingleTask(SMALL)])
def test_a_run_stopped_early_keeps_its_best_state(architecture):
    data, other = regression_table(seed=0), regression_table(seed=1)
    trainer = Trainer(
        steps=400,
        scheduler="cosine_with_warmup",
        learning_rate=0.1,
        patience=2,
        evaluate_every=10,
    )
    history = trainer.fit(architecture, data, other).history
    assert history.n_steps < 400
    assert history.best_epoch < len(history.epochs)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"warmup": 1.0}, r"The `warmup` parameter of CosineWithWarmup must be .*Got 1.0 instead"),
        ({"final": -0.1}, r"The `final` parameter of CosineWithWarmup must be .*Got -0.1 instead"),
        (
            {"warm": 0.1},
            r"`scheduler_options` .* options of CosineWithWarmup. Got \{'warm': 0.1\}.*'warmup'\?",
        ),
    ],
)
def test_wrong_options_are_refused_before_any_training(options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Trainer(scheduler="cosine_with_warmup", scheduler_options=options)


def test_a_name_close_to_ours_finds_ours():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'cosine_with_warmup'"):
        Trainer(scheduler="cosine_with_warmups")


def test_the_schedule_is_worth_trying():
    check_search_ranges(Trainer)
    assert "cosine_with_warmup" in Trainer.search_ranges["scheduler"].values


@pytest.mark.parametrize("what", ["scheduler", "optimizer"])
def test_options_in_brackets_are_refused_with_their_place(what):
    name = {"scheduler": "cosine_with_warmup", "optimizer": "adamw"}[what]
    with pytest.raises(ParameterError) as caught:
        Trainer(**{what: f"{name}(eps=2)"})
    assert str(caught.value) == (
        f"The `{what}` parameter of Trainer must be a name without brackets. Got '{name}(eps=2)' "
        f"instead. Its options are `{what}_options`: --set trainer.{what}_options.eps=2, in Python "
        f"{what}_options={{'eps': 2}}."
    )
    with pytest.raises(UnknownNameError, match=f"There is no {what} named 'nope'"):
        Trainer(**{what: "nope(eps=2)"})
    with pytest.raises(
        ParameterError, match=rf"--set trainer\.{what}_options\.NAME=VALUE for each"
    ):
        MultiTaskNetwork().configured({f"trainer.{what}_options": Written("eps=2")})
