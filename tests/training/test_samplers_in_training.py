"""Samplers as a slot of the trainer: exact resume, fair losses, and what is refused."""

import numpy as np
import pytest
import torch
from training_tables import regression_table

import polytask.sampling
from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.losses import MultiTaskLoss
from polytask.neural_network import MultiTaskNetwork
from polytask.sampling import Dynamic, Proportional, RoundRobin, Sampler, Temperature
from polytask.training import Trainer, to_tensors
from polytask.training._joint_batches import JointBatches

SAMPLERS = sorted(
    name
    for name in polytask.sampling.__all__
    if issubclass(getattr(polytask.sampling, name), Sampler)
    and not getattr(polytask.sampling, name).__abstractmethods__
)


def uneven() -> MultiTaskDataset:
    """Three tables of 12, 40 and 90 rows with a task each."""
    draw = np.random.default_rng(0)
    tables = {}
    for name, n_rows in (("few", 12), ("some", 40), ("many", 90)):
        inputs = draw.normal(size=(n_rows, 3 + len(name)))
        tables[name] = (inputs, inputs[:, 0] + 0.1 * draw.normal(size=n_rows))
    return MultiTaskDataset.from_per_task(tables)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_killed_run_resumes_exactly(name, tmp_path):
    data = uneven()
    trainer = Trainer(sampler=name, steps=40, batch_size=16, evaluate_every=8, patience=None)
    whole = trainer.fit(HardSharing(MLP((4,))), data, data, seed=3)

    class KilledError(Exception):
        pass

    def kill(record):
        if record.step == 24:
            raise KilledError

    checkpoint = tmp_path / "run.ckpt"
    with pytest.raises(KilledError):
        trainer.fit(
            HardSharing(MLP((4,))), data, data, seed=3,
            checkpoint=checkpoint, checkpoint_seconds=0, on_epoch=kill,
        )  # fmt: skip
    again = trainer.fit(HardSharing(MLP((4,))), data, data, seed=3, checkpoint=checkpoint)
    for one, other in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
    losses = [[e.train_losses for e in trained.history.epochs] for trained in (whole, again)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_mean_loss_is_fair_whatever_is_sampled(name):
    """With a network that stays as it is, recorded losses approach those of all rows."""
    data = uneven()
    schemas = fit_schemas(data)
    network = HardSharing(MLP((4,))).build(schemas, data.tasks, seed=0).eval()
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    sampler, steps = Trainer(sampler=name).sampler, 600
    batches = JointBatches(rows, 16, seed=1, sampler=sampler, n_steps=steps)
    loss = MultiTaskLoss(network.blocks, data.tasks)
    with torch.no_grad():
        sums, counts = loss.sums(network(rows), rows)
        loss.expected = batches.expected(loss)
        total, fractions = torch.zeros(3), torch.zeros(3)
        for step in range(steps):
            batch, loss.scale = batches.batch(step), batches.scale(step)
            total += loss(network(batch), batch)[0]
            fractions += torch.as_tensor(batches.fraction(step))
    torch.testing.assert_close(total / fractions, sums / counts, rtol=0.05, atol=0.01)


def test_one_source_is_read_as_without_a_sampler():
    data = regression_table()
    histories = [
        Trainer(sampler=sampler, steps=12, batch_size=16).fit(HardSharing(MLP((4,))), data, data)
        for sampler in (None, Proportional(), Temperature(0.5), RoundRobin())
    ]
    first, *others = [trained.history.epochs[-1].train_losses for trained in histories]
    assert all(losses == first for losses in others)


def test_a_name_may_carry_a_number():
    assert Trainer(sampler="temperature:0.25").sampler == Temperature(0.25)
    with pytest.raises(ParameterError, match="alpha"):
        Trainer(sampler="temperature:7")


def test_what_a_sampler_cannot_do_is_refused():
    data = uneven()
    with pytest.raises(ParameterError, match=r"Dynamic follows the losses of validation rows"):
        Trainer(sampler=Dynamic()).fit(HardSharing(), data)
    with pytest.raises(ParameterError, match=r"draw rows of their own, which RoundRobin could not"):
        Trainer(sampler=RoundRobin()).fit(SingleTask(), data, data)
    joint = MultiTaskNetwork(HardSharing(), Trainer(sampler="uniform"))
    assert joint.single_task().trainer.sampler is None


def test_a_sampler_that_is_given_is_left_as_it_was():
    sampler = Temperature(0.5)
    Trainer(sampler=sampler, steps=3).fit(HardSharing(MLP((4,))), uneven())
    assert not hasattr(sampler, "sizes")
