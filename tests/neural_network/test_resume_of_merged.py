"""A killed training of merged networks goes on where it was; finished stages are not repeated."""

import json
from collections import Counter

import pytest
import torch
from training_tables import mixed_table

from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.encoders import MLP
from polytask.evaluation import compare
from polytask.exceptions import ParameterError, StudyError
from polytask.merging import DARE, AdaMerging, TaskArithmetic
from polytask.neural_network import MergedNetwork, _merged_training
from polytask.training import Trainer
from polytask.training._checkpoint import load_state, save_state
from polytask.training._training_run import TrainingRun

TRAIN, VALIDATION = mixed_table(seed=0, n_rows=150), mixed_table(seed=1, n_rows=80)
RECIPES = {
    "chance": DARE(0.5, TaskArithmetic(0.3)),
    "learned": AdaMerging(learning_rate=0.1, steps=4),
}
TRAINER = Trainer(batch_size=32, evaluate_every=4, patience=None)


class KilledError(Exception):
    """The process was told to end."""


def network(merging):
    return MergedNetwork(HardSharing(MLP((8,), dropout=0.3)), TRAINER, merging=merging)


def fit(merging, **options):
    return network(merging).fit(TRAIN, VALIDATION, 2, Budget(steps=24), **options)


def kill_at(number):
    def kill(record):
        if record.epoch == number:
            raise KilledError

    return kill


def killed(*_):
    raise KilledError


def without_times(history):
    values = history.to_dict()
    values.pop("seconds")
    for epoch in values["epochs"]:
        epoch.pop("seconds")
    return json.dumps(values)


@pytest.mark.parametrize("merging", RECIPES)
@pytest.mark.parametrize(
    "stage", ["joint", "tuned", pytest.param("merged", marks=pytest.mark.slow)]
)
def test_an_interrupted_training_ends_like_an_uninterrupted_one(
    merging, stage, tmp_path, monkeypatch
):
    method, path, steps = RECIPES[merging], tmp_path / "state.safetensors", []
    whole = fit(method)
    arguments = {"checkpoint": path, "checkpoint_seconds": 0.0}
    on_epoch = kill_at({"joint": 3, "tuned": 5, "merged": 0}[stage])
    with monkeypatch.context() as patch:
        if stage == "merged":
            patch.setattr(_merged_training, "RowLosses", killed)
        with pytest.raises(KilledError):
            fit(method, on_epoch=on_epoch, **arguments)
    assert [file.name for file in tmp_path.iterdir()] == ["state.safetensors"]
    take_step = TrainingRun._take_step

    def counting(self):
        steps.append("".join(self.part))
        take_step(self)

    monkeypatch.setattr(TrainingRun, "_take_step", counting)
    resumed = fit(method, **arguments)
    tuned = 12 if merging == "chance" else 8
    left = {"joint": (4, tuned), "tuned": (0, tuned - 4), "merged": (0, 0)}
    joint, own = left[stage]
    assert steps[:joint] == [""] * joint
    assert Counter(steps[joint:]) == {name: own for name in whole.tasks.names if own}
    for name, tensor in whole.model.network.state_dict().items():
        assert torch.equal(tensor, resumed.model.network.state_dict()[name]), name
    assert without_times(whole.history) == without_times(resumed.history)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """A checkpoint of a finished training."""
    path = tmp_path_factory.mktemp("left") / "state.safetensors"
    fit(RECIPES["chance"], checkpoint=path)
    return load_state(path)


def test_a_checkpoint_of_another_recipe_is_refused(left, tmp_path):
    path = tmp_path / "state.safetensors"
    save_state(path, left)
    for other in (DARE(0.4, TaskArithmetic(0.3)), TaskArithmetic()):
        with pytest.raises(ParameterError, match="belongs to another recipe, data set or seed"):
            fit(other, checkpoint=path)
    with pytest.raises(ParameterError, match="belongs to another recipe, data set or seed"):
        TRAINER.fit(HardSharing(MLP((8,))), TRAIN, VALIDATION, checkpoint=path)
    TRAINER_ALONE = Trainer(steps=5, evaluate_every=5)
    path.unlink()
    TRAINER_ALONE.fit(HardSharing(MLP((8,))), TRAIN, checkpoint=path, checkpoint_seconds=0.0)
    with pytest.raises(ParameterError, match="belongs to another recipe, data set or seed"):
        fit(RECIPES["chance"], checkpoint=path)


@pytest.mark.parametrize(
    ("stage", "changed"),
    [
        ("joint", {"state": {}}),
        ("joint", {"history": {"epochs": [{"type": "os:system"}]}}),
        ("tuned", {"states": {"passed": {}}}),
        ("tuned", {"states": 3}),
        ("tuned", {"history": None}),
    ],
)
@pytest.mark.usefixtures("unchecked_types")
def test_a_changed_state_gets_a_sentence(left, stage, changed, tmp_path):
    path = tmp_path / "state.safetensors"
    kept = {**left["kept"], stage: {**left["kept"][stage], **changed}}
    save_state(path, {"kept": kept})
    with pytest.raises(StudyError, match=r"state\.safetensors.*Delete it to start anew"):
        fit(RECIPES["chance"], checkpoint=path)


def test_a_comparison_leaves_no_checkpoint(tmp_path):
    learners = [network(TaskArithmetic(0.5))]
    comparison = compare(
        mixed_table(), learners, seeds=1, budget=Budget(steps=10), out=tmp_path / "out", quiet=True
    )
    assert "task_arithmetic" in {learner.name for learner in comparison.learners}
    assert not list((tmp_path / "out").rglob("*.checkpoint.safetensors"))
