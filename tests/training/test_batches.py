"""Batches: every row once per epoch, pure functions of the step."""

import pytest
import torch
from training_tables import mixed_table, own_rows_table, regression_table

from polytask.architectures import HardSharing, SingleTask
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP
from polytask.training import Trainer, score, to_tensors
from polytask.training._joint_batches import JointBatches


def prepared(data):
    schemas = fit_schemas(data)
    network = SingleTask(MLP((8,))).build(schemas, data.tasks, seed=0)
    return network, to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))


def test_an_epoch_draws_every_row_once_in_an_order_of_its_own():
    _, sources = prepared(mixed_table(100))
    batches = JointBatches(sources, 32, seed=1)
    epochs = [
        torch.cat([batches.sampler.rows(step)["table"] for step in range(4 * e, 4 * e + 4)])
        for e in range(2)
    ]
    for rows in epochs:
        assert sorted(rows.tolist()) == list(range(100))
    assert not torch.equal(*epochs)
    again = JointBatches(sources, 32, seed=1)
    assert torch.equal(epochs[0][32:64], again.sampler.rows(1)["table"])


def test_scores_do_not_depend_on_the_chunks_or_the_layout():
    for data in (mixed_table(), own_rows_table()):
        network, sources = prepared(data)
        whole, parts = score(network, sources), score(network, sources, rows_at_once=7)
        for name, scores in whole.items():
            torch.testing.assert_close(scores, parts[name])


@pytest.mark.parametrize("architecture", [HardSharing, SingleTask])
def test_a_row_left_over_joins_the_last_batch(architecture):
    """Batch normalisation takes no batch of a single row."""
    data = regression_table(n_tasks=2, n_rows=33)
    encoder = MLP((4,), normalization="batch")
    trained = Trainer(epochs=3, batch_size=16).fit(architecture(encoder), data)
    assert trained.history.n_steps == 6


def test_the_mean_over_an_epoch_counts_every_row_once():
    _, sources = prepared(regression_table(n_rows=33))
    batches = JointBatches(sources, 16, seed=0)
    assert [len(batches.sampler.rows(step)["table"]) for step in range(2)] == [16, 17]
    assert sum(batches.fraction(step) for step in range(2)) == 33 / 16
