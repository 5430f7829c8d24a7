"""Every architecture takes steps in mixed precision, with its penalties and updates."""

import math

import pytest
import torch
from small_architectures import CASCADE, OWN_ROWS, small_architectures, small_variants

from polytask.encoders import MLP
from polytask.training import Trainer

ENCODER = MLP((6, 6))
ARCHITECTURES = {**small_architectures(ENCODER), **small_variants(ENCODER)}


CASES = [
    pytest.param(name, OWN_ROWS, id=name)
    if architecture.one_task_per_row
    else pytest.param(name, CASCADE, id=name)
    for name, architecture in ARCHITECTURES.items()
]


@pytest.mark.parametrize(("name", "data"), CASES)
def test_a_step_in_bfloat16(name, data):
    options = {"steps": 1, "batch_size": 16, "evaluate_every": 1, "accelerator": "cpu"}
    plain, mixed = (
        Trainer(**options, precision=precision).fit(ARCHITECTURES[name], data, data, seed=1)
        for precision in ("32-true", "bf16-mixed")
    )
    (wanted,), (record,) = plain.history.epochs, mixed.history.epochs
    for task, loss in record.train_losses.items():
        assert math.isclose(loss, wanted.train_losses[task], rel_tol=0.05)
        assert math.isfinite(record.validation_losses[task])
    exact, reduced = plain.network.state_dict(), mixed.network.state_dict()
    assert all(torch.isfinite(tensor).all() for tensor in reduced.values())
    assert all(tensor.dtype == exact[key].dtype for key, tensor in reduced.items())
    assert record.train_losses != wanted.train_losses
