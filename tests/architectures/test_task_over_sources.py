"""A task that several sources of different columns label is one task in every network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP, ResidualMLP
from polytask.tasks import TaskSet
from polytask.testing import check_architecture
from polytask.training import Trainer, to_tensors
from polytask.training._replicated_batches import ReplicatedBatches


def two_sources() -> MultiTaskDataset:
    """Quality in both, price in one; other columns and other numbers of rows."""
    draw = np.random.default_rng(0)
    parts = []
    for name, n_rows, width, tasks in (("red", 40, 3, 1), ("white", 60, 5, 2)):
        inputs = draw.normal(size=(n_rows, width))
        table = {f"{name}{i}": inputs[:, i] for i in range(width)}
        table["quality"] = inputs[:, 0] + 0.1 * draw.normal(size=n_rows)
        table["price"] = inputs[:, 1]
        chosen = ["quality:regression", "price:regression"][:tasks]
        kept = {k: v for k, v in table.items() if k != "price" or tasks == 2}
        (source,) = MultiTaskDataset.from_table(kept, chosen).sources
        parts.append(replace(source, name=name))
    return MultiTaskDataset(tuple(parts), TaskSet(parts[1].tasks))


@pytest.mark.parametrize(
    "recipe",
    [
        HardSharing(MLP((6,))),
        SingleTask(MLP((6,))),
        SingleTask(ResidualMLP(6, normalization="batch", dropout=0.0)),
    ],
)
def test_common_checks_and_learning(recipe):
    data = two_sources()
    check_architecture(recipe, [data])
    trainer = Trainer(steps=200, learning_rate=1e-2, batch_size=32)
    trained = trainer.fit(recipe, data, data, seed=0)
    first, last = (trained.history.epochs[i].validation_losses for i in (0, -1))
    assert all(last[name] < 0.5 * first[name] for name in data.tasks.names)


def test_a_task_draws_from_all_its_sources():
    data = two_sources()
    schemas = fit_schemas(data)
    network = SingleTask(MLP((6,))).build(schemas, data.tasks, seed=0)
    rows = to_tensors(encode(data.sources, data.tasks, schemas, network.blocks))
    batches = ReplicatedBatches(network, rows, data.tasks, 25, seed=0)
    drawn = torch.cat([batches._drawn("quality", step) for step in range(4)])
    assert drawn.sort().values.tolist() == list(range(100))
    assert batches.rows["price"].min() >= data.sources[0].n_rows
    sizes = [batches.batch(0)[name].sizes for name in ("red", "white")]
    assert int(sizes[0].sum()) + int(sizes[1][0]) == 25  # none is alone in its source
