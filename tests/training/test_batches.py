"""Batches: every row once per epoch, each task its own rows, pure functions of the step."""

import pytest
import torch
from training_tables import mixed_table, own_rows_table, regression_table

from polytask.architectures import HardSharing, SingleTask
from polytask.data import encode, fit_schemas
from polytask.encoders import MLP, ResidualMLP
from polytask.training import Trainer, score, to_tensors
from polytask.training._joint_batches import JointBatches
from polytask.training._replicated_batches import ReplicatedBatches


def prepared(data, encoder=MLP((8,))):  # noqa: B008 - a frozen recipe
    schemas = fit_schemas(data)
    network = SingleTask(encoder).build(schemas, data.tasks, seed=0)
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


def test_each_task_draws_its_own_labelled_rows_only():
    data = own_rows_table()
    network, sources = prepared(data)
    batches = ReplicatedBatches(network, sources, data.tasks, 16, seed=1)
    labels = data.sources[0].labels
    for step in range(12):
        for name in data.tasks.names:
            assert set(batches._drawn(name, step).tolist()) <= set(labels.rows(name).tolist())
        (rows,) = batches.batch(step).values()
        (targets,) = rows.targets.values()
        assert targets.mask.sum(dim=(0, 2)).tolist() == [
            len(batches._drawn(n, step)) for n in data.tasks.names
        ]


def test_replicated_batches_carry_the_labels_of_the_rows_drawn():
    data = mixed_table()
    network, sources = prepared(data)
    ((name, source),) = sources.items()
    batches = ReplicatedBatches(network, sources, data.tasks, 16, seed=1)
    batch = batches.batch(3)
    for position, task in enumerate(data.tasks.names):
        rows = batches._drawn(task, 3)
        drawn = batch[name].inputs["numeric"][position, : len(rows)]
        assert torch.equal(drawn, source.inputs["numeric"][rows])
        block = next(block for block in network.blocks if task in block.tasks)
        column = block.tasks.index(task)
        values = batch[name].targets[block.name].values[: len(rows), column]
        assert torch.equal(values, source.targets[block.name].values[rows, column])


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


def test_batch_normalisation_sees_no_row_that_only_fills_up():
    data = own_rows_table()
    network, sources = prepared(data, ResidualMLP(8, dropout=0.0, normalization="batch"))
    ((name, source),) = sources.items()
    batches = ReplicatedBatches(network, sources, data.tasks, 64, seed=1)
    raw = network.train()(batches.batch(0))
    assert len({len(batches._drawn(task, 0)) for task in data.tasks.names}) > 1
    for position, task in enumerate(data.tasks.names):
        rows = source.take(batches._drawn(task, 0)).inputs
        tower = network.towers[0].members[position](rows, source=name)[None]
        (heads,) = network.heads
        alone = heads.of_each(tower, [position])[:, 0]
        (scores,) = raw.values()
        torch.testing.assert_close(scores[: len(alone), position], alone)
    assert batches.batch(0)[name].sizes.tolist() == [
        len(batches._drawn(task, 0)) for task in data.tasks.names
    ]
