"""A task that several sources of different columns label is one task in every network."""

from dataclasses import replace

import numpy as np
import pytest

from polytask.architectures import HardSharing, SingleTask
from polytask.data import MultiTaskDataset
from polytask.encoders import MLP, ResidualMLP
from polytask.tasks import TaskSet
from polytask.testing import check_architecture
from polytask.training import Trainer


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
