"""Members that are trained side by side: each is the run that it would be alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from populations import (
    assert_as_apart,
    assert_equal_runs,
    seeds,
    some_members,
    stacks_and_reasons,
)
from small_architectures import data_for, small_architectures, small_variants
from small_encoders import ENCODERS
from training_tables import mixed_table, own_rows_table

from polytask.architectures import HardSharing, SoftSharing
from polytask.data import MultiTaskDataset
from polytask.encoders import CNN, MLP, TabM
from polytask.exceptions import StudyError
from polytask.tasks import Task
from polytask.testing import tiny_dataset
from polytask.training import Member, Trainer, _population, _stacking

SMALL = HardSharing(MLP((8,)))
NOISY = HardSharing(MLP((8,), dropout=0.3))
NORMED = HardSharing(MLP((8,), normalization="batch"))
DATA, HELD = mixed_table(n_rows=100), mixed_table(n_rows=40, seed=1)
TRAINER = Trainer(steps=10, batch_size=32, evaluate_every=4, patience=None)
MOMENTUM = replace(
    TRAINER, optimizer="sgd", learning_rate=0.05, optimizer_options={"momentum": 0.9}
)
MEMBERS = some_members(DATA)


def settings(**changes):
    return replace(TRAINER, **changes)


def _halved(optimizer):
    return torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)


QUICK = {
    "tasks, seeds and settings": (TRAINER, SMALL),
    "dropout": (TRAINER, NOISY),
    "batch norm": (MOMENTUM, NORMED),
}
SLOW = {
    "early stopping": (
        settings(steps=60, patience=2, evaluate_every=None, learning_rate=0.2),
        SMALL,
    ),
    "whole batches": (settings(batch_size="auto"), SMALL),
    "epochs and a schedule": (settings(epochs=3, scheduler="cosine_with_warmup"), SMALL),
    "a schedule that follows losses": (
        settings(scheduler="reduce_lr_on_plateau", scheduler_options={"patience": 0}),
        SMALL,
    ),
    "a user's schedule": (settings(scheduler=_halved), SMALL),
    "accumulated batches": (settings(accumulate=3), SMALL),
    "clipped gradients": (settings(clip_norm=0.1), SMALL),
    "an L1 norm": (settings(l1=1e-3, clip_norm=0.1), SMALL),
    "an optimiser that mixes numbers": (settings(optimizer="adafactor"), SMALL),
    "a weighting that learns": (settings(weighting="uncertainty_weighting"), SMALL),
    "a weighting that draws": (settings(weighting="random_loss_weighting"), SMALL),
    "a weighting of epochs": (settings(weighting="dynamic_weight_average"), SMALL),
    "an aggregation": (settings(aggregation="pc_grad"), SMALL),
}


@pytest.mark.parametrize("case", QUICK)
def test_members_side_by_side_are_the_runs_alone(case):
    trainer, architecture = QUICK[case]
    assert_as_apart(trainer, architecture, MEMBERS, DATA, HELD)


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW)
def test_members_side_by_side_with_every_setting_are_the_runs_alone(case):
    trainer, architecture = SLOW[case]
    assert_as_apart(trainer, architecture, MEMBERS, DATA, HELD)


def test_members_of_one_number_of_tasks_or_several_are_one_stack():
    assert stacks_and_reasons(TRAINER, HardSharing(MLP((32,))), MEMBERS, DATA, HELD) == ([5], [])


@pytest.mark.parametrize(
    "architecture", [SMALL, pytest.param(NOISY, marks=pytest.mark.slow)], ids=["plain", "dropout"]
)
def test_rows_of_one_task_each(architecture):
    data = own_rows_table(n_tasks=3, n_rows=80)
    assert_as_apart(MOMENTUM, architecture, [*some_members(data), Member(seed=5)], data, data)


@pytest.mark.slow
def test_several_sources_with_missing_labels():
    data = tiny_dataset(("regression", "binary"), own_tables=True)
    assert_as_apart(MOMENTUM, SMALL, [*some_members(data), Member(seed=5)], data, data)


def test_folds_and_bootstrap_samples():
    draw = np.random.default_rng(0)
    masks = [(draw.random(100) < 0.7).astype(float) for _ in range(2)]
    counts = draw.multinomial(100, [0.01] * 100).astype(float)
    members = [Member(row_weight={"table": own}) for own in (*masks, counts)]
    assert_as_apart(TRAINER, SMALL, members, DATA, HELD)


def test_noise_and_rows_of_a_member_do_not_depend_on_who_trains_beside_it():
    few = TRAINER.fit_many(NOISY, MEMBERS[:2], DATA, HELD)
    many = TRAINER.fit_many(NOISY, [Member(seed=9), *MEMBERS], DATA, HELD)[1:]
    for one, two in zip(few, many[:2], strict=True):
        assert_equal_runs(one, two)


class KilledError(Exception):
    """The process was told to end."""


@pytest.mark.parametrize(
    "weighting", [None, pytest.param("uncertainty_weighting", marks=pytest.mark.slow)]
)
def test_a_killed_stack_goes_on_exactly_where_it_was(weighting, tmp_path, monkeypatch):
    trainer = settings(
        steps=24, weighting=weighting, patience=3, scheduler="cosine_with_warmup", learning_rate=0.1
    )
    members = [*MEMBERS, Member(learning_rate=1e30)]
    whole = trainer.fit_many(NOISY, members, DATA, HELD, return_errors=True)
    saved = _population.save_stack
    n_saves = 0

    def killed(*arguments):
        nonlocal n_saves
        saved(*arguments)
        n_saves += 1
        if n_saves == 2:
            raise KilledError

    monkeypatch.setattr(_population, "save_stack", killed)
    with pytest.raises(KilledError):
        trainer.fit_many(NOISY, members, DATA, HELD, checkpoint=tmp_path, checkpoint_seconds=0.0)
    monkeypatch.undo()
    resumed = trainer.fit_many(NOISY, members, DATA, HELD, checkpoint=tmp_path, return_errors=True)
    for one, two in zip(whole, resumed, strict=True):
        assert_equal_runs(one, two, rtol=1e-7)
    assert not list(tmp_path.glob("running-*"))


def test_a_damaged_checkpoint_of_a_stack_is_refused(tmp_path, monkeypatch):
    saved = _population.save_stack

    def killed(run, path, *rest):
        saved(run, path, *rest)
        path.write_bytes(path.read_bytes()[:-100])
        raise KilledError

    monkeypatch.setattr(_population, "save_stack", killed)
    with pytest.raises(KilledError):
        TRAINER.fit_many(SMALL, MEMBERS, DATA, HELD, checkpoint=tmp_path, checkpoint_seconds=0.0)
    with pytest.raises(StudyError, match=r"running-.* is not a whole checkpoint .*Delete it"):
        TRAINER.fit_many(SMALL, MEMBERS, DATA, HELD, checkpoint=tmp_path)


@pytest.mark.parametrize(
    ("changes", "architecture", "reason"),
    [
        ({"aggregation": "pc_grad"}, SMALL, "aggregation compares"),
        ({"observers": ("gradient_conflict",)}, SMALL, "observers measure"),
        ({"task_patience": 3}, SMALL, "task_patience"),
        ({}, small_architectures()["COSMOS"], "has a preference as its input"),
        ({}, SoftSharing(MLP((8,)), penalty="trace_norm"), "has a proximal step"),
        ({}, SoftSharing(MLP((8,)), penalty="task_covariance"), "learned in closed form"),
    ],
)
def test_what_cannot_be_stacked_is_said_in_words(changes, architecture, reason):
    trainer = settings(**changes)
    assert reason in trainer.stacking(architecture, seeds(2), DATA)


def test_large_networks_are_trained_one_after_another(monkeypatch):
    monkeypatch.setattr(_stacking, "_MOST_OF_ONE", 100)
    assert "parameters take as long side by side" in TRAINER.stacking(SMALL, seeds(2), DATA)


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    TRAINER.fit_many(NOISY, seeds(2), DATA)
    assert torch.equal(before, torch.get_rng_state())


def test_nothing_is_said_of_members_that_are_stacked():
    assert TRAINER.stacking(SMALL, MEMBERS, DATA) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", small_architectures())
def test_every_architecture_in_a_stack_is_as_alone(name):
    architecture = small_architectures(MLP((8, 8), dropout=0.2))[name]
    data = data_for(architecture)
    assert_as_apart(replace(MOMENTUM, batch_size=8), architecture, seeds(), data, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", small_variants(MLP((8, 8))))
def test_every_variant_in_a_stack_is_as_alone(name):
    architecture = small_variants(MLP((8, 8)))[name]
    data = data_for(architecture)
    assert_as_apart(replace(MOMENTUM, batch_size=8), architecture, seeds(), data, data)


@pytest.mark.slow
@pytest.mark.parametrize(
    "encoder",
    [
        *ENCODERS.values(),
        TabM(members=3, widths=(8,)),
        MLP((8,), numbers="piecewise_linear"),
        MLP((8,), numbers="periodic"),
    ],
    ids=repr,
)
def test_every_encoder_of_tables_in_a_stack_is_as_alone(encoder):
    data = tiny_dataset(("regression", "binary"))
    trainer = replace(MOMENTUM, batch_size=8, learning_rate=0.002)
    members = [Member(seed=k) for k in range(3)]
    assert_as_apart(trainer, HardSharing(encoder), members, data, data)


@pytest.mark.slow
def test_images_in_a_stack_are_as_alone():
    draw = np.random.default_rng(0)
    tasks = [Task("a", "regression"), Task("b", "binary")]
    targets = np.stack([draw.normal(size=40), draw.random(40) > 0.5], axis=1)
    data = MultiTaskDataset.from_arrays(draw.normal(size=(40, 1, 8, 8)), targets, tasks)
    trainer = replace(MOMENTUM, batch_size=8, learning_rate=0.02)
    assert_as_apart(trainer, HardSharing(CNN()), seeds(), data, data)
