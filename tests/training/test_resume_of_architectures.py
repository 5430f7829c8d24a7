"""Every architecture goes on exactly where it was killed."""

import json

import pytest
import torch
from small_architectures import cascade_for, small_architectures, small_variants

from polytask.encoders import MLP
from polytask.training import Trainer

ENCODER = MLP((6, 6), dropout=0.3)
ARCHITECTURES = {**small_architectures(ENCODER), **small_variants(ENCODER)}
TRAINER = Trainer(steps=5, batch_size=16, evaluate_every=1, weight_decay=1e-3, learning_rate=0.02)


class KilledError(Exception):
    """The process was told to end."""


def without_times(history):
    """A history without times."""
    values = history.to_dict()
    values.pop("seconds")
    for epoch in values["epochs"]:
        epoch.pop("seconds")
    return json.dumps(values)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(name, tmp_path):
    architecture = ARCHITECTURES[name]
    data = cascade_for(architecture)
    arguments = {"checkpoint": tmp_path / "state.safetensors", "checkpoint_seconds": 0.0, "seed": 2}
    whole = TRAINER.fit(architecture, data, seed=2)

    def kill(record):
        if record.epoch > 3:
            raise KilledError

    with pytest.raises(KilledError):
        TRAINER.fit(architecture, data, on_epoch=kill, **arguments)
    epochs = []
    resumed = TRAINER.fit(
        architecture, data, on_epoch=lambda record: epochs.append(record.epoch), **arguments
    )
    assert epochs == [4, 5]
    kept = resumed.network.state_dict()
    for key, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, kept[key]), key
    assert without_times(whole.history) == without_times(resumed.history)
