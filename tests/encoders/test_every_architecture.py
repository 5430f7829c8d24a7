"""Every encoder for tables passes the common checks in every architecture."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from small_architectures import CASCADE, OWN_ROWS, PLAIN, cascade_for, data_for
from small_encoders import ENCODERS, encoded_architectures
from torch import nn

import polytask
from polytask.architectures import HardSharing, SingleTask
from polytask.data import encode, fit_schemas
from polytask.encoders import NumericEmbedding, ResidualMLP
from polytask.gradients import gramian, per_task_jacobian
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.testing import check_architecture, tiny_dataset
from polytask.training import Trainer, to_tensors

RECIPES = encoded_architectures()
CHOSEN = {
    (encoder, kind.__name__): kind(recipe)
    for encoder, recipe in ENCODERS.items()
    for kind in (HardSharing, SingleTask)
}
TRAINER = Trainer(steps=4, batch_size=16, evaluate_every=1, weight_decay=1e-3, learning_rate=0.02)


def named(key):
    return ", ".join(key)


def built(recipe):
    """A network, and the rows that it was built for."""
    data = tiny_dataset(["regression", "binary"])
    schemas = fit_schemas(data)
    network = recipe.build(schemas, data.tasks, 0)
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


QUICK_WITH_TOKENS = {"HardSharing", "SingleTask", "MMoE", "MTAN", "CrossStitch", "Pooled", "PLE"}
"""Architectures that are checked with both encoders in the quick tests, the others with one."""


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(
            key,
            marks=[pytest.mark.slow]
            * (key[0] == "FTTransformer" and key[1] not in QUICK_WITH_TOKENS),
        )
        for key in RECIPES
    ],
    ids=named,
)
def test_common_checks(key):
    check_architecture(RECIPES[key], [data_for(RECIPES[key])])


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_common_checks_on_all_kinds_of_tables(encoder, architecture):
    check_architecture(architecture(ENCODERS[encoder]))


class Powers(nn.Module):
    """A number beside its square."""

    width = 2

    def forward(self, numbers):
        return torch.stack([numbers, numbers**2], dim=-1)


@dataclass(frozen=True)
class Squared(NumericEmbedding):
    """Every number beside its square."""

    def build(self, part):
        del part
        return Powers()


@pytest.mark.parametrize("encoder", [*ENCODERS.values(), ResidualMLP(6)], ids=repr)
def test_common_checks_with_an_embedding_of_numbers(encoder):
    embedded = replace(encoder, numbers=Squared())
    network, _ = built(HardSharing(embedded))
    assert any(isinstance(module, Powers) for module in network.inputs.modules())
    check_architecture(HardSharing(embedded), [PLAIN])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_networks_of_single_tasks_run_in_one_pass(encoder):
    network, _ = built(SingleTask(ENCODERS[encoder]))
    assert all(copies.stacked for copies in network.towers)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_on_the_meta_device(encoder):
    network, rows = built(HardSharing(ENCODERS[encoder]))
    moved = {name: source.map(lambda tensor: tensor.to("meta")) for name, source in rows.items()}
    assert all(scores.is_meta for scores in network.to("meta")(moved).values())


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("engine", ["layerwise", "batched", "per_task"])
def test_engines_agree_on_the_gramian(encoder, engine):
    network, rows = built(HardSharing(ENCODERS[encoder]))
    loss = MultiTaskLoss(network.blocks, network.tasks)
    shared = network.eval().shared_parameters()
    jacobian = per_task_jacobian(loss(network(rows), rows)[0], shared)
    measured = gramian(loss(network(rows), rows)[0], shared, engine=engine)
    torch.testing.assert_close(measured, jacobian @ jacobian.T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("key", CHOSEN, ids=named)
@pytest.mark.parametrize("data", [CASCADE, OWN_ROWS], ids=["one table", "own rows"])
def test_a_step_in_bfloat16(key, data):
    options = {"steps": 1, "batch_size": 16, "evaluate_every": 1, "accelerator": "cpu"}
    plain, mixed = (
        Trainer(**options, precision=precision).fit(CHOSEN[key], data, data, seed=1)
        for precision in ("32-true", "bf16-mixed")
    )
    (wanted,), (record,) = plain.history.epochs, mixed.history.epochs
    for task, loss in record.train_losses.items():
        assert loss == pytest.approx(wanted.train_losses[task], rel=0.05)
    assert all(torch.isfinite(tensor).all() for tensor in mixed.network.state_dict().values())


class KilledError(Exception):
    """The process was told to end."""


@pytest.mark.parametrize("key", CHOSEN, ids=named)
def test_an_interrupted_run_ends_like_an_uninterrupted_one(key, tmp_path):
    data = cascade_for(CHOSEN[key])
    arguments = {"checkpoint": tmp_path / "state.safetensors", "checkpoint_seconds": 0.0, "seed": 2}
    whole = TRAINER.fit(CHOSEN[key], data, seed=2)

    def kill(record):
        if record.epoch > 2:
            raise KilledError

    with pytest.raises(KilledError):
        TRAINER.fit(CHOSEN[key], data, on_epoch=kill, **arguments)
    resumed = TRAINER.fit(CHOSEN[key], data, **arguments)
    kept = resumed.network.state_dict()
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, kept[name]), name


@pytest.mark.parametrize("key", CHOSEN, ids=named)
def test_predictions_are_those_of_the_saved_model(key, tmp_path):
    data = data_for(CHOSEN[key])
    predictor = polytask.fit(data, MultiTaskNetwork(CHOSEN[key], TRAINER))
    predictor.save(tmp_path / "model")
    loaded = polytask.load(tmp_path / "model")
    before, after = predictor.predict(data), loaded.predict(data)
    for task in data.tasks.names:
        assert np.ptp(before[task].raw) > 0
        np.testing.assert_array_equal(before[task].raw, after[task].raw)
