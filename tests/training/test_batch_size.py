"""Batches that grow with the table."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from polytask.architectures import HardSharing, SingleTask
from polytask.bookkeeping import Budget
from polytask.data import MultiTaskDataset, encode, fit_schemas
from polytask.encoders import MLP
from polytask.exceptions import ParameterError
from polytask.neural_network import MultiTaskNetwork
from polytask.training import Trainer, to_tensors
from polytask.training._batch_size import batch_size_for
from polytask.training._stack_table import encoded_table
from polytask.training._task_members import task_members

TINY = MLP(widths=(4,))


@pytest.fixture(scope="module")
def data() -> MultiTaskDataset:
    X = np.random.default_rng(0).normal(size=(60_000, 2)).astype(np.float32)
    return MultiTaskDataset.from_arrays(X, X @ np.ones((2, 2)))


@pytest.mark.parametrize("architecture", [HardSharing(TINY), SingleTask(TINY)])
def test_batches_of_a_large_table_are_doubled(
    architecture: HardSharing | SingleTask, data: MultiTaskDataset
) -> None:
    trained = Trainer(epochs=1).fit(architecture, data, progress=False)
    fixed = Trainer(epochs=1, batch_size=256).fit(architecture, data, progress=False)
    assert (trained.history.n_steps, fixed.history.n_steps) == (118, 235)


def test_a_task_of_its_own_counts_its_labelled_rows() -> None:
    X = np.random.default_rng(0).normal(size=(60_000, 2)).astype(np.float32)
    y = X @ np.ones((2, 2))
    y[600:, 1] = np.nan
    sparse = MultiTaskDataset.from_arrays(X, y)
    schemas = fit_schemas(sparse)
    network = SingleTask(TINY).build(schemas, sparse.tasks, 0)
    rows = to_tensors(encode(sparse.sources, sparse.tasks, schemas, network.blocks))
    table = encoded_table(network, schemas, rows, None, torch.device("cpu"))
    members = task_members(Trainer(), network, table, seed=0)
    assert [Trainer().rows_per_batch(member.n_rows) for member in members] == [512, 256]


def test_all_sources_count_together() -> None:
    X = np.random.default_rng(0).normal(size=30_000)
    tables = {"red": pl.DataFrame({"x": X, "y": X}), "white": pl.DataFrame({"x": X, "z": X})}
    data = MultiTaskDataset.from_sources(tables, ["y:regression", "z:regression"])
    trained = Trainer(epochs=1).fit(HardSharing(TINY), data, progress=False)
    assert trained.history.n_steps == 118


def test_a_number_of_numpy_is_taken() -> None:
    assert Trainer(batch_size=np.int64(64)).rows_per_batch(10**6) == 64


def test_a_recipe_with_epochs_counts_such_batches(data: MultiTaskDataset) -> None:
    network = MultiTaskNetwork(HardSharing(TINY), Trainer(epochs=1))
    fitted = network.fit(data, None, 0, Budget(steps=1000), progress=False)
    assert fitted.history is not None
    assert fitted.history.n_steps == 118


def test_it_is_said_where_it_has_an_effect_and_can_be_overruled(data: MultiTaskDataset) -> None:
    small = data.take({data.sources[0].name: np.arange(1000)})
    note = "Batches of networks hold 256 rows up to 51,200 training rows, and up to 1024 beyond."
    assert any(note in each for each in MultiTaskNetwork().notes(data))
    assert not any("Batches" in each for each in MultiTaskNetwork().notes(small))
    fixed = MultiTaskNetwork(trainer=Trainer(batch_size=64))
    assert not any("Batches" in each for each in fixed.notes(data))


def test_ten_epochs_fit_into_the_default_budget_of_large_tables() -> None:
    for n_rows in (1, 50_000, 51_201, 102_401, 200_000):
        assert 2000 * batch_size_for(n_rows) >= 10 * n_rows


def test_other_words_are_refused() -> None:
    with pytest.raises(ParameterError, match="'auto' or an int in"):
        Trainer(batch_size="large")
